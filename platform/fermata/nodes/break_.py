"""break: end the innermost loop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fermata.machine import outcomes
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import KNOWN, NodeConfig


class BreakConfig(NodeConfig):
    """What becomes of items under way."""

    running: Annotated[Literal["drain", "cancel"], KNOWN] = Field(
        default="drain",
        description="In a foreach: items under way finish (`drain`) or are cancelled (`cancel`).",
    )


class Break(NodeType):
    """Leaves the loop; its own out-edges are exits of a natural loop."""

    name = "break"
    title = "Break"
    description = "Ends the innermost loop."
    category = "loop"
    leaves_passage = True
    Config = BreakConfig
    gives = "Nothing."

    def perform(self, config: BreakConfig, context: Context) -> outcomes.Break:
        """Ends the loop."""
        return outcomes.Break(running=config.running)
