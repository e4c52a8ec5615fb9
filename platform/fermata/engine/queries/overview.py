"""What is alive now, in three capped counts: an index page must not wait for a count of millions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

MOST_COUNTED = 1_000
LIVE = ("queued", "running", "pausing", "paused", "cancelling")
SCANNED = 100_000
"""Live steps looked at for the held ones of some workspaces."""

EXECUTIONS = """
SELECT s.status, (SELECT count(*) FROM (
    SELECT FROM fermata_execution e
    WHERE e.status = s.status AND e.finished_at IS NULL LIMIT %(cap)s) AS few)
FROM unnest(%(statuses)s::text[]) AS s(status)
"""
EXECUTIONS_OF = """
SELECT s.status, (SELECT count(*) FROM (
    SELECT FROM unnest(%(ids)s::uuid[]) AS w(id) CROSS JOIN LATERAL (
        SELECT FROM fermata_execution e
        WHERE e.workspace_id = w.id AND e.status = s.status LIMIT %(cap)s) AS few
    LIMIT %(cap)s) AS few)
FROM unnest(%(statuses)s::text[]) AS s(status)
"""
HELD = """
SELECT count(*) FROM (SELECT state, workspace_id FROM fermata_step
    WHERE state IN ('ready', 'running', 'waiting', 'held', 'retrying') LIMIT %(scanned)s) AS live
WHERE state = 'held' AND (%(ids)s::uuid[] IS NULL OR workspace_id = ANY (%(ids)s::uuid[]))
"""
APPROVALS = """
SELECT count(*) FROM (SELECT FROM (
    SELECT id FROM fermata_workspace WHERE %(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s::uuid[])) AS w
    CROSS JOIN LATERAL (SELECT FROM fermata_approval a
        WHERE a.workspace_id = w.id AND a.state = 'pending' LIMIT %(cap)s) AS few
    LIMIT %(cap)s) AS few
"""


def overview(*, workspace_ids: Collection[UUID] | None) -> dict[str, Any]:
    """{"executions": {status: n}, "held", "approvals"} of these workspaces, None: of all.

    At most ``MOST_COUNTED`` of each are counted.
    """
    ids = None if workspace_ids is None else list(workspace_ids)
    bound: dict[str, Any] = {"ids": ids, "cap": MOST_COUNTED, "statuses": list(LIVE), "scanned": SCANNED}
    with connection.cursor() as database:
        database.execute(EXECUTIONS if ids is None else EXECUTIONS_OF, bound)
        executions = dict(database.fetchall())
        database.execute(HELD, bound)
        [held] = database.fetchone()
        database.execute(APPROVALS, bound)
        [approvals] = database.fetchone()
    return {
        "executions": executions,
        "held": held,
        "approvals": approvals,
    }
