"""Reads of workflows; ``after``, the sort key and id of a page's last row, asks for the page that follows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from fermata.errors import NotFound
from fermata.workflows.models import Draft, Version, Workflow

SORTS = ("updated_at", "created_at", "name")


def workflows(
    *,
    workspace_ids: Collection[UUID],
    search: str = "",
    archived: bool = False,
    sort: str = "-updated_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> list[Workflow]:
    """Workflows whose name or description holds ``search``, with ``latest`` (number or None).

    ``sort``: one of SORTS, with ``-`` for descending.
    """
    rows: QuerySet[Workflow] = Workflow.objects.filter(
        workspace_id__in=workspace_ids, archived_at__isnull=not archived
    ).annotate(latest=Max("versions__number", filter=Q(versions__listed=True)))
    if search:
        rows = rows.filter(Q(name__icontains=search) | Q(description__icontains=search))
    field, descending = sort.lstrip("-"), sort.startswith("-")
    if field not in SORTS:
        raise ValueError(f"cannot sort by {field}")
    if after is not None:
        value, last_id = after
        beyond = "lt" if descending else "gt"
        rows = rows.filter(Q(**{f"{field}__{beyond}": value}) | Q(**{field: value, f"id__{beyond}": last_id}))
    order = "-" if descending else ""
    return list(rows.order_by(f"{order}{field}", f"{order}id")[:limit])


def workflow(workflow_id: UUID) -> Workflow:
    """One workflow, archived or not, with ``latest``. Raises NotFound."""
    row = (
        Workflow.objects.annotate(latest=Max("versions__number", filter=Q(versions__listed=True)))
        .filter(id=workflow_id)
        .first()
    )
    if row is None:
        raise NotFound("There is no such workflow.")
    return row


def draft(workflow_id: UUID) -> Draft:
    """The draft of a workflow. Raises NotFound."""
    row = Draft.objects.filter(workflow_id=workflow_id).first()
    if row is None:
        raise NotFound("There is no such workflow.")
    return row


def versions(workflow_id: UUID, *, before: int | None = None, limit: int = 50) -> list[Version]:
    """Listed versions without definition and plan, newest first; ``before``: only smaller numbers."""
    rows = Version.objects.filter(workflow_id=workflow_id, listed=True).defer("definition", "plan")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return list(rows.order_by("-number")[:limit])


def listed_version(workflow_id: UUID, *, number: int | Literal["latest"]) -> Version:
    """A listed version by number, or the newest. Raises NotFound."""
    rows = Version.objects.filter(workflow_id=workflow_id, listed=True)
    row = rows.order_by("-number").first() if number == "latest" else rows.filter(number=number).first()
    if row is None:
        missing = (
            "The workflow was never published." if number == "latest" else f"There is no version {number}."
        )
        raise NotFound(missing, cure="Publish the draft." if number == "latest" else None)
    return row


def version_by_id(version_id: UUID) -> Version:
    """Any version, unlisted ones included. Raises NotFound."""
    row = Version.objects.filter(id=version_id).first()
    if row is None:
        raise NotFound("There is no such version.")
    return row


def resolve(workspace_id: UUID, ref: str, version: int | Literal["latest"] = "latest") -> Version:
    """What a reference means now: a listed version of a live workflow, found by id or name.

    Raises NotFound; a workflow of another workspace is not found.
    """
    live = Workflow.objects.filter(workspace_id=workspace_id, archived_at=None)
    try:
        found = live.filter(id=UUID(ref)).first()
    except ValueError:
        found = None
    found = found or live.filter(name=ref).first()
    if found is None:
        raise NotFound(f"There is no workflow {ref[:200]} in this workspace.")
    return listed_version(found.id, number=version)


def names(workflow_ids: Collection[UUID]) -> dict[UUID, str]:
    """Workflow names by id."""
    return dict(Workflow.objects.filter(id__in=workflow_ids).values_list("id", "name"))


def ids_of(ref: str, *, workspace_ids: Collection[UUID]) -> list[UUID]:
    """Ids of the workflows, archived ones included, with this id or name in these workspaces."""
    rows = Workflow.objects.filter(workspace_id__in=workspace_ids)
    try:
        named = rows.filter(Q(id=UUID(ref)) | Q(name=ref))
    except ValueError:
        named = rows.filter(name=ref)
    return list(named.values_list("id", flat=True))
