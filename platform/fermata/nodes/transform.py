"""transform: give any JSON value, built from expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fermata.graph.inferred import template_schema
from fermata.machine.outcomes import Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import NodeConfig


class TransformConfig(NodeConfig):
    """What to give."""

    output: Any = Field(description="Any JSON value; expressions in it are evaluated.")


class Transform(NodeType):
    """Shapes data; has no effect."""

    name = "transform"
    title = "Transform"
    description = "Gives a JSON value built from expressions."
    category = "data"
    Config = TransformConfig
    gives = "The value of `output`."

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The template's."""
        return template_schema(config.get("output"))

    def perform(self, config: TransformConfig, context: Context) -> Done:
        """The evaluated value is the output."""
        return Done(output=config.output)
