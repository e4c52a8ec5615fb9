"""Workflows by how their last execution went."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from fermata.engine.models import Execution
from fermata.workflows.models import Workflow

NEVER = "none"
LAST_STATUSES = (
    "queued",
    "running",
    "pausing",
    "paused",
    "cancelling",
    "succeeded",
    "failed",
    "cancelled",
    "timed_out",
    NEVER,
)
"""As they stand in the table: ``running`` holds those that wait, which only their steps could tell apart."""


def last_went(statuses: Collection[str]) -> QuerySet[Any]:
    """A query of the ids of workflows whose last execution has one of these statuses; nothing is read yet.

    One look into an index per workflow, whatever the number of executions.
    """
    last = Execution.objects.filter(workflow_id=OuterRef("id")).order_by("-created_at")
    stands = Coalesce(Subquery(last.values("status")[:1]), Value(NEVER), output_field=CharField())
    return Workflow.objects.annotate(last_status=stands).filter(last_status__in=statuses).values("id")
