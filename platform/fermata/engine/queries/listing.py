"""Lists of executions: filters, a page, counts — at a million rows within milliseconds.

A list that spans several workspaces, workflows or statuses is a union of *walks*, each over one index in the
order asked for and each no longer than the page; PostgreSQL would otherwise sort everything that fits. Which
of the running ones wait is looked up for the rows of the page alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce

from fermata.engine.models import Execution, JsonText, Step
from fermata.engine.queries import arrays  # noqa: F401 - the lookup `holds`
from fermata.engine.queries.executions import MOVING, RESTING, shown_all

COUNT_CAP = 10_000
TAGGED_CAP = 2_000
"""With tags, which no walk's index holds: every row on the way is read."""
MOST_WALKS = 24
"""Beyond this many combinations of workspace, workflow and status one sorted query is cheaper to plan."""
Sort = Literal["-created_at", "created_at", "-finished_at", "finished_at"]
Key = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which executions. Empty collections and None: any.

    ``workflow_ids`` must lie in the workspaces asked for. ``tags``: all of them. ``version`` 0: frozen
    drafts. ``root_id``, ``parent_id``: executions; a root is among its own family. ``error``: class of the
    failure. ``ids``: first and last id. ``since``, ``finished_since`` are inclusive, the others not.
    """

    statuses: Collection[str] = ()
    workflow_ids: Collection[UUID] = ()
    version: int | None = None
    workflow_key: str | None = None
    tags: Collection[str] = ()
    root_id: UUID | None = None
    parent_id: UUID | None = None
    parent_step_id: UUID | None = None
    started_by: str | None = None
    priority: int | None = None
    debug: bool | None = None
    error: str | None = None
    ids: tuple[UUID, UUID] | None = None
    since: datetime | None = None
    until: datetime | None = None
    finished_since: datetime | None = None
    finished_until: datetime | None = None


def executions(
    *,
    workspace_ids: Collection[UUID],
    filters: Filters,
    sort: Sort = "-created_at",
    after: Key | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Executions of these workspaces without their values.

    Sorted by the end, only ended ones are listed. ``after``: sort key and id of the last row of the page
    before.
    """
    walks = [walk for walk, _ in _walks(workspace_ids, filters)]
    if not walks:
        return []
    few = filters.ids is not None
    pages = [_sorted(walk, sort=sort, after=after, few=few)[:limit] for walk in walks]
    return shown_all(_merged(pages, sort)[:limit])


def counts(*, workspace_ids: Collection[UUID], filters: Filters) -> dict[str, Any]:
    """{"counts": {status: n}, "total", "capped"}: the newest 10,000 are counted, with tags 2,000."""
    cap = TAGGED_CAP if filters.tags else COUNT_CAP
    ended = filters.finished_since is not None or filters.finished_until is not None
    sort: Sort = "-finished_at" if ended else "-created_at"
    walks = [
        _sorted(
            walk.annotate(known=Value(known, output_field=TextField())),
            sort=sort,
            few=filters.ids is not None,
        ).values("id", sort[1:], "status", "known")[: cap + 1]
        for walk, known in _walks(workspace_ids, filters)
    ]
    if not walks:
        return {"counts": {}, "total": 0, "capped": False}
    query, arguments = _merged(walks, sort)[: cap + 1].query.sql_with_params()
    with connection.cursor() as database:
        database.execute(COUNT_SQL.format(query=query, cap=cap), arguments)
        rows = database.fetchall()
    tally = {status: counted for status, counted, _ in rows if counted}
    return {
        "counts": tally,
        "total": sum(tally.values()),
        "capped": any(found > counted for _, counted, found in rows),
    }


COUNT_SQL = f"""
SELECT coalesce(e.known, CASE WHEN e.status = 'running'
    AND EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = e.id AND {RESTING})
    AND NOT EXISTS (SELECT FROM fermata_step s WHERE s.execution_id = e.id AND {MOVING})
    THEN 'waiting' ELSE e.status END), count(*) FILTER (WHERE e.place <= {{cap}}), count(*)
FROM (SELECT *, row_number() OVER () AS place FROM ({{query}}) newest) e GROUP BY 1
"""  # noqa: S608 - of constants


def _walks(
    workspace_ids: Collection[UUID], filters: Filters
) -> Iterator[tuple[QuerySet[Execution], str | None]]:
    """(rows, the status all of them are shown with or None): disjoint, together all that fit."""
    rows = _fitting(filters)
    field = "workflow_id" if filters.workflow_ids else "workspace_id"
    places = list(filters.workflow_ids or workspace_ids)
    states = _states(set(filters.statuses))
    if places and len(places) * len(states) > MOST_WALKS:
        any_state = reduce(or_, (state for state, _ in states))
        yield rows.filter(any_state, **{f"{field}__in": places}), None
        return
    for place in places:
        for state, known in states:
            yield rows.filter(state, **{field: place}), known


def _states(statuses: set[str]) -> list[tuple[Q, str | None]]:
    """``running`` and ``waiting`` are one status in the table; which of the two decides its steps."""
    if not statuses:
        return [(Q(), None)]
    stored: list[tuple[Q, str | None]] = [
        (Q(status=status), status) for status in sorted(statuses - {"running", "waiting"})
    ]
    live, moves, rests = Q(status="running"), Q(_steps("moving")), Q(_steps("resting"))
    if {"running", "waiting"} <= statuses:
        return [*stored, (live, None)]
    if "waiting" in statuses:
        return [*stored, (live & rests & ~moves, "waiting")]
    return [*stored, (live & (moves | ~rests), "running")] if "running" in statuses else stored


def _steps(kind: Literal["moving", "resting"]) -> Exists:
    states = ("ready", "running", "retrying") if kind == "moving" else ("waiting", "held")
    return Exists(Step.objects.filter(execution_id=OuterRef("id"), state__in=states, superseded=False))


def _fitting(filters: Filters) -> QuerySet[Execution]:
    """All filters but place and status."""
    rows = Execution.objects.all()
    plain = {
        "version": filters.version,
        "workflow_key": filters.workflow_key,
        "parent_step_id": filters.parent_step_id,
        "started_by": filters.started_by,
        "priority": filters.priority,
        "debug": filters.debug,
        "created_at__gte": filters.since,
        "created_at__lt": filters.until,
        "finished_at__gte": filters.finished_since,
        "finished_at__lt": filters.finished_until,
    }
    rows = rows.filter(**{name: value for name, value in plain.items() if value is not None})
    if filters.tags:
        rows = rows.filter(tags__holds=list(filters.tags))
    if filters.ids is not None:
        rows = rows.filter(id__gte=filters.ids[0], id__lte=filters.ids[1])
    if filters.error is not None:
        rows = rows.filter(error__isnull=False).alias(kind=JsonText("error", key="class"))
        rows = rows.filter(kind=filters.error)
    return _related(rows, filters)


def _related(rows: QuerySet[Execution], filters: Filters) -> QuerySet[Execution]:
    if filters.root_id is not None:
        below = Q(root_id=filters.root_id, parent_step_id__isnull=False)
        rows = rows.filter(Q(id=filters.root_id) | below)
    if filters.parent_id is not None:
        # By the family first: the parent may have a million steps.
        family = Execution.objects.filter(id=filters.parent_id).values("root_id")
        started = Step.objects.filter(id=OuterRef("parent_step_id"), execution_id=filters.parent_id)
        rows = rows.filter(Exists(started), root_id__in=family, parent_step_id__isnull=False)
    return rows


def _sorted(rows: QuerySet[Any], *, sort: Sort, after: Key | None = None, few: bool = False) -> QuerySet[Any]:
    """``few``: rows found by their ids are gathered and sorted.

    PostgreSQL takes any range of ids for a two-hundredth of the table and would walk the list for it.
    """
    field, descending = sort.lstrip("-"), sort.startswith("-")
    if field == "finished_at":
        rows = rows.filter(finished_at__isnull=False)
    if after is not None:
        moment, last_id = after
        beyond = "lt" if descending else "gt"
        # The bound by the first column alone is what an index can start from.
        rows = rows.filter(
            Q(**{f"{field}__{beyond}": moment}) | Q(**{field: moment, f"id__{beyond}": last_id}),
            **{f"{field}__{beyond}e": moment},
        )
    if few:
        gathered = Coalesce(field, field)  # no index has it
        return rows.order_by(gathered.desc() if descending else gathered.asc(), _order(sort)[1])
    return rows.order_by(*_order(sort))


def _order(sort: Sort) -> tuple[str, str]:
    return (sort, "-id" if sort.startswith("-") else "id")


def _merged(walks: list[QuerySet[Any]], sort: Sort) -> QuerySet[Any]:
    first, *others = walks
    return first.union(*others, all=True).order_by(*_order(sort)) if others else first
