"""wait: sleep for a while, or until an instant; no worker is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from fermata.graph.durations import seconds_of
from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Done, Sleep
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import Duration, NodeConfig


def _instant(text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
        zoned = instant.tzinfo is not None
        instant.astimezone(UTC)
    except (ValueError, OverflowError):  # the last: beyond the calendar in UTC
        zoned = False
    if not zoned or "T" not in text.upper().replace(" ", "T"):
        raise PydanticCustomError(
            "instant", "An instant is written like 2030-01-31T09:00:00+01:00, with its zone"
        )
    return text


class WaitConfig(NodeConfig):
    """How long, or until when."""

    for_: Duration | None = Field(
        default=None,
        alias="for",
        description="How long; the clock stands while the execution is paused or held.",
    )
    until: Annotated[str, AfterValidator(_instant)] | None = Field(
        default=None,
        description="An instant with its zone (RFC 3339); it does not move while the execution is paused.",
        examples=["2030-01-31T09:00:00+01:00"],
        json_schema_extra={"x-ui": {"widget": "datetime"}},
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Exactly one of the two."""
        if (config.get("for") is None) == (config.get("until") is None):
            yield ConfigProblem("", "A wait says either for or until.", "Keep exactly one of the two.")


class Wait(NodeType):
    """Sleeps without holding a worker; survives restarts."""

    name = "wait"
    title = "Wait"
    description = "Waits for a time or until an instant."
    category = "time"
    Config = WaitConfig
    gives = "Nothing."

    def perform(self, config: WaitConfig, context: Context) -> Sleep | Done:
        """Sleep first; done when the timer has fired, or at once when there is nothing to wait for."""
        if context.resume is not None:
            return Done()
        if config.until is not None:
            # In UTC: PostgreSQL knows no zones as far off as Python does.
            until = datetime.fromisoformat(config.until).astimezone(UTC)
            return Sleep(until=until) if until > context.now else Done()
        seconds = seconds_of(config.for_ or "0s")
        return Sleep(seconds=seconds) if seconds > 0 else Done()
