"""What the tables of one execution hold, as the state its journal should replay to; and the journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from fermata.engine import journal
from fermata.engine.memory import MemoryLedger
from fermata.engine.store import run
from fermata.machine.replay import ItemState, JoinState, RegionState, State, StepState, replay
from fermata.machine.states import STEP_FINAL

Row = dict[str, Any]
COLUMNS = ("type", "step_id", "node_id", "run", "attempt", "status", "rev", "data", "format")
STEP = (
    "kind", "iteration", "state", "run", "attempt", "rev", "port", "error", "handled_by", "reason",
)  # fmt: skip
REGION = (
    "id", "name", "kind", "parent_iteration", "path", "state", "cause", "passage", "total", "next", "active",
    "succeeded", "failed", "failure_limit", "mode", "fan_out",
)  # fmt: skip


def memory_events(ledger: MemoryLedger, execution_id: str) -> list[Row]:
    """The journal of one execution, oldest first."""
    return [event for event in ledger.events if event["execution_id"] == execution_id]


def postgres_events(execution_id: str) -> list[Row]:
    """The journal of one execution, numbered, oldest first."""
    journal.number(execution_id)
    rows = run(
        "SELECT type, step_id::text, node_id, run, attempt, status, rev, data, format FROM fermata_event"
        " WHERE execution_id = %s ORDER BY seq",
        [execution_id],
    )
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def memory_state(ledger: MemoryLedger, execution_id: str) -> State:
    """What the dictionaries hold."""
    execution = ledger.executions[execution_id]
    regions = {key: row for key, row in ledger.regions.items() if row["execution_id"] == execution_id}
    scopes = {execution_id, execution["workflow_id"], execution["workspace_id"], *regions}
    return State(
        status=execution["status"],
        error=execution["error"],
        output=execution["output_digest"],
        steps={
            key: StepState(
                id=key,
                node=row["node"],
                region=row["region_id"],
                output=row["output_digest"],
                **{name: row[name] for name in STEP},
            )
            for key, row in ledger.steps.items()
            if row["execution_id"] == execution_id
        },
        regions={
            key: RegionState(parent=row["parent"], step=row["step"], **{name: row[name] for name in REGION})
            for key, row in regions.items()
        },
        joins={
            key: JoinState(key, row["node"], row["region"], row["iteration"], row["state"])
            for key, row in ledger.joins.items()
            if row["state"] != "waiting" and row["region"] in regions
        },
        items={
            key: ItemState(row["state"], row["cause"], row["output_digest"], row["error"])
            for key, row in ledger.iterations.items()
            if key[0] in regions
        },
        variables={
            key: (ledger._digest(execution_id, value), ledger.versions[key])
            for key, value in ledger.variables.items()
            if key[0] in scopes
        },
    )


def postgres_state(execution_id: str) -> State:
    """What the tables hold."""
    [(status, error, output)] = run(
        "SELECT status, error, encode(output_digest, 'hex') FROM fermata_execution WHERE id = %s",
        [execution_id],
    )
    steps = run(
        "SELECT id::text, node_id, kind, region_id::text, iteration, state, run, attempt, rev, port, error,"
        " handled_by, reason, encode(output_digest, 'hex') FROM fermata_step WHERE execution_id = %s",
        [execution_id],
    )
    regions = run(
        f"SELECT parent_id::text, step_id::text, id::text, {', '.join(REGION[1:])} FROM fermata_region"
        " WHERE execution_id = %s",
        [execution_id],
    )
    joins = run(
        "SELECT id::text, node_id, region_id::text, iteration, state FROM fermata_join"
        " WHERE execution_id = %s AND state <> 'waiting'",
        [execution_id],
    )
    items = run(
        "SELECT region_id::text, index, state, cause, encode(output_digest, 'hex'), error"
        " FROM fermata_iteration WHERE execution_id = %s",
        [execution_id],
    )
    variables = run(
        "SELECT v.scope_id::text, v.iteration, v.name, encode(v.value_digest, 'hex'), v.version"
        " FROM fermata_variable v JOIN fermata_execution x ON x.id = %s"
        " WHERE v.scope_id IN (x.id, x.workflow_id, x.workspace_id)"
        " OR v.scope_id IN (SELECT id FROM fermata_region WHERE execution_id = x.id)",
        [execution_id],
    )
    return State(
        status=status,
        error=error,
        output=output,
        steps={row[0]: StepState(*row) for row in steps},
        regions={
            row[2]: RegionState(parent=row[0], step=row[1], **dict(zip(REGION, row[2:], strict=True)))
            for row in regions
        },
        joins={row[0]: JoinState(*row) for row in joins},
        items={(region, index): ItemState(*rest) for region, index, *rest in items},
        variables={(scope, at, name): (digest, version) for scope, at, name, digest, version in variables},
    )


def differences(one: State, other: State) -> list[str]:
    """Where two states differ, as sentences; [] when nowhere."""
    said = [
        f"{name}: {getattr(one, name)!r} and {getattr(other, name)!r}"
        for name in ("status", "error", "output")
        if getattr(one, name) != getattr(other, name)
    ]
    for name in ("steps", "regions", "joins", "items", "variables"):
        left, right = getattr(one, name), getattr(other, name)
        said += [
            f"{name} {key}: {left.get(key)!r} and {right.get(key)!r}"
            for key in sorted(left.keys() | right.keys(), key=repr)
            if left.get(key) != right.get(key)
        ]
    return said


def broken_laws(events: list[Row]) -> list[str]:
    """What of the journal's laws these events of one execution break (``replay`` sees to legal moves)."""
    said = []
    ended: Counter[tuple[str, int]] = Counter()
    opened: Counter[str] = Counter()
    kinds: dict[str, int] = defaultdict(int)
    for number, event in enumerate(events):
        kinds[event["type"]] += 1
        if kinds["ExecutionFinished"] and event["type"] != "ExecutionFinished":
            said.append(f"{event['type']} of {event['node_id']} comes after the end, as event {number}")
        if event["type"].startswith("Step") and event["status"] in STEP_FINAL:
            ended[(event["step_id"], event["run"])] += 1
        if event["type"] in ("JoinOpened", "JoinSkipped"):
            opened[event["data"]["join"]] += 1
    if not events or events[0]["type"] != "ExecutionStarted":
        said.append("the journal does not begin with ExecutionStarted")
    said += [
        f"{number} events {name}"
        for name in ("ExecutionStarted", "ExecutionFinished")
        if (number := kinds[name]) != 1
    ]
    said += [f"step {key[0]} ends {number} times" for key, number in ended.items() if number > 1]
    said += [f"join {key} is decided {number} times" for key, number in opened.items() if number > 1]
    return said


def check(events: list[Row], tables: State) -> None:
    """The journal keeps its laws and replays to the tables; so does it in two parts."""
    assert broken_laws(events) == []
    assert differences(replay(events), tables) == []
    half = len(events) // 2
    assert differences(replay(events[half:], replay(events[:half])), tables) == []
