"""Whether a row fits the filters of a list: in memory what ``engine.queries.executions`` asks PostgreSQL."""

from __future__ import annotations

from typing import Any

from fermata.engine.queries import Filters

Row = dict[str, Any]


def could_fit(filters: Filters, row: Row) -> bool:
    """By what never changes about a row."""
    plain = {
        "version": filters.version,
        "workflow_key": filters.workflow_key,
        "parent_step_id": filters.parent_step_id,
        "started_by": filters.started_by,
        "debug": filters.debug,
    }
    return (
        all(value in {None, _stored(name, row)} for name, value in plain.items())
        and (not filters.workflow_ids or row["workflow_id"] in filters.workflow_ids)
        and (filters.ids is None or filters.ids[0] <= row["id"] <= filters.ids[1])
        and _within(row["created_at"], filters.since, filters.until)
        and _is_below(filters.root_id, row)
    )


def fits(filters: Filters, row: Row) -> bool:
    """By what may change, for one that could fit."""
    return (
        (not filters.statuses or row["status"] in filters.statuses)
        and filters.priority in {None, row["priority"]}
        and set(filters.tags) <= set(row["tags"])
        and (filters.error is None or (row["error"] or {}).get("class") == filters.error)
        and _within(row["finished_at"], filters.finished_since, filters.finished_until)
    )


def _stored(name: str, row: Row) -> Any:
    return 0 if name == "version" and row[name] == "draft" else row[name]


def _within(moment: Any, since: Any, until: Any) -> bool:
    if moment is None:
        return since is None and until is None
    return (since is None or moment >= since) and (until is None or moment < until)


def _is_below(root_id: Any, row: Row) -> bool:
    if root_id is None or row["id"] == root_id:
        return True
    return bool(row["root_id"] == root_id and row["parent_step_id"] is not None)
