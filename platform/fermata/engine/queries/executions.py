"""Executions: one, its status as the interface shows it, the last few of each workflow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from fermata.engine import payloads, plans
from fermata.engine.models import Execution, Step, Variable
from fermata.engine.store import run
from fermata.errors import NotFound
from fermata.graph.plan import ROOT
from fermata.machine.identity import root_id

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
MOVING = "s.state IN ('ready', 'running', 'retrying') AND NOT s.superseded"
RESTING = "s.state IN ('waiting', 'held') AND NOT s.superseded"
"""Which steps move and which rest; as the partial indexes ``step_moving`` and ``step_resting`` have it."""
RECENT = 20


def workspace_of(execution_id: UUID) -> Execution:
    """The execution's row alone (``id``, ``workspace_id``, ``status``, ``version_id``, …).

    Raises NotFound.
    """
    row = Execution.objects.filter(id=execution_id).first()
    if row is None:
        raise NotFound("There is no such execution.")
    return row


def execution(execution_id: UUID) -> dict[str, Any]:
    """One execution with input, output, error and variables. Raises NotFound."""
    row = workspace_of(execution_id)
    variables = list(
        Variable.objects.filter(scope="execution", scope_id=execution_id, iteration=0).values_list(
            "name", "value_digest"
        )
    )
    digests = [row.input_digest, row.output_digest, *(digest for _, digest in variables)]
    values = payloads.load([bytes(digest) for digest in digests if digest is not None])
    return {
        **shown(row, waits=_waits(row)),
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
    ends = Step.objects.filter(
        execution_id=row.id,
        region_id=UUID(root_id(str(row.id))),
        kind="node",
        state="succeeded",
        superseded=False,
        node_id__in=plans.plan(row.version_id).regions[ROOT].sinks,
    )
    digests = dict(ends.values_list("node_id", "output_digest"))
    values = payloads.load([bytes(digest) for digest in digests.values() if digest is not None])
    return {node_id: _value(values, digest) for node_id, digest in sorted(digests.items())}


def recent(workflow_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The last 20 executions of each workflow, newest first: {id, status, duration_seconds}.

    One query, and another that tells which of the running ones wait.
    """
    if not workflow_ids:
        return {}
    with connection.cursor() as database:
        database.execute(RECENT_SQL, {"ids": list(workflow_ids), "count": RECENT})
        rows = database.fetchall()
    waiting = waiting_among([row_id for _, row_id, status, _ in rows if status == "running"])
    found: dict[UUID, list[dict[str, Any]]] = {}
    for workflow_id, execution_id, status, seconds in rows:
        shown_status = "waiting" if execution_id in waiting else status
        entry = {"id": execution_id, "status": shown_status, "duration_seconds": seconds}
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


def shown(row: Execution, *, waits: bool = False) -> dict[str, Any]:
    """An execution's row as the interface shows it, without its values; ``waits``: every live step waits."""
    return {
        "id": row.id,
        "workspace_id": row.workspace_id,
        "workflow_id": row.workflow_id,
        "version_id": row.version_id,
        "version": row.version or "draft",
        "status": "waiting" if waits else row.status,
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


def _value(values: dict[bytes, Any], digest: Any) -> Any:
    return None if digest is None else values.get(bytes(digest))


def shown_all(rows: Iterable[Execution]) -> list[dict[str, Any]]:
    """These rows as the interface shows them; one round trip tells which of the running ones wait."""
    listed = list(rows)
    waiting = waiting_among([row.id for row in listed if row.status == "running"])
    return [shown(row, waits=row.id in waiting) for row in listed]


def execution_status(execution_id: UUID) -> str:
    """The status the interface shows. Raises NotFound."""
    row = workspace_of(execution_id)
    return "waiting" if _waits(row) else row.status


def _waits(row: Execution) -> bool:
    return row.status == "running" and bool(waiting_among([row.id]))


def waiting_among(running: Collection[UUID]) -> set[UUID]:
    """Those of these running executions in which every live step waits; one round trip, none for none."""
    return {row_id for (row_id,) in run(WAITING_SQL, [list(running)])} if running else set()


WAITING_SQL = f"""
SELECT e.id FROM unnest(%s::uuid[]) AS e(id)
WHERE EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = e.id AND {RESTING})
  AND NOT EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = e.id AND {MOVING})
"""  # noqa: S608 - of constants
