"""Why an execution does not move, in sentences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count

from fermata.engine.models import Approval, Execution, Join, Step
from fermata.engine.queries.executions import execution_status
from fermata.engine.queries.steps import without_values

MOST_STEPS = 100
LIVE = ("ready", "running", "waiting", "held", "retrying")

EXECUTION: dict[str, str] = {
    "queued": "It was accepted and waits for its first step to be taken up.",
    "running": "It is running.",
    "waiting": "Every live step waits for something outside.",
    "pausing": "It is being paused: steps under way are finishing first.",
    "paused": "Somebody paused it; nothing starts until it is resumed.",
    "cancelling": "It is being cancelled: steps under way are coming to an end.",
    "succeeded": "It has succeeded.",
    "failed": "It has failed.",
    "cancelled": "It was cancelled.",
    "timed_out": "Its time ran out.",
}

HELD: dict[str, tuple[str, str]] = {
    "outcome_unknown": (
        "Its worker was lost while it acted on the outside; whether that took effect is unknown.",
        "Look at the outside system, then resolve the step: retry, fail or succeed.",
    ),
    "breakpoint": ("A breakpoint holds it.", "Continue or step."),
    "pause": ("The execution is paused.", "Resume the execution."),
    "concurrency_limit": (
        "A concurrency limit holds it until another execution ends.",
        "Wait, or raise the limit.",
    ),
    "rate_limit": ("A rate limit holds it.", "Wait, or raise the limit."),
    "budget": ("A budget is used up.", "Raise the budget."),
}


def why(execution_id: UUID) -> dict[str, Any]:
    """{"status", "sentence", "waiting_for": [{step, sentence, cure?, due_at?}], "more"}. Raises NotFound.

    At most 100 live steps are explained, those that wait first; ``more`` counts the others.
    """
    status = execution_status(execution_id)
    live = Step.objects.filter(execution_id=execution_id, state__in=LIVE, superseded=False, kind="node")
    tally = dict(live.values_list("state").annotate(n=Count("id")))
    order = ("held", "waiting", "retrying", "ready", "running")
    rows: list[Step] = []
    for state in order:
        if tally.get(state) and len(rows) < MOST_STEPS:
            rows.extend(
                live.filter(state=state).order_by("due_at", "ready_at", "id")[: MOST_STEPS - len(rows)]
            )
    asked = {
        row.step_id: row
        for row in Approval.objects.filter(step_id__in=[row.id for row in rows], state="pending")
    }
    children = _children([row.id for row in rows])
    paused = status in {"paused", "pausing"}
    explained = [
        {
            **_step(shown),
            **_reason(row, approval=asked.get(row.id), children=children.get(row.id, 0), paused=paused),
        }
        for row, shown in zip(rows, without_values(rows), strict=True)
    ]
    return {
        "status": status,
        "sentence": _sentence(status, live=sum(tally.values())),
        "waiting_for": explained,
        "joins": _joins(execution_id),
        "more": sum(tally.values()) - len(rows),
    }


def _sentence(status: str, *, live: int) -> str:
    if status == "running" and live == 0:
        return "No step is live: what is left is being settled, or recovery takes it up within seconds."
    return EXECUTION[status]


def _step(shown: dict[str, Any]) -> dict[str, Any]:
    names = ("node_id", "path", "run", "attempt", "status", "ready_at", "started_at", "due_at", "worker")
    return {"step_id": shown["id"], **{name: shown[name] for name in names}}


def _reason(row: Step, *, approval: Approval | None, children: int, paused: bool) -> dict[str, Any]:
    if row.state == "held":
        fallback = (
            f"It is held: {row.reason or 'no reason given'}.",
            "Resume the execution or resolve the step.",
        )
        sentence, cure = HELD.get(row.reason or "", fallback)
        return {"reason": row.reason or "held", "sentence": sentence, "cure": cure}
    if row.state == "waiting":
        return _waits(row, approval=approval, children=children)
    if row.state == "retrying":
        kind = (row.error or {}).get("class", "an error") if isinstance(row.error, dict) else "an error"
        next_try = _moment(row.due_at)
        return {
            "reason": "retry",
            "sentence": f"Attempt {row.attempt} ended with {kind}; it is tried again{next_try}.",
        }
    if row.state == "running":
        return {"reason": "running", "sentence": f"{row.worker or 'A worker'} is performing it."}
    if paused:
        return {
            "reason": "pause",
            "sentence": "It is ready; the execution is paused.",
            "cure": "Resume the execution.",
        }
    if row.rung_at is None:
        return {
            "reason": "queue",
            "sentence": f"It is ready and queues for a worker of {row.queue}: others go first.",
        }
    return {
        "reason": "worker",
        "sentence": f"It is ready and waits for a worker of the queue {row.queue} to take it.",
        "cure": f"If this lasts, see whether a worker consumes {row.queue}.",
    }


def _waits(row: Step, *, approval: Approval | None, children: int) -> dict[str, Any]:
    until = _moment(row.due_at)
    if approval is not None:
        names = ", ".join(approval.assignees or []) or "anybody who may decide"
        given = len(approval.decisions or [])
        sentence = (
            f"It waits for a decision on “{approval.title}” by {names} ({given} of {approval.quorum} given)."
        )
        return {
            "reason": "approval",
            "sentence": sentence,
            "cure": "Decide the approval.",
            "approval_id": approval.id,
        }
    if children:
        sentence = f"It waits for {children} started workflow{'s' if children > 1 else ''} to end."
        return {"reason": "children", "sentence": sentence, "cure": "Look at the executions it started."}
    reason = row.reason or ""
    kind, _, name = reason.partition(":")
    if kind == "signal":
        what = f"the signal {name}" if name else "a signal"
        return {"reason": "signal", "sentence": f"It waits for {what}.", "cure": "Send the signal."}
    if kind == "callback":
        return {"reason": "callback", "sentence": "It waits for its callback from outside."}
    if kind in {"region", "iterations", "foreach", "while"}:
        return {"reason": "region", "sentence": "It waits for the steps inside it."}
    if row.due_at is not None:
        return {"reason": kind or "timer", "sentence": f"It waits{until}."}
    return {"reason": reason or "waiting", "sentence": f"It waits: {reason or 'for the steps inside it'}."}


def _moment(due: Any) -> str:
    return "" if due is None else f" until {due.isoformat(timespec='seconds').replace('+00:00', 'Z')}"


def _children(step_ids: list[UUID]) -> dict[UUID, int]:
    rows = Execution.objects.filter(parent_step_id__in=step_ids, finished_at=None)
    return dict(rows.values_list("parent_step_id").annotate(n=Count("id")))


def _joins(execution_id: UUID) -> list[dict[str, Any]]:
    """Joins at which something has arrived and which wait for the rest, at most 100."""
    rows = Join.objects.filter(execution_id=execution_id, state="waiting", settled__gt=0).order_by(
        "node_id", "id"
    )
    return [
        {
            "node_id": row.node_id,
            "iteration": row.iteration,
            "sentence": f"{row.settled} of {row.total} branches have arrived or ended.",
            "settled": row.settled,
            "live": row.live,
            "total": row.total,
            "need": row.need,
        }
        for row in rows[:MOST_STEPS]
    ]
