"""condition: go one of two ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fermata.machine.outcomes import Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import NodeConfig, Truth


class ConditionConfig(NodeConfig):
    """What is asked."""

    when: Truth = Field(description="An expression that is true or false.")


class Condition(NodeType):
    """Chooses between the ports ``true`` and ``false``."""

    name = "condition"
    title = "Condition"
    description = "Goes on at `true` or at `false`."
    category = "control"
    choosing = True
    Config = ConditionConfig
    gives = "The answer, true or false."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """One for each answer."""
        return ("true", "false", "error")

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The answer."""
        return {"type": "boolean"}

    def perform(self, config: ConditionConfig, context: Context) -> Done:
        """The answer is output and port."""
        return Done(output=config.when, port="true" if config.when else "false")
