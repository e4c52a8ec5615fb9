"""What the caller may do with an execution, for rows and frames; and what a ticket opens."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from fermata.accounts.queries import Principal
from fermata.engine import queries as engine

ACTIONS = ("cancel", "pause", "resume", "signal")


def ticket_purpose(execution_id: UUID | None) -> str:
    """What a ticket for this execution's stream opens; None: that of lists."""
    return "executions" if execution_id is None else f"execution:{execution_id}"


def with_can(row: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """The row with ``can``: action → True, or the reason why not."""
    return with_refusals(row, refusals(principal, row["workspace_id"]))


def refusals(principal: Principal, workspace_id: UUID) -> tuple[str | None, ...]:
    """Why the principal may not do each of the actions on the executions of a workspace."""
    return tuple(principal.refusal(workspace_id, f"execution.{name}") for name in ACTIONS)


def with_refusals(row: dict[str, Any], refused: tuple[str | None, ...]) -> dict[str, Any]:
    """As :func:`with_can`, for all who are refused the same."""
    answers: dict[str, Literal[True] | str] = {}
    for name, reason in zip(ACTIONS, refused, strict=True):
        answers[name] = reason or _state_refusal(name, row["status"]) or True
    return {**row, "can": answers}


def _state_refusal(name: str, status: str) -> str | None:
    if status in engine.FINAL:
        return f"The execution has ended: {status}."
    allowed = {"pause": {"queued", "running", "waiting"}, "resume": {"pausing", "paused"}}
    if status in allowed.get(name, {status}):
        return None if (name, status) != ("cancel", "cancelling") else "It is being cancelled already."
    return f"The execution is {status}."
