"""fail: fail on purpose, with an error class of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fermata.machine.outcomes import Fail as FailOutcome
from fermata.machine.outcomes import Failure
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import ErrorClass, NodeConfig


class FailConfig(NodeConfig):
    """The error."""

    error: ErrorClass = Field(description="The error class, as `retry.on` and `catch` name it.")
    message: str | None = Field(default=None, max_length=4000, description="A sentence for people.")
    data: dict[str, Any] = Field(default={}, description="What expressions see as `error.data`.")

    def failure(self) -> Failure:
        """A business error: definite, not retried unless its class is named in ``retry.on``."""
        message = self.message or f"The workflow failed with {self.error}."
        return Failure(kind=self.error, message=message, definite=True, data=self.data)


class Fail(NodeType):
    """Answers with a failure, always."""

    name = "fail"
    title = "Fail"
    description = "Fails with an error class of your own."
    category = "control"
    Config = FailConfig
    gives = "Nothing; it never succeeds."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """It never succeeds."""
        return ("error",)

    def perform(self, config: FailConfig, context: Context) -> FailOutcome:
        """Fail, always."""
        return FailOutcome(config.failure())
