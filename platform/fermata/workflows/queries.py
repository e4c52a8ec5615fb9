"""Reads of workflows; ``after``, the sort key and id of a page's last row, asks for the page that follows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from fermata.errors import NotFound
from fermata.workflows.models import Draft, Version, Workflow

SORTS = ("updated_at", "created_at", "name")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which workflows; empty texts and None: any.

    ``search``: every word stands in the name or the description. ``published``: has a version. ``changed``:
    the draft was saved since the newest version, or there is none. ``errors``: the draft has some, as of its
    last save. ``among``: a query of workflow ids.
    """

    search: str = ""
    name: str | None = None
    archived: bool = False
    published: bool | None = None
    changed: bool | None = None
    errors: bool | None = None
    created_by: str | None = None
    among: QuerySet[Any] | None = None


def workflows(
    *,
    workspace_ids: Collection[UUID],
    filters: Filters,
    sort: str = "-updated_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> list[Workflow]:
    """A page of workflows with what their drafts and versions add (see ``_told``).

    ``sort``: one of SORTS, with ``-`` for descending.
    """
    rows = _filtered(_told(Workflow.objects.filter(workspace_id__in=workspace_ids)), filters)
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
    """One workflow, archived or not, with the same additions. Raises NotFound."""
    row = _told(Workflow.objects.filter(id=workflow_id)).first()
    if row is None:
        raise NotFound("There is no such workflow.")
    return row


@dataclass(slots=True)
class StartVersion:
    """What a start needs to know of a version."""

    id: UUID
    workflow_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class StartTarget:
    """A workflow to start. ``latest``: its newest listed version, None when it was never published."""

    id: UUID
    workspace_id: UUID
    archived_at: datetime | None
    latest: StartVersion | None


def start_target(workflow_id: UUID) -> StartTarget:
    """What a start needs to know of a workflow, in one statement. Raises NotFound."""
    with connection.cursor() as database:
        database.execute(START_SQL, [workflow_id])
        row = database.fetchone()
    if row is None:
        raise NotFound("There is no such workflow.")
    workspace_id, archived_at, version_id, number = row
    latest = None if version_id is None else StartVersion(version_id, workflow_id, number)
    return StartTarget(workflow_id, workspace_id, archived_at, latest)


START_SQL = """
SELECT w.workspace_id, w.archived_at, v.id, v.number
FROM fermata_workflow w LEFT JOIN LATERAL (
    SELECT id, number FROM fermata_version
    WHERE workflow_id = w.id AND listed ORDER BY number DESC LIMIT 1) v ON true
WHERE w.id = %s
"""


def _told(rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """With ``latest`` and ``latest_rev`` (the newest version and the rev it was made from, or None).

    And ``draft_rev``, ``draft_errors``, ``creator`` (a username): read row by row, so that a page of fifty
    costs fifty looks into indexes and not a walk through every version.
    """
    newest = Version.objects.filter(workflow_id=OuterRef("id"), listed=True).order_by("-number")
    return rows.annotate(
        latest=Subquery(newest.values("number")[:1]),
        latest_rev=Subquery(newest.values("draft_rev")[:1]),
        draft_rev=F("draft__rev"),
        draft_errors=F("draft__errors"),
        creator=F("created_by__username"),
    )


def _filtered(rows: Any, filters: Filters) -> Any:  # the type checker cannot follow the annotations
    rows = rows.filter(archived_at__isnull=not filters.archived)
    for word in dict.fromkeys(filters.search.split()):
        rows = rows.filter(Q(name__icontains=word) | Q(description__icontains=word))
    if filters.name is not None:
        rows = rows.filter(name=filters.name)
    if filters.published is not None:
        rows = rows.filter(latest__isnull=not filters.published)
    if filters.changed is not None:
        unchanged = Q(latest_rev__isnull=False, latest_rev=F("draft_rev"))
        rows = rows.filter(~unchanged if filters.changed else unchanged)
    if filters.errors is not None:
        rows = rows.filter(draft_errors__gt=0) if filters.errors else rows.filter(draft_errors=0)
    if filters.created_by is not None:
        rows = rows.filter(created_by__username=filters.created_by)
    return rows if filters.among is None else rows.filter(id__in=filters.among)


def draft(workflow_id: UUID) -> Draft:
    """The draft of a workflow. Raises NotFound."""
    row = Draft.objects.filter(workflow_id=workflow_id).first()
    if row is None:
        raise NotFound("There is no such workflow.")
    return row


def draft_rev(workflow_id: UUID) -> int:
    """The draft's rev alone. Raises NotFound."""
    rev = Draft.objects.filter(workflow_id=workflow_id).values_list("rev", flat=True).first()
    if rev is None:
        raise NotFound("There is no such workflow.")
    return rev


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
        raise NotFound(f"There is no version {number}.") if number != "latest" else never_published()
    return row


def never_published() -> NotFound:
    """The refusal of what needs a version."""
    return NotFound("The workflow was never published.", cure="Publish the draft.")


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
