"""Approvals: the questions put to people."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import BooleanField, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from fermata.engine.models import Approval, Execution, Step
from fermata.engine.queries import arrays  # noqa: F401 - the lookup `overlap`
from fermata.errors import NotFound

APPROVAL_STATES = ("pending", "approved", "rejected", "expired", "cancelled")
COUNT_CAP = 10_000
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When those without a due time are due."""

ApprovalSort = Literal["-created_at", "created_at", "due_at"]


@dataclass(frozen=True, slots=True)
class Approvals:
    """Which approvals. Empty and None: any.

    ``assignees``: those put to one of these (``user:ana``, ``role:editor``, …) or to anybody.
    ``assignee``: put to exactly this one. ``decided_by``: those in which this person has decided. ``search``
    looks in titles.
    """

    states: Collection[str] = ("pending",)
    assignees: Collection[str] | None = None
    assignee: str | None = None
    decided_by: str | None = None
    execution_id: UUID | None = None
    workflow_ids: Collection[UUID] | None = None
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None
    due_before: datetime | None = None


def approvals(
    *,
    workspace_id: UUID,
    filters: Approvals,
    sort: ApprovalSort = "-created_at",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Approvals of a workspace; ``sort_at`` in a row is the key to go on from. One walk for each state."""
    found: list[dict[str, Any]] = []
    for state in filters.states or APPROVAL_STATES:
        rows = _ordered(_fitting(workspace_id, filters).filter(state=state), sort=sort, after=after)
        found += [{**shown(row), **_place(row)} for row in rows[:limit]]
    found.sort(key=lambda row: (row["sort_at"], row["id"]), reverse=sort.startswith("-"))
    return found[:limit]


def approval_counts(*, workspace_ids: Collection[UUID], filters: dict[UUID, Approvals]) -> dict[str, Any]:
    """{"counts": {status: n}, "total", "capped"}; of each state and workspace at most 10,000 are counted."""
    tally: dict[str, int] = {}
    capped = False
    for workspace_id in workspace_ids:
        asked = filters[workspace_id]
        for state in asked.states or APPROVAL_STATES:
            fitting = _fitting(workspace_id, asked).filter(state=state)
            number = fitting.values("id")[: COUNT_CAP + 1].count()
            capped = capped or number > COUNT_CAP
            if number:
                tally[state] = tally.get(state, 0) + min(number, COUNT_CAP)
    return {"counts": tally, "total": sum(tally.values()), "capped": capped}


def _fitting(workspace_id: UUID, filters: Approvals) -> QuerySet[Approval]:
    """All filters but the state."""
    plain = {
        "execution_id": filters.execution_id,
        "created_at__gte": filters.since,
        "created_at__lt": filters.until,
        "due_at__lt": filters.due_before,
        "title__icontains": filters.search or None,
    }
    rows = Approval.objects.filter(workspace_id=workspace_id)
    rows = rows.filter(**{name: value for name, value in plain.items() if value is not None})
    if filters.assignees is not None:
        anybody = Q(assignees=None) | Q(assignees=[])
        rows = rows.filter(anybody | Q(assignees__overlap=list(filters.assignees)))
    if filters.assignee is not None:
        rows = rows.filter(assignees__overlap=[filters.assignee])
    if filters.decided_by is not None:
        theirs = json.dumps([{"by": filters.decided_by}])
        held = RawSQL("(decisions::jsonb @> %s::jsonb)", [theirs], output_field=BooleanField())
        rows = rows.filter(held)
    if filters.workflow_ids is not None:
        of_them = Execution.objects.filter(id=OuterRef("execution_id"), workflow_id__in=filters.workflow_ids)
        rows = rows.filter(Exists(of_them))
    return rows


def _ordered(
    rows: QuerySet[Approval], *, sort: ApprovalSort, after: tuple[datetime, UUID] | None
) -> QuerySet[Approval]:
    key: Any = F("created_at")
    if sort == "due_at":
        key = Coalesce("due_at", Value(NEVER), output_field=DateTimeField())
    rows = rows.annotate(sort_at=key)
    descending = sort.startswith("-")
    if after is not None:
        moment, last_id = after
        beyond = "lt" if descending else "gt"
        rows = rows.filter(
            Q(**{f"sort_at__{beyond}": moment}) | Q(sort_at=moment, **{f"id__{beyond}": last_id})
        )
    order = "-" if descending else ""
    return rows.order_by(f"{order}sort_at", f"{order}id")


def _place(row: Approval) -> dict[str, Any]:
    return {"sort_at": getattr(row, "sort_at", row.created_at)}


def origins(rows: Collection[dict[str, Any]]) -> dict[UUID, tuple[str, UUID]]:
    """Approval id → (node, workflow id) of the step that asks."""
    steps = dict(Step.objects.filter(id__in=[row["step_id"] for row in rows]).values_list("id", "node_id"))
    executions = Execution.objects.filter(id__in=[row["execution_id"] for row in rows])
    flows = dict(executions.values_list("id", "workflow_id"))
    return {
        row["id"]: (steps[row["step_id"]], flows[row["execution_id"]])
        for row in rows
        if row["step_id"] in steps and row["execution_id"] in flows
    }


def approval(approval_id: UUID) -> Approval:
    """One approval's row. Raises NotFound."""
    row = Approval.objects.filter(id=approval_id).first()
    if row is None:
        raise NotFound("There is no such approval.")
    return row


def shown(row: Approval) -> dict[str, Any]:
    """An approval as the interface shows it; ``decided_by``: whose decision was the last that it needed."""
    decisions = row.decisions or []
    final = row.state in {"approved", "rejected"} and bool(decisions)
    return {
        "id": row.id,
        "workspace_id": row.workspace_id,
        "execution_id": row.execution_id,
        "step_id": row.step_id,
        "run": row.run,
        "title": row.title,
        "description": row.description,
        "assignees": row.assignees or [],
        "quorum": row.quorum,
        "status": row.state,
        "decisions": decisions,
        "decided_by": decisions[-1]["by"] if final else None,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "decided_at": row.decided_at,
    }
