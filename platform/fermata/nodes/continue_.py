"""continue: end this item or passage and go on with the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fermata.machine import outcomes
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import NodeConfig


class ContinueConfig(NodeConfig):
    """There is nothing to say."""


class Continue(NodeType):
    """Ends the item or passage; nothing follows it there."""

    name = "continue"
    title = "Continue"
    description = "Ends this item or passage of the innermost loop and goes on with the next."
    category = "loop"
    leaves_passage = True
    Config = ContinueConfig
    gives = "Nothing."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing follows it."""
        return ("error",)

    def perform(self, config: ContinueConfig, context: Context) -> outcomes.Continue:
        """Goes on with the next."""
        return outcomes.Continue()
