"""terminate: end the whole execution now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from fermata.graph.node_types import ConfigProblem
from fermata.machine import outcomes
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fail import FailConfig
from fermata.nodes.fields import KNOWN, NodeConfig


class TerminateConfig(NodeConfig):
    """How the execution ends."""

    status: Annotated[Literal["succeeded", "failed"], KNOWN] = Field(
        default="succeeded", description="The execution's final state."
    )
    output: Any = Field(default=None, description="The execution's output.")
    error: FailConfig | None = Field(
        default=None, description="With `status: failed`: the error; of class `terminated` without it."
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """An error belongs to a failure."""
        if config.get("error") is not None and config.get("status", "succeeded") == "succeeded":
            yield ConfigProblem("/error", "A success has no error.", "Remove error, or write status: failed.")


class Terminate(NodeType):
    """Ends the execution; the first one recorded wins, what still runs is cancelled."""

    name = "terminate"
    title = "Terminate"
    description = "Ends the whole execution now, as a success or a failure."
    category = "control"
    Config = TerminateConfig
    gives = "The value of `output`, which becomes the execution's."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing follows it."""
        return ("error",)

    def perform(self, config: TerminateConfig, context: Context) -> outcomes.Terminate:
        """Ends the execution."""
        if config.status == "succeeded":
            return outcomes.Terminate(status="succeeded", output=config.output)
        error = config.error or FailConfig(error="terminated", message="The workflow ended itself.")
        return outcomes.Terminate(status="failed", output=config.output, failure=error.failure())
