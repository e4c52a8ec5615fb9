"""Why an execution does not move: a sentence for each live step, waiting join and closing scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from fermata.coordination.lease import Leases
from fermata.engine import plans
from fermata.engine.models import Approval, Arrival, Execution, Join, Region, Step
from fermata.engine.queries.executions import execution_status, workspace_of
from fermata.engine.queries.reasons import Facts, closing_words, moment, reason
from fermata.engine.queries.steps import without_values
from fermata.engine.store import run
from fermata.errors import ServerUnavailable
from fermata.graph.plan import Plan
from fermata.machine.identity import container_id

MOST_STEPS = 100
MOST_AHEAD = 1000
MOST_NAMED = 10
LIVE = ("ready", "running", "waiting", "held", "retrying")

EXECUTION: dict[str, str] = {
    "queued": "It was accepted and waits for its first step to be taken up.",
    "running": "It is running.",
    "waiting": "Every live step waits for something outside.",
    "pausing": "It is being paused: steps under way are finishing first.",
    "paused": "Somebody paused it; nothing starts until it is resumed.",
    "cancelling": "It is being cancelled: steps under way are coming to an end.",
    "succeeded": "It has succeeded.",
    "failed": "It has failed.",
    "cancelled": "It was cancelled.",
    "timed_out": "Its time ran out.",
}


def why(execution_id: UUID) -> dict[str, Any]:
    """{"status", "sentence", "waiting_for", "joins", "closing", "more"}. Raises NotFound.

    At most 100 live steps are explained, those that wait first; ``more`` counts the others.
    """
    execution = workspace_of(execution_id)
    status = execution_status(execution_id)
    live = Step.objects.filter(execution_id=execution_id, state__in=LIVE, superseded=False, kind="node")
    tally = dict(live.values_list("state").annotate(n=Count("id")))
    rows = _first(live, tally)
    scopes = _scopes(execution_id)
    facts = _facts(rows, scopes, paused=status in {"paused", "pausing"})
    explained = [
        {**_step(shown), **reason(row, facts)} for row, shown in zip(rows, without_values(rows), strict=True)
    ]
    return {
        "status": status,
        "sentence": _sentence(execution, status, live=sum(tally.values())),
        "waiting_for": explained,
        "joins": _joins(scopes, plans.plan(execution.version_id)),
        "closing": [_closes(region) for region in scopes if region.state == "closing"],
        "more": sum(tally.values()) - len(rows),
    }


def _first(live: QuerySet[Step], tally: dict[str, int]) -> list[Step]:
    rows: list[Step] = []
    for state in ("held", "waiting", "retrying", "ready", "running"):
        if tally.get(state) and len(rows) < MOST_STEPS:
            chosen = live.filter(state=state).order_by("due_at", "ready_at", "id")
            rows.extend(chosen[: MOST_STEPS - len(rows)])
    return rows


def _sentence(execution: Execution, status: str, *, live: int) -> str:
    if status == "running" and live == 0:
        return "No step is live: what is left is being settled, or recovery takes it up within seconds."
    since = moment(execution.paused_at, " since") if status == "paused" else ""
    return EXECUTION[status].replace("paused it;", f"paused it{since};")


def _step(shown: dict[str, Any]) -> dict[str, Any]:
    names = ("node_id", "path", "run", "attempt", "status", "ready_at", "started_at", "due_at", "worker")
    return {"step_id": shown["id"], **{name: shown[name] for name in names}}


def _scopes(execution_id: UUID) -> list[Region]:
    """The regions in which something is live, with those around them; at most a few hundred."""
    rows = run(SCOPES_SQL, [execution_id, list(LIVE), MOST_STEPS])
    return list(Region.objects.filter(id__in=[row[0] for row in rows]).order_by("name", "id"))


SCOPES_SQL = """
WITH RECURSIVE around(id) AS (
    (SELECT DISTINCT region_id FROM fermata_step WHERE execution_id = %s AND state = ANY (%s)
        AND state IN ('ready', 'running', 'waiting', 'held', 'retrying') LIMIT %s)
    UNION
    SELECT r.parent_id FROM around a JOIN fermata_region r ON r.id = a.id WHERE r.parent_id IS NOT NULL)
SELECT id FROM around
"""


def _facts(rows: Sequence[Step], scopes: Sequence[Region], *, paused: bool) -> Facts:
    ids = [row.id for row in rows]
    moving = [row.id for row in rows if row.state in {"ready", "running"}]
    grace = timedelta(seconds=settings.FERMATA.lease_ttl_seconds)
    overdue = Step.objects.filter(id__in=moving, state="running", started_at__lt=Now() - grace)
    inside = {row.id: UUID(container_id(str(row.id), attempt=row.attempt)) for row in rows}
    regions = Region.objects.in_bulk([inside[row.id] for row in rows if row.state == "waiting"])
    return Facts(
        paused=paused,
        leased=_leased(moving),
        overdue=set(overdue.values_list("id", flat=True)) if moving else set(),
        ahead=_ahead([row.id for row in rows if row.state == "ready" and row.rung_at is None]),
        most_ahead=MOST_AHEAD,
        approvals={row.step_id: row for row in Approval.objects.filter(step_id__in=ids, state="pending")},
        children=_children(ids),
        inside={step_id: regions[region_id] for step_id, region_id in inside.items() if region_id in regions},
        closing=_closing(scopes),
    )


def _leased(step_ids: Collection[UUID]) -> set[UUID] | None:
    try:
        return {UUID(step_id) for step_id in Leases().held(str(step_id) for step_id in step_ids)}
    except ServerUnavailable:
        return None


def _ahead(step_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many unrung rows of its queue go before each; the first few are enough to understand."""
    return dict(run(AHEAD_SQL, [MOST_AHEAD, list(step_ids[:MOST_NAMED])])) if step_ids else {}


AHEAD_SQL = """
SELECT s.id, (SELECT count(*) FROM (
    SELECT FROM fermata_step o WHERE o.queue = s.queue AND o.state = 'ready' AND o.rung_at IS NULL
        AND (o.priority, o.ready_at) < (s.priority, s.ready_at) LIMIT %s) first)::int
FROM fermata_step s WHERE s.id = ANY (%s)
"""


def _closing(scopes: Sequence[Region]) -> dict[UUID, dict[str, Any]]:
    """Region → cause, for those that close and those inside of them."""
    parents = {region.id: region for region in scopes}
    found: dict[UUID, dict[str, Any]] = {}
    for region in scopes:
        at: Region | None = region
        while at is not None:
            if at.state == "closing":
                found[region.id] = at.cause or {}
                break
            at = parents.get(at.parent_id) if at.parent_id else None
    return found


def _closes(region: Region) -> dict[str, Any]:
    cause = region.cause or {}
    name = "The execution" if region.kind == "root" else f"The scope {region.name}"
    sentence = f"{name} closes, because {closing_words(cause)}: its live steps come to their end first."
    return {"region": region.name, "why": cause.get("why"), "sentence": sentence}


def _children(step_ids: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    rows = Execution.objects.filter(parent_step_id__in=step_ids, finished_at=None)
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows.order_by("parent_ordinal")[:MOST_STEPS]:
        entry = {"execution_id": row.id, "status": row.status}
        found.setdefault(row.parent_step_id, []).append(entry)  # type: ignore[arg-type]  # the filter sees to it
    return found


def _joins(scopes: Sequence[Region], plan: Plan) -> list[dict[str, Any]]:
    """Joins at which something has arrived and which wait for the rest, at most 100."""
    waiting = Join.objects.filter(region_id__in=[row.id for row in scopes], state="waiting", settled__gt=0)
    rows = list(waiting.order_by("node_id", "id")[:MOST_STEPS])
    arrived: dict[UUID, set[int]] = {row.id: set() for row in rows}
    for owner, edge in Arrival.objects.filter(owner_id__in=arrived).values_list("owner_id", "edge"):
        arrived[owner].add(edge)
    found = []
    for row in rows:
        missing = _missing(row, arrived[row.id], plan)
        found.append(
            {
                "node_id": row.node_id,
                "iteration": row.iteration,
                "sentence": _join_words(row, missing),
                "settled": row.settled,
                "live": row.live,
                "total": row.total,
                "need": row.need,
                "missing": missing,
            }
        )
    return found


def _missing(join: Join, arrived: set[int], plan: Plan) -> list[dict[str, Any]]:
    """The edges that have not settled, with how the step they come from stands."""
    node = plan.nodes.get(join.node_id)
    edges = [plan.edges[index] for index in (node.into if node else ()) if index not in arrived]
    sources = Step.objects.filter(
        region_id=join.region_id,
        iteration=join.iteration,
        node_id__in={edge.source for edge in edges},
        kind="node",
        superseded=False,
    )
    stands = dict(sources.values_list("node_id", "state")) if edges else {}
    return [{"from": edge.source, "port": edge.port, "status": stands.get(edge.source)} for edge in edges]


def _join_words(join: Join, missing: list[dict[str, Any]]) -> str:
    first = f"{join.settled} of {join.total} branches have arrived or ended"
    if not missing:
        return f"{first}."
    named = [
        f"{edge['from']}.{edge['port']} ({edge['status'] or 'not started'})" for edge in missing[:MOST_NAMED]
    ]
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return f"{first}; missing: {', '.join(named)}{more}."
