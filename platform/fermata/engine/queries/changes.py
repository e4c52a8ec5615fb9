"""What changed lately, for those who keep a list of executions up to date.

Whatever happens to an execution leaves an event, and events' ids grow: executions with events beyond an id
are all that changed since. An id is drawn shortly before its transaction commits, so whoever looks again
begins a little before the place reached.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from fermata.engine.models import Execution
from fermata.engine.queries.executions import shown_all
from fermata.engine.store import run


def newest_change() -> tuple[int, datetime]:
    """The highest id of an event, 0 without events: where to begin with :func:`changed`; and the time."""
    [(newest, now)] = run("SELECT coalesce(max(id), 0), clock_timestamp() FROM fermata_event")
    return int(newest), now


def changed(*, workspace_ids: Collection[UUID], after: int) -> set[UUID]:
    """Executions of these workspaces with events beyond an id (keep the way short)."""
    rows = run(
        "SELECT DISTINCT execution_id FROM fermata_event WHERE id > %s AND workspace_id = ANY (%s)",
        [after, list(workspace_ids)],
    )
    return {execution_id for (execution_id,) in rows}


def executions_of(ids: Collection[UUID]) -> list[dict[str, Any]]:
    """These executions as lists show them, in no order; ids of none are absent."""
    return shown_all(Execution.objects.filter(id__in=ids))
