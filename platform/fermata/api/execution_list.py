"""The list of executions: which ones are asked for, and how a row is shown. REST and stream share it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator

from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.permitted import with_can
from fermata.api.resource import Query
from fermata.api.shapes import ExecutionStatus
from fermata.engine import queries as engine
from fermata.workflows import queries as workflows

STATUSES = get_args(ExecutionStatus)


def known_statuses(text: str | None) -> str | None:
    """The text if it names statuses, separated by commas. Raises ValueError."""
    unknown = [name for name in (text or "").split(",") if text and name not in STATUSES]
    if unknown:
        raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(STATUSES)}")
    return text


class ExecutionFilters(Query):
    """``status``: one or several, separated by commas.

    ``since`` (inclusive) and ``until`` bound the creation.
    """

    status: str | None = Field(None, max_length=200)
    workflow: str | None = Field(None, max_length=200, description="id or name")
    workflow_key: str | None = Field(None, max_length=200)
    root: UUID | None = Field(None, description="all executions started below this one, itself included")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @field_validator("status")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        return known_statuses(text)


class ExecutionList(ExecutionFilters):
    """A page of executions."""

    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


def listed(
    asked: ExecutionList,
    principal: Principal,
    *,
    workspace_ids: Collection[UUID],
    workflow_ids: Collection[UUID] | None = None,
) -> dict[str, Any]:
    """The page that was asked for, as the interface shows it."""
    filters = filters_of(asked, workspace_ids, workflow_ids)
    after = pagination.decode(asked.cursor, datetime, UUID)
    if filters is None:
        return {"results": [], "next": None}
    rows = engine.executions(
        workspace_ids=workspace_ids,
        filters=filters,
        after=after,
        limit=asked.limit + 1,
    )
    page, following = pagination.page(
        rows, limit=asked.limit, cursor=lambda row: pagination.encode(row["created_at"], row["id"])
    )
    names = workflows.names({row["workflow_id"] for row in page})
    return {"results": [shown_row(row, principal, names) for row in page], "next": following}


def shown_row(row: dict[str, Any], principal: Principal, names: dict[UUID, str]) -> dict[str, Any]:
    """The row with the workflow's name and what the caller may do."""
    return {**with_can(row, principal), "workflow_name": names.get(row["workflow_id"])}


def filters_of(
    asked: ExecutionFilters, workspace_ids: Collection[UUID], workflow_ids: Collection[UUID] | None = None
) -> engine.Filters | None:
    """None: nothing can fit, because the workflow asked for is not there."""
    chosen = None if workflow_ids is None else set(workflow_ids)
    if asked.workflow is not None:
        found = set(workflows.ids_of(asked.workflow, workspace_ids=workspace_ids))
        chosen = found if chosen is None else chosen & found
    if chosen is not None and not chosen:
        return None
    return engine.Filters(
        statuses=tuple(asked.status.split(",")) if asked.status else (),
        workflow_ids=chosen or (),
        workflow_key=asked.workflow_key,
        root_id=asked.root,
        since=asked.since,
        until=asked.until,
    )
