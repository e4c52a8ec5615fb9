"""What the caller may do with an execution, for rows and frames; and what a ticket opens."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fermata.accounts.queries import Principal
from fermata.engine import queries as engine

ACTIONS = ("cancel", "pause", "resume", "signal")


def ticket_purpose(execution_id: UUID) -> str:
    """What a ticket for this execution's stream opens."""
    return f"execution:{execution_id}"


def with_can(row: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """The row with ``can``: action → True, or the reason why not."""
    answers: dict[str, Literal[True] | str] = {}
    for name in ACTIONS:
        refused = principal.refusal(row["workspace_id"], f"execution.{name}")
        answers[name] = refused or _state_refusal(name, row["status"]) or True
    return {**row, "can": answers}


def _state_refusal(name: str, status: str) -> str | None:
    if status in engine.FINAL:
        return f"The execution has ended: {status}."
    allowed = {"pause": {"queued", "running", "waiting"}, "resume": {"pausing", "paused"}}
    if status in allowed.get(name, {status}):
        return None if (name, status) != ("cancel", "cancelling") else "It is being cancelled already."
    return f"The execution is {status}."
