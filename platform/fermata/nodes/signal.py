"""signal: wait until somebody sends a signal to this execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fermata.graph.durations import seconds_of
from fermata.machine.outcomes import DEFAULT_PORT, Await, Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import Duration, NodeConfig


class SignalConfig(NodeConfig):
    """Which signal, and how long."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description="The signal's name. One sent before the node is reached is taken at once, oldest first.",
    )
    timeout: Duration | None = Field(default=None, description="How long to wait; for ever without it.")


class Signal(NodeType):
    """Takes one signal of its name, once."""

    name = "signal"
    title = "Wait for signal"
    description = "Waits until a signal is sent to the execution."
    category = "time"
    Config = SignalConfig
    gives = "`{payload}`: what was sent with the signal."
    failures = {"timeout": "No signal came in time and no edge leaves the port `timeout`."}

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """``timeout`` where time can run out."""
        return (DEFAULT_PORT, "timeout", "error")

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Whatever was sent."""
        return {"type": "object", "properties": {"payload": {}}}

    def perform(self, config: SignalConfig, context: Context) -> Await | Done:
        """Wait first; then give the payload, or answer ``timeout``."""
        if context.resume is None:
            due = seconds_of(config.timeout) if config.timeout is not None else None
            return Await(kind="signal", name=config.name, due_seconds=due)
        if context.resume["kind"] == "timeout":
            return Done(port="timeout")
        return Done(output={"payload": context.resume.get("payload")})
