"""Why one live step does not move, in a sentence, with what to do about it: words only, no reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fermata.engine.models import Approval, Region, Step

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
CLOSING: dict[str, str] = {
    "cancel": "the execution is being cancelled",
    "timeout": "the execution's time ran out",
    "fail": "a step failed",
    "threshold": "too many items failed",
    "break": "a break ended the loop",
    "continue": "a continue ended the passage",
    "terminate": "a terminate ended the execution",
}
"""Causes of a closing scope."""

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sentences are made of, beside the step's row.

    ``leased``: steps whose lease somebody has, None when Redis does not answer. ``overdue``: running steps
    that should have renewed their lease by now. ``ahead``: how many rows of its queue go before an unrung
    step, None beyond ``most_ahead``. ``closing``: region → cause.
    """

    paused: bool
    leased: set[UUID] | None = None
    overdue: set[UUID] = field(default_factory=set)
    ahead: Mapping[UUID, int] = field(default_factory=dict)
    most_ahead: int = 1000
    approvals: Mapping[UUID, Approval] = field(default_factory=dict)
    children: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    inside: Mapping[UUID, Region] = field(default_factory=dict)
    closing: Mapping[UUID, dict[str, Any]] = field(default_factory=dict)


def reason(row: Step, facts: Facts) -> Reason:
    """{"reason", "sentence", "cure"?, …}: the nearest cause, what stands in its way first."""
    if row.region_id in facts.closing and row.state in {"ready", "running", "waiting", "retrying"}:
        return _closing(facts.closing[row.region_id])
    explain = {"held": _held, "waiting": _waits, "retrying": _retries, "running": _runs, "ready": _ready}
    found: Reason = explain[row.state](row, facts)
    if facts.paused and row.state in {"waiting", "retrying"}:
        found["sentence"] += " The execution is paused: what arrives takes effect when it is resumed."
    return found


def closing_words(cause: Mapping[str, Any]) -> str:
    """Why a scope closes, as part of a sentence."""
    return CLOSING.get(cause.get("why", ""), "it ends early")


def _closing(cause: Mapping[str, Any]) -> Reason:
    sentence = f"It is being cancelled, because {closing_words(cause)}."
    return {"reason": "closing", "sentence": sentence}


def _held(row: Step, facts: Facts) -> Reason:
    fallback = (
        f"It is held: {row.reason or 'no reason given'}.",
        "Resume the execution or resolve the step.",
    )
    sentence, cure = HELD.get(row.reason or "", fallback)
    return {"reason": row.reason or "held", "sentence": sentence, "cure": cure}


def _retries(row: Step, facts: Facts) -> Reason:
    kind = row.error.get("class", "an error") if isinstance(row.error, dict) else "an error"
    sentence = f"Attempt {row.attempt} ended with {kind}; it is tried again{moment(row.due_at)}."
    return {"reason": "retry", "sentence": sentence}


def _runs(row: Step, facts: Facts) -> Reason:
    worker = row.worker or "A worker"
    lost = facts.leased is not None and row.id in facts.overdue and row.id not in facts.leased
    if not lost:
        return {"reason": "running", "sentence": f"{worker} is performing it."}
    return {
        "reason": "worker_lost",
        "sentence": f"{worker} performed it and holds its lease no more: it is lost, or cut off.",
        "cure": "Recovery takes the step back within seconds; it runs in every worker and in beat.",
    }


def _ready(row: Step, facts: Facts) -> Reason:
    if facts.leased and row.id in facts.leased:
        return {"reason": "running", "sentence": "A worker has taken it and is performing it."}
    if facts.paused:
        return {
            "reason": "pause",
            "sentence": "It is ready; the execution is paused.",
            "cure": "Resume the execution.",
        }
    if row.rung_at is None:
        return {
            "reason": "queue",
            "sentence": f"It is ready and queues for {row.queue}: {_ahead(row, facts)}.",
        }
    return {
        "reason": "worker",
        "sentence": f"It is ready and waits for a worker of the queue {row.queue} to take it.",
        "cure": f"If this lasts, see whether a worker consumes {row.queue}.",
    }


def _ahead(row: Step, facts: Facts) -> str:
    number = facts.ahead.get(row.id)
    if number is None:
        return "others go first"
    if number == 0:
        return "it goes as soon as the queue has room"
    most = number >= facts.most_ahead
    return f"{'more than ' if most else ''}{number} {'other goes' if number == 1 else 'others go'} first"


def _waits(row: Step, facts: Facts) -> Reason:
    if row.id in facts.approvals:
        return _asks(row, facts.approvals[row.id])
    kind, _, name = (row.reason or "").partition(":")
    if kind == "children" or row.id in facts.children:
        return _spawned(row, facts.children.get(row.id, []))
    or_until = f", or until its time runs out{moment(row.due_at, ' at')}" if row.due_at else ""
    if kind == "signal":
        what = f"the signal {name}" if name else "a signal"
        sentence = f"It waits for {what}{or_until}."
        return {"reason": "signal", "sentence": sentence, "cure": "Send the signal."}
    if kind == "callback":
        return {"reason": "callback", "sentence": f"It waits for its callback from outside{or_until}."}
    if kind == "region" or row.id in facts.inside:
        return {"reason": "region", "sentence": f"It waits for the steps inside it{_inside(row, facts)}."}
    if row.due_at is not None:
        return {"reason": kind or "timer", "sentence": f"It waits{moment(row.due_at)}."}
    return {"reason": kind or "waiting", "sentence": f"It waits: {kind or 'for the steps inside it'}."}


def _asks(row: Step, asked: Approval) -> Reason:
    names = ", ".join(asked.assignees or []) or "anybody who may decide"
    given = len(asked.decisions or [])
    until = f"; it expires{moment(row.due_at, ' at')}" if row.due_at else ""
    return {
        "reason": "approval",
        "sentence": f"It waits for a decision on “{asked.title}” by {names} "
        f"({given} of {asked.quorum} given){until}.",
        "cure": "Decide the approval.",
        "approval_id": asked.id,
    }


def _spawned(row: Step, children: list[dict[str, Any]]) -> Reason:
    number = len(children)
    first = "It failed and waits" if row.error is not None else "It waits"
    return {
        "reason": "children",
        "sentence": f"{first} for {number} started workflow{'' if number == 1 else 's'} to end.",
        "cure": "Look at the executions it started.",
        "children": children,
    }


def _inside(row: Step, facts: Facts) -> str:
    region = facts.inside.get(row.id)
    if region is None:
        return ""
    if region.kind == "foreach":
        done = region.succeeded + region.failed
        return f": {done} of {region.total} items have ended, {region.active} are under way"
    return f": passage {region.passage + 1} is under way"


def moment(due: datetime | None, word: str = " until") -> str:
    """`` until 2026-…Z``; nothing for no time."""
    if due is None:
        return ""
    return f"{word} {due.isoformat(timespec='seconds').replace('+00:00', 'Z')}"
