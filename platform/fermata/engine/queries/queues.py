"""What waits and runs on each queue, as the ledger has it; what each worker performs.

The broker holds only as many rings as a queue's window allows: the backlog is in these rows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

COUNT_CAP = 10_000
"""READY rows looked at per queue and kind: beyond it "more than" is as good as a number."""
RUNNING_CAP = 10_000
"""More than the slots of any fleet."""

BACKLOG = """
WITH RECURSIVE unrung(queue) AS (
    (SELECT queue FROM fermata_step WHERE state = 'ready' AND rung_at IS NULL ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT s.queue FROM fermata_step s WHERE s.state = 'ready' AND s.rung_at IS NULL
            AND s.queue > u.queue ORDER BY s.queue LIMIT 1) FROM unrung u WHERE u.queue IS NOT NULL),
rung(queue) AS (
    (SELECT queue FROM fermata_step WHERE state = 'ready' AND rung_at IS NOT NULL ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT s.queue FROM fermata_step s WHERE s.state = 'ready' AND s.rung_at IS NOT NULL
            AND s.queue > r.queue ORDER BY s.queue LIMIT 1) FROM rung r WHERE r.queue IS NOT NULL),
waiting AS (
    SELECT q.queue, a.* FROM (SELECT queue FROM unrung UNION SELECT queue FROM rung) AS q
    CROSS JOIN LATERAL (
        (SELECT workspace_id, ready_at, FALSE AS rung FROM fermata_step
         WHERE queue = q.queue AND state = 'ready' AND rung_at IS NULL LIMIT %(cap)s + 1)
        UNION ALL
        (SELECT workspace_id, ready_at, TRUE FROM fermata_step
         WHERE queue = q.queue AND state = 'ready' AND rung_at IS NOT NULL LIMIT %(cap)s + 1)) AS a
    WHERE q.queue IS NOT NULL)
SELECT queue, rung, count(*), count(*) FILTER (WHERE workspace_id = ANY (%(ids)s::uuid[])),
    extract(epoch FROM now() - min(ready_at))::float8,
    extract(epoch FROM now() - min(ready_at) FILTER (WHERE workspace_id = ANY (%(ids)s::uuid[])))::float8
FROM waiting GROUP BY queue, rung
"""
"""The names of the queues by two walks from name to name, then at most a capped number of rows of each."""

RUNNING = """
SELECT queue, count(*), count(*) FILTER (WHERE workspace_id = ANY (%(ids)s::uuid[]))
FROM (SELECT queue, workspace_id FROM fermata_step WHERE state = 'running' LIMIT %(cap)s) AS running
GROUP BY queue
"""

UNDER_WAY = """
SELECT worker, id, execution_id, workspace_id, node_id, attempt, started_at FROM fermata_step
WHERE state = 'running' ORDER BY started_at LIMIT %(cap)s
"""


def queues(*, workspace_ids: Collection[UUID]) -> dict[str, dict[str, dict[str, Any]]]:
    """Queue → {"own", "all"} → {"ready", "rung", "unrung", "oldest_ready_seconds", "running", "capped"}.

    ``own``: the rows of these workspaces. Pure steps run without being marked as running.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    bound: dict[str, Any] = {"ids": list(workspace_ids), "cap": COUNT_CAP}
    with connection.cursor() as database:
        database.execute(BACKLOG, bound)
        for queue, rung, count, own, oldest, own_oldest in database.fetchall():
            capped = count > COUNT_CAP
            entry = found.setdefault(queue, {"own": _nothing(), "all": _nothing()})
            _add(entry["all"], rung=rung, count=min(count, COUNT_CAP), oldest=oldest, capped=capped)
            _add(entry["own"], rung=rung, count=min(own, COUNT_CAP), oldest=own_oldest, capped=capped)
        database.execute(RUNNING, {**bound, "cap": RUNNING_CAP})
        for queue, count, own in database.fetchall():
            entry = found.setdefault(queue, {"own": _nothing(), "all": _nothing()})
            entry["all"]["running"], entry["own"]["running"] = count, own
    return found


def under_way() -> dict[str, list[dict[str, Any]]]:
    """Worker's name → the steps it performs now, the longest running first."""
    found: dict[str, list[dict[str, Any]]] = {}
    names = ("step_id", "execution_id", "workspace_id", "node_id", "attempt", "started_at")
    with connection.cursor() as database:
        database.execute(UNDER_WAY, {"cap": RUNNING_CAP})
        for worker, *values in database.fetchall():
            found.setdefault(worker or "", []).append(dict(zip(names, values, strict=True)))
    return found


def _nothing() -> dict[str, Any]:
    return {
        "ready": 0,
        "rung": 0,
        "unrung": 0,
        "oldest_ready_seconds": None,
        "running": 0,
        "capped": False,
    }


def _add(entry: dict[str, Any], *, rung: bool, count: int, oldest: float | None, capped: bool) -> None:
    entry["ready"] += count
    entry["rung" if rung else "unrung"] += count
    entry["capped"] |= capped
    ages = [age for age in (entry["oldest_ready_seconds"], oldest) if age is not None]
    entry["oldest_ready_seconds"] = max(ages) if ages else None
