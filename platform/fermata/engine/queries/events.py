"""The journal by cursor, and the snapshot a client starts from."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count

from fermata.engine import journal
from fermata.engine.models import Event, Step
from fermata.engine.queries.executions import execution as read_execution
from fermata.engine.queries.steps import path_in, path_of, scopes_of, without_values
from fermata.errors import InvalidInput

CURSOR_WIDTH = 12
SNAPSHOT_STEPS = 5_000


def cursor(seq: int) -> str:
    """The cursor of a place in the journal: text that sorts as the journal does. 0 is before everything."""
    return f"{seq:0{CURSOR_WIDTH}x}"


def parse_cursor(text: str, *, named: str = "after") -> int:
    """The place a cursor names. Raises InvalidInput for any other text in the parameter ``named``."""
    try:
        if len(text) != CURSOR_WIDTH or not text.isascii() or not text.isalnum():
            raise ValueError("wrong shape")
        return int(text, 16)
    except ValueError as error:
        row = {
            "code": "invalid_cursor",
            "pointer": f"/{named}",
            "message": "This is no cursor of a journal.",
            "cure": "Send the `cursor` of the last snapshot or batch, or none to begin anew.",
        }
        raise InvalidInput(row["message"], problems=[row]) from error


def events(
    execution_id: UUID, *, after: int = 0, before: int | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """Numbered events after a place, oldest first; with ``before``: the last ones ahead of that place.

    Call ``journal.number`` before to see the newest.
    """
    found = Event.objects.filter(execution_id=execution_id, seq__gt=after)
    if before is None:
        rows = list(found.order_by("seq")[:limit])
    else:
        rows = list(found.filter(seq__lt=before).order_by("-seq")[:limit])[::-1]
    places = [_place(row) for row in rows]
    scopes = scopes_of({place[0] for place in places if place is not None})
    return [
        {
            "cursor": cursor(row.seq or 0),
            "type": row.type,
            "at": row.at,
            "step_id": row.step_id,
            "node_id": row.node_id,
            "path": path_in(scopes[place[0]], place[1]) if place is not None else path_of(row.path),
            "run": row.run,
            "attempt": row.attempt,
            "status": row.status,
            "rev": row.rev,
            "data": row.data,
        }
        for row, place in zip(rows, places, strict=True)
    ]


def _place(row: Event) -> tuple[UUID, int] | None:
    """(region id, iteration) a step's event stands in; the region's row has the path."""
    data = row.data or {}
    if row.step_id is None or "region" not in data:
        return None
    return UUID(data["region"]), data["iteration"]


def node_counts(execution_id: UUID) -> list[dict[str, Any]]:
    """[{"node_id", "counts": {status: n}}]: absolute, superseded runs left out."""
    rows = (
        Step.objects.filter(execution_id=execution_id, kind="node", superseded=False)
        .values_list("node_id", "state")
        .annotate(n=Count("id"))
        .order_by("node_id", "state")
    )
    found: dict[str, dict[str, int]] = {}
    for node_id, state, number in rows:
        found.setdefault(node_id, {})[state] = number
    return [{"node_id": node_id, "counts": tally} for node_id, tally in found.items()]


def snapshot(execution_id: UUID) -> dict[str, Any]:
    """The state now with the cursor to go on from; it may hold commits beyond its cursor. Raises NotFound.

    At most 5,000 steps, live ones and then the newest first. What it tells is durable: numbering flushes
    every commit that was seen before it, also one that did not wait for its own flush.
    """
    seq = journal.number(execution_id)
    execution = read_execution(execution_id)
    rows = Step.objects.filter(execution_id=execution_id, kind="node")
    newest = rows.order_by("finished_at", "-ready_at", "id").defer("data", "resume", "sees", "reads")
    # PostgreSQL sorts NULL last; unfinished steps must come first.
    live = list(newest.filter(finished_at=None)[: SNAPSHOT_STEPS + 1])
    rest = SNAPSHOT_STEPS + 1 - len(live)
    done = (
        list(newest.filter(finished_at__isnull=False).order_by("-finished_at", "id")[:rest])
        if rest > 0
        else []
    )
    found = [*live, *done]
    nodes = node_counts(execution_id)
    journal.number(execution_id)
    return {
        "type": "snapshot",
        "cursor": cursor(seq),
        "execution": execution,
        "nodes": nodes,
        "steps": without_values(found[:SNAPSHOT_STEPS]),
        "steps_truncated": len(found) > SNAPSHOT_STEPS,
    }
