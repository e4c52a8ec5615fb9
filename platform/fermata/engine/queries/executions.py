"""Executions: one, a page, counts, the last few of each workflow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from fermata.engine import payloads, plans
from fermata.engine.models import Execution, Region, Step, Variable
from fermata.errors import NotFound
from fermata.graph.plan import ROOT

STATUSES = (
    "queued",
    "running",
    "waiting",
    "pausing",
    "paused",
    "cancelling",
    "succeeded",
    "failed",
    "cancelled",
    "timed_out",
)
"""What the interface shows; ``waiting`` is a running execution in which every live step waits."""

FINAL = frozenset({"succeeded", "failed", "cancelled", "timed_out"})
MOVING_STEP = ("ready", "running", "retrying")
RESTING_STEP = ("waiting", "held")
COUNT_CAP = 10_000
RECENT = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """Which executions.

    Empty collections and None: any. ``since`` (inclusive) and ``until`` bound ``created_at``.
    """

    statuses: Collection[str] = ()
    workflow_ids: Collection[UUID] = ()
    workflow_key: str | None = None
    root_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def workspace_of(execution_id: UUID) -> Execution:
    """The execution's row alone (``id``, ``workspace_id``, ``status``, ``version_id``, …).

    Raises NotFound.
    """
    row = Execution.objects.filter(id=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    return row


def executions(
    *,
    workspace_ids: Collection[UUID],
    filters: Filters,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Executions of these workspaces, newest first, without their values."""
    rows = _filtered(workspace_ids, filters).annotate(**_liveness())
    if after is not None:
        moment, last_id = after
        rows = rows.filter(Q(created_at__lt=moment) | Q(created_at=moment, id__lt=last_id))
    return [shown(row) for row in rows.order_by("-created_at", "-id")[:limit]]


def counts(*, workspace_ids: Collection[UUID], filters: Filters) -> dict[str, Any]:
    """{"counts": {status: n}, "total", "capped"}: at most 10,000 executions are counted, the newest ones."""
    rows = _filtered(workspace_ids, filters).annotate(**_liveness()).order_by("-created_at", "-id")
    found = rows[: COUNT_CAP + 1]
    tally: dict[str, int] = {}
    annotated: Any = found  # the type checker cannot follow the annotations
    for status, moves, rests in annotated.values_list("status", "moves", "rests"):
        name = _status(status, moves=moves, rests=rests)
        tally[name] = tally.get(name, 0) + 1
    total = sum(tally.values())
    return {"counts": tally, "total": min(total, COUNT_CAP), "capped": total > COUNT_CAP}


def execution(execution_id: UUID) -> dict[str, Any]:
    """One execution with input, output, error and variables. Raises NotFound."""
    row = Execution.objects.annotate(**_liveness()).filter(id=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    variables = list(
        Variable.objects.filter(scope="execution", scope_id=execution_id, iteration=0).values_list(
            "name", "value_digest"
        )
    )
    digests = [row.input_digest, row.output_digest, *(digest for _, digest in variables)]
    values = payloads.load([bytes(digest) for digest in digests if digest is not None])
    return {
        **shown(row),
        "input": _value(values, row.input_digest),
        "output": _value(values, row.output_digest) if row.output_digest else _default_output(row),
        "variables": {name: values.get(bytes(digest)) for name, digest in sorted(variables)},
        "trigger": row.trigger,
    }


def _default_output(row: Execution) -> Any:
    """Without a declared output.

    The outputs of the root's nodes without successors that succeeded, by node id.
    """
    if row.status != "succeeded":
        return None
    root = Region.objects.filter(execution_id=row.id, kind="root").values_list("id", flat=True)
    ends = Step.objects.filter(
        execution_id=row.id,
        region_id__in=root,
        kind="node",
        state="succeeded",
        superseded=False,
        node_id__in=plans.plan(row.version_id).regions[ROOT].sinks,
    )
    digests = dict(ends.values_list("node_id", "output_digest"))
    values = payloads.load([bytes(digest) for digest in digests.values() if digest is not None])
    return {node_id: _value(values, digest) for node_id, digest in sorted(digests.items())}


def recent(workflow_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The last 20 executions of each workflow, newest first, in one query: {id, status, duration_seconds}."""
    if not workflow_ids:
        return {}
    with connection.cursor() as database:
        database.execute(RECENT_SQL, {"ids": list(workflow_ids), "count": RECENT})
        rows = database.fetchall()
    found: dict[UUID, list[dict[str, Any]]] = {}
    for workflow_id, execution_id, status, seconds in rows:
        entry = {"id": execution_id, "status": status, "duration_seconds": seconds}
        found.setdefault(workflow_id, []).append(entry)
    return found


RECENT_SQL = """
SELECT w.id, e.id, e.status, extract(epoch FROM e.finished_at - coalesce(e.started_at, e.created_at))::float8
FROM unnest(%(ids)s::uuid[]) AS w(id)
CROSS JOIN LATERAL (
    SELECT id, status, created_at, started_at, finished_at FROM fermata_execution
    WHERE workflow_id = w.id ORDER BY created_at DESC LIMIT %(count)s
) AS e
ORDER BY w.id, e.created_at DESC
"""
"""One index walk of 20 rows per workflow, whatever the number of executions."""


def with_liveness() -> QuerySet[Execution]:
    """All executions, with what :func:`shown` needs to tell ``waiting`` from ``running``."""
    return Execution.objects.annotate(**_liveness())


def shown(row: Any) -> dict[str, Any]:
    """An execution's row as the interface shows it, without its values."""
    moves, rests = getattr(row, "moves", True), getattr(row, "rests", False)
    return {
        "id": row.id,
        "workspace_id": row.workspace_id,
        "workflow_id": row.workflow_id,
        "version_id": row.version_id,
        "version": row.version or "draft",
        "status": _status(row.status, moves=moves, rests=rests),
        "error": row.error,
        "workflow_key": row.workflow_key,
        "root_id": row.root_id,
        "parent_step_id": row.parent_step_id,
        "depth": row.depth,
        "tags": row.tags or [],
        "priority": row.priority,
        "debug": row.debug,
        "started_by": row.started_by,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "deadline_at": row.deadline_at,
        "paused_at": row.paused_at,
        "rev": row.rev,
    }


def _filtered(workspace_ids: Collection[UUID], filters: Filters) -> QuerySet[Execution]:
    rows = Execution.objects.filter(workspace_id__in=workspace_ids)
    if filters.statuses:
        rows = _of_statuses(rows, set(filters.statuses))
    if filters.workflow_ids:
        rows = rows.filter(workflow_id__in=filters.workflow_ids)
    if filters.workflow_key is not None:
        rows = rows.filter(workflow_key=filters.workflow_key)
    if filters.root_id is not None:
        rows = rows.filter(root_id=filters.root_id)
    if filters.since is not None:
        rows = rows.filter(created_at__gte=filters.since)
    if filters.until is not None:
        rows = rows.filter(created_at__lt=filters.until)
    return rows


def _of_statuses(rows: QuerySet[Execution], statuses: set[str]) -> QuerySet[Execution]:
    """``running`` and ``waiting`` are one status in the table; which of the two decides its steps."""
    stored = Q(status__in=statuses - {"running", "waiting"})
    if {"running", "waiting"} <= statuses:
        return rows.filter(stored | Q(status="running"))
    waits = Q(status="running") & Q(_steps(RESTING_STEP)) & ~Q(_steps(MOVING_STEP))
    if "waiting" in statuses:
        return rows.filter(stored | waits)
    if "running" in statuses:
        return rows.filter(stored | Q(status="running") & ~waits)
    return rows.filter(stored)


def _steps(states: Iterable[str]) -> Exists:
    return Exists(Step.objects.filter(execution_id=OuterRef("id"), state__in=states, superseded=False))


def _liveness() -> dict[str, Any]:
    """``moves`` and ``rests``, looked up for running executions only: finished ones may have many steps."""
    running = Q(status="running")
    return {
        "moves": ExpressionWrapper(~running | Q(_steps(MOVING_STEP)), output_field=BooleanField()),
        "rests": ExpressionWrapper(running & Q(_steps(RESTING_STEP)), output_field=BooleanField()),
    }


def _status(status: str, *, moves: bool, rests: bool) -> str:
    return "waiting" if status == "running" and rests and not moves else status


def _value(values: dict[bytes, Any], digest: Any) -> Any:
    return None if digest is None else values.get(bytes(digest))


def execution_status(execution_id: UUID) -> str:
    """The status the interface shows. Raises NotFound."""
    row = Execution.objects.annotate(**_liveness()).filter(id=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    return _status(row.status, moves=getattr(row, "moves", True), rests=getattr(row, "rests", False))
