"""Approvals: the questions put to people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from fermata.engine.models import Approval
from fermata.engine.queries import arrays  # noqa: F401 - the lookup `overlap`
from fermata.errors import NotFound


@dataclass(frozen=True, slots=True)
class Approvals:
    """Which approvals.

    ``assignees``: those put to one of these (``user:ana``, ``role:editor``, …) or to anybody.
    """

    states: Collection[str] = ("pending",)
    assignees: Collection[str] | None = None
    execution_id: UUID | None = None


def approvals(
    *,
    workspace_ids: Collection[UUID],
    filters: Approvals,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Approvals of these workspaces, newest first."""
    rows = Approval.objects.filter(workspace_id__in=workspace_ids)
    if filters.states:
        rows = rows.filter(state__in=filters.states)
    if filters.execution_id is not None:
        rows = rows.filter(execution_id=filters.execution_id)
    if filters.assignees is not None:
        anybody = Q(assignees=None) | Q(assignees=[])
        rows = rows.filter(anybody | Q(assignees__overlap=list(filters.assignees)))
    if after is not None:
        moment, last_id = after
        rows = rows.filter(Q(created_at__lt=moment) | Q(created_at=moment, id__lt=last_id))
    return [shown(row) for row in rows.order_by("-created_at", "-id")[:limit]]


def approval(approval_id: UUID) -> Approval:
    """One approval's row. Raises NotFound."""
    row = Approval.objects.filter(id=approval_id).first()
    if row is None:
        raise NotFound("There is no such approval.")
    return row


def shown(row: Approval) -> dict[str, Any]:
    """An approval as the interface shows it."""
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
        "decisions": row.decisions or [],
        "created_at": row.created_at,
        "due_at": row.due_at,
        "decided_at": row.decided_at,
    }
