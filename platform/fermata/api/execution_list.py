"""The list of executions: which ones are asked for, and how a row is shown. REST and stream share it."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import Field, field_validator

from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.permitted import with_can
from fermata.api.resource import Moment, Query, several
from fermata.api.shapes import ExecutionStatus
from fermata.engine import queries as engine
from fermata.errors import InvalidInput
from fermata.workflows import queries as workflows

STATUSES = get_args(ExecutionStatus)
SHORTEST_ID = 6
"""Hexadecimal digits: ids begin with their time, and fewer of them stand for days."""
MOST_TAGS = 20


def known_statuses(text: str | None) -> str | None:
    """The text if it names statuses, separated by commas. Raises ValueError."""
    unknown = [name for name in (text or "").split(",") if text and name not in STATUSES]
    if unknown:
        raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(STATUSES)}")
    return text


class ExecutionFilters(Query):
    """Filters narrow together. Times bound from (inclusive) ``…since`` to (exclusive) ``…until``."""

    status: str | None = Field(
        None,
        max_length=200,
        description="one or several, separated by commas",
        json_schema_extra=several(STATUSES),
    )
    workflow: str | None = Field(None, max_length=200, description="id or name")
    version: str | None = Field(
        None, pattern=r"^([0-9]{1,9}|draft)$", description="number or draft; goes with workflow"
    )
    workflow_key: str | None = Field(None, max_length=200)
    tags: str | None = Field(
        None,
        max_length=2000,
        description="all of these, separated by commas",
        json_schema_extra={"pattern": f"^[^,]+(,[^,]+){{0,{MOST_TAGS - 1}}}$"},
    )
    id: str | None = Field(
        None,
        max_length=40,
        description=f"the beginning of the execution's id: {SHORTEST_ID} hexadecimal digits or more",
        json_schema_extra={"pattern": f"^[0-9a-f]{{{SHORTEST_ID},32}}$"},
    )
    root: UUID | None = Field(None, description="an execution: all started below it, itself included")
    parent: UUID | None = Field(None, description="an execution: those its steps started")
    parent_step: UUID | None = Field(None, description="a step: the executions it started")
    started_by: str | None = Field(None, max_length=200, description="such as user:ana")
    priority: int | None = Field(None, ge=0, le=9)
    debug: bool | None = None
    error: str | None = Field(None, max_length=200, description="class of the failure, such as http_5xx")
    since: Moment | None = Field(None, description="created since")
    until: Moment | None = Field(None, description="created before")
    finished_since: Moment | None = None
    finished_until: Moment | None = None

    @field_validator("status")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        return known_statuses(text)

    @field_validator("tags")
    @classmethod
    def _whole(cls, text: str | None) -> str | None:
        names = [] if text is None else text.split(",")
        if "" in names or len(names) > MOST_TAGS:
            raise ValueError(f"send 1 to {MOST_TAGS} tags with commas between them")
        return text

    @field_validator("id")
    @classmethod
    def _digits(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(f"[0-9a-f]{{{SHORTEST_ID},32}}", _bare(text)):
            raise ValueError(f"send the first {SHORTEST_ID} or more hexadecimal digits of an id")
        return text


class ExecutionList(ExecutionFilters):
    """A page of executions; sorted by the end, only those that have ended."""

    sort: Literal["-created_at", "created_at", "-finished_at", "finished_at"] = "-created_at"
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
        sort=asked.sort,
        after=after,
        limit=asked.limit + 1,
    )
    key = asked.sort.lstrip("-")
    page, following = pagination.page(
        rows, limit=asked.limit, cursor=lambda row: pagination.encode(row[key], row["id"])
    )
    names = workflows.names({row["workflow_id"] for row in page})
    return {"results": [shown_row(row, principal, names) for row in page], "next": following}


def shown_row(row: dict[str, Any], principal: Principal, names: dict[UUID, str]) -> dict[str, Any]:
    """The row with its workflow's name and what the caller may do with it."""
    return {**with_can(row, principal), "workflow_name": names.get(row["workflow_id"])}


def filters_of(
    asked: ExecutionFilters, workspace_ids: Collection[UUID], workflow_ids: Collection[UUID] | None = None
) -> engine.Filters | None:
    """None: nothing can fit, because the workflow asked for is not there."""
    chosen = None if workflow_ids is None else set(workflow_ids)
    if asked.workflow is not None:
        found = set(workflows.ids_of(asked.workflow, workspace_ids=workspace_ids))
        chosen = found if chosen is None else chosen & found
    if asked.version is not None and chosen is None:
        raise InvalidInput("A version is one of a workflow.", cure="Say which: add ?workflow=.")
    if chosen is not None and not chosen:
        return None
    return engine.Filters(
        statuses=_parts(asked.status),
        workflow_ids=chosen or (),
        version=None if asked.version is None else int(asked.version.replace("draft", "0")),
        workflow_key=asked.workflow_key,
        tags=_parts(asked.tags),
        root_id=asked.root,
        parent_id=asked.parent,
        parent_step_id=asked.parent_step,
        started_by=asked.started_by,
        priority=asked.priority,
        debug=asked.debug,
        error=asked.error,
        ids=None if asked.id is None else _range(_bare(asked.id)),
        since=asked.since,
        until=asked.until,
        finished_since=asked.finished_since,
        finished_until=asked.finished_until,
    )


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split(","))) if text else ()


def _bare(text: str) -> str:
    return text.strip().replace("-", "").lower()


def _range(digits: str) -> tuple[UUID, UUID]:
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
