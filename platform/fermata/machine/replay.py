"""The journal folded into the state it tells of: replaying an execution's events gives what its tables hold.

An event is a mapping with the journal's columns (``type``, ``step_id``, ``node_id``, ``run``, ``attempt``,
``status``, ``rev``, ``data``); other keys are ignored. Events come in the journal's order. The fold is
strict: a move that the tables of legal moves do not have, a gap in a step's ``rev``, or a row before the
region it stands in raises InvariantBroken. Any prefix of a journal is a state: that is time travel.

Values are not in the journal: outputs and variables are digests of payloads, a foreach's items are payloads,
and what edges remember between passages follows from the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fermata.errors import InvariantBroken, UnknownFormat
from fermata.machine.states import EXECUTION_MOVES, STEP_FINAL, STEP_MOVES

FORMAT = 1
Row = Mapping[str, Any]


@dataclass(slots=True)
class StepState:
    """One step row. ``output``: the payload's digest in hex; ``error``: as recorded."""

    id: str
    node: str
    kind: str
    region: str
    iteration: int
    state: str
    run: int = 1
    attempt: int = 1
    rev: int = 1
    port: str | None = None
    error: dict[str, Any] | None = None
    handled_by: str | None = None
    reason: str | None = None
    output: str | None = None


@dataclass(slots=True)
class RegionState:
    """One region row. ``path``: [[region name, iteration], …] of the scope it stands in.

    The counts are a foreach's: items in all, the next one to start, those under way, those ended.
    """

    id: str
    name: str
    kind: str
    parent: str | None
    parent_iteration: int
    path: list[list[Any]]
    step: str | None = None
    state: str = "open"
    cause: dict[str, Any] | None = None
    passage: int = 0
    total: int = 0
    next: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    failure_limit: int | None = None
    mode: str = "stop"
    fan_out: dict[str, Any] | None = None


@dataclass(slots=True)
class JoinState:
    """A join that was decided: ``open`` or ``skipped``."""

    id: str
    node: str
    region: str
    iteration: int
    state: str


@dataclass(slots=True)
class ItemState:
    """One finished or closing item of a foreach. ``output``: the payload's digest in hex."""

    state: str
    cause: dict[str, Any] | None = None
    output: str | None = None
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class State:
    """An execution at one place of its journal.

    ``items``: (region id, index) → item. ``variables``: (scope id, iteration, name) → (digest, version).
    """

    status: str | None = None
    error: dict[str, Any] | None = None
    output: str | None = None
    steps: dict[str, StepState] = field(default_factory=dict)
    regions: dict[str, RegionState] = field(default_factory=dict)
    joins: dict[str, JoinState] = field(default_factory=dict)
    items: dict[tuple[str, int], ItemState] = field(default_factory=dict)
    variables: dict[tuple[str, int, str], tuple[str, int]] = field(default_factory=dict)


def replay(events: Iterable[Row], state: State | None = None) -> State:
    """The state after ``events``, going on from ``state`` (changed in place) when one is given.

    Raises InvariantBroken for a journal that contradicts itself, UnknownFormat for events of a later format.
    """
    state = state or State()
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: Row) -> None:
    """One event. Types that tell of nothing in the state (approvals, signals) change nothing."""
    if event.get("format", FORMAT) != FORMAT:
        raise UnknownFormat(f"A journal event of format {event['format']} cannot be read; {FORMAT} is known.")
    if state.status is None and event["type"] != "ExecutionStarted":
        raise InvariantBroken(f"The journal begins with {event['type']}.")
    kind = event["type"]
    if kind.startswith("Step"):
        _step(state, event)
    elif kind in _OTHERS:
        _OTHERS[kind](state, event, event.get("data") or {})


def _step(state: State, event: Row) -> None:
    data = event["data"]
    step = state.steps.get(event["step_id"])
    if step is None:
        _appears(state, event, data)
        return
    if event["rev"] != step.rev + 1:
        raise InvariantBroken(f"Step {step.id} goes from revision {step.rev} to {event['rev']}.")
    _check("step", step.id, STEP_MOVES, step.state, event["status"])
    step.state, step.rev, step.attempt = event["status"], event["rev"], event["attempt"]
    if event["type"] in _RECORDS:
        step.port, step.error = data.get("port"), data.get("error")
        step.handled_by, step.reason = data.get("handled_by"), data.get("reason")
        step.output = data.get("output", step.output)
    elif step.state in ("ready", "held"):
        step.reason = data.get("reason")


def _appears(state: State, event: Row, data: Row) -> None:
    region = state.regions.get(data["region"])
    if region is None:
        raise InvariantBroken(f"Step {event['step_id']} appears before its region {data['region']}.")
    if event["status"] not in ("ready", "skipped") or event["rev"] != 1:
        raise InvariantBroken(f"Step {event['step_id']} appears as {event['status']}, rev {event['rev']}.")
    _item_begins(region, data["iteration"], data["kind"])
    state.steps[event["step_id"]] = StepState(
        id=event["step_id"],
        node=event["node_id"],
        kind=data["kind"],
        region=data["region"],
        iteration=data["iteration"],
        state=event["status"],
        run=event["run"],
        attempt=event["attempt"],
    )


def _item_begins(region: RegionState, iteration: int, kind: str) -> None:
    """The first thing that stands in a new item shows that it is under way."""
    if region.kind == "foreach" and kind in ("node", "loop") and iteration >= region.next:
        region.next = iteration + 1
        region.active += 1


def _execution(state: State, event: Row, data: Row) -> None:
    if state.status is None:
        state.status = event["status"]
    else:
        _check("execution", "", EXECUTION_MOVES, state.status, event["status"])
        state.status = event["status"]
    for name, digest in (data.get("variables") or {}).items():
        state.variables[(data["scope_id"], 0, name)] = (digest, 1)
    if event["type"] == "ExecutionFinished":
        state.error, state.output = data.get("error"), data.get("output")
        _root(state).state = "closed"
    elif event["type"] == "ExecutionCancelling":
        root = _root(state)
        if root.state != "closed":
            root.state, root.cause = "closing", dict(data)


def _root(state: State) -> RegionState:
    for region in state.regions.values():
        if region.kind == "root":
            return region
    raise InvariantBroken("The journal has no root region.")


def _region_opened(state: State, event: Row, data: Row) -> None:
    parent = data.get("parent")
    if parent is not None:
        if parent not in state.regions:
            raise InvariantBroken(f"Region {data['region']} opens before its parent {parent}.")
        _item_begins(state.regions[parent], data["iteration"], data["kind"])
    if data["region"] in state.regions:
        raise InvariantBroken(f"Region {data['region']} opens twice.")
    state.regions[data["region"]] = RegionState(
        id=data["region"],
        name=data["name"],
        kind=data["kind"],
        parent=parent,
        parent_iteration=data["iteration"],
        path=data["path"],
        step=data.get("step"),
        total=data["total"],
        next=data["next"],
        active=data["active"],
        failure_limit=data.get("failure_limit"),
        mode=data["mode"],
        fan_out=data.get("fan_out"),
    )


def _region_closes(state: State, event: Row, data: Row) -> None:
    to = "closing" if event["type"] == "RegionClosing" else "closed"
    if data.get("item") is not None:
        state.items[(data["region"], data["item"])] = ItemState(to, cause=data.get("cause"))
        return
    region = state.regions[data["region"]]
    region.state = to
    if to == "closing":
        region.cause = data.get("cause")


def _passage_started(state: State, event: Row, data: Row) -> None:
    region = state.regions[data["region"]]
    if data["passage"] != region.passage + 1:
        raise InvariantBroken(f"Region {region.id} goes from passage {region.passage} to {data['passage']}.")
    region.passage, region.state, region.cause = data["passage"], "open", None


def _item_ended(state: State, event: Row, data: Row) -> None:
    region = state.regions[data["region"]]
    key = (region.id, data["item"])
    if key in state.items and state.items[key].state != "closing":
        raise InvariantBroken(f"Item {data['item']} of region {region.id} ends twice.")
    state.items[key] = ItemState(data["state"], output=data.get("output"), error=data.get("error"))
    region.succeeded, region.failed = data["succeeded"], data["failed"]
    region.active -= 1
    region.state = data["region_state"]
    region.cause = data.get("cause", region.cause)


def _join_decided(state: State, event: Row, data: Row) -> None:
    if data["join"] in state.joins:
        raise InvariantBroken(f"Join {data['join']} is decided twice.")
    state.joins[data["join"]] = JoinState(
        id=data["join"],
        node=event["node_id"],
        region=data["region"],
        iteration=data["iteration"],
        state="open" if event["type"] == "JoinOpened" else "skipped",
    )


def _variable_written(state: State, event: Row, data: Row) -> None:
    key = (data["scope_id"], data["iteration"], data["name"])
    state.variables[key] = (data["new"], data["version"])


def _check(what: str, name: str, moves: dict[str, tuple[str, ...]], old: str, new: str) -> None:
    if new not in moves[old]:
        raise InvariantBroken(f"The {what} {name} goes from {old} to {new}, which is no legal move.")


_RECORDS = {f"Step{name.title().replace('_', '')}" for name in (*STEP_FINAL, "waiting", "retrying")} - {
    "StepCancelled",
    "StepSkipped",
}
_OTHERS: dict[str, Callable[[State, Row, Row], None]] = {
    **dict.fromkeys(
        (
            "ExecutionStarted",
            "ExecutionPausing",
            "ExecutionPaused",
            "ExecutionResumed",
            "ExecutionCancelling",
            "ExecutionFinished",
        ),
        _execution,
    ),
    "RegionOpened": _region_opened,
    "RegionClosing": _region_closes,
    "RegionClosed": _region_closes,
    "PassageStarted": _passage_started,
    "ItemEnded": _item_ended,
    "JoinOpened": _join_decided,
    "JoinSkipped": _join_decided,
    "VariableWritten": _variable_written,
}
