"""``/workflows/executions``: list, counts, read, journal, snapshot, graph, why, and the commands on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import tickets
from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.permitted import ticket_purpose, with_can
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import (
    Execution,
    ExecutionCounts,
    ExecutionPage,
    ExecutionStatus,
    Status,
    Ticket,
    Why,
)
from fermata.api.stream.frames import Events, Snapshot
from fermata.engine import journal, operations, plans
from fermata.engine import queries as engine
from fermata.graph.explain import explain
from fermata.workflows import queries as workflows

STATUSES = get_args(ExecutionStatus)


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
        unknown = [name for name in (text or "").split(",") if text and name not in STATUSES]
        if unknown:
            raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(STATUSES)}")
        return text


class ExecutionList(ExecutionFilters):
    """A page of executions."""

    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class EventList(Query):
    """``after``: the cursor of the last snapshot or batch; without it from the start."""

    after: str | None = Field(None, max_length=100)
    limit: int = Field(500, ge=1, le=5000)


class Signal(Input):
    """``signal_id`` makes a repeat harmless; ``transient``: only steps that wait now get it."""

    name: str = Field(min_length=1, max_length=200)
    payload: Any = None
    signal_id: UUID | None = Field(None, strict=False)
    transient: bool = False


class ExecutionsView(Resource):
    """List executions."""

    actions = {"get": "execution.read"}

    @described("List executions", answer=ExecutionPage, query=ExecutionList, workspace=True)
    def get(self, request: Request) -> Response:
        """Newest first."""
        asked = self.query(ExecutionList)
        return Response(listed(asked, self.principal, workspace_ids=self.workspace_ids("execution.read")))


class ExecutionCountsView(Resource):
    """Count executions."""

    actions = {"get": "execution.read"}

    @described("Count executions by status", answer=ExecutionCounts, query=ExecutionFilters, workspace=True)
    def get(self, request: Request) -> Response:
        """The newest 10,000 that fit the filters, by status."""
        asked = self.query(ExecutionFilters)
        workspace_ids = self.workspace_ids("execution.read")
        filters = _filters(asked, workspace_ids)
        if filters is None:
            return Response({"counts": {}, "total": 0, "capped": False})
        return Response(engine.counts(workspace_ids=workspace_ids, filters=filters))


class OneExecution(Resource):
    """Base of everything below ``/workflows/executions/{execution_id}``."""

    missing = "There is no such execution."

    def load(self, **ids: Any) -> Any:
        """The execution's row."""
        return engine.workspace_of(ids["execution_id"])


class ExecutionView(OneExecution):
    """Read one."""

    actions = {"get": "execution.read"}

    @described("Read an execution", answer=Execution)
    def get(self, request: Request, execution_id: UUID) -> Response:
        """The execution with input, output, error and variables."""
        row = engine.execution(execution_id)
        names = workflows.names([row["workflow_id"]])
        return Response(_shown(row, self.principal, names))


class EventsView(OneExecution):
    """The journal."""

    actions = {"get": "execution.read"}

    @described("Read the journal", answer=Events, query=EventList, errors=(422,))
    def get(self, request: Request, execution_id: UUID) -> Response:
        """Events after a cursor, oldest first; ``cursor`` is where to go on."""
        asked = self.query(EventList)
        after = engine.parse_cursor(asked.after) if asked.after else 0
        journal.number(execution_id)
        rows = engine.events(execution_id, after=after, limit=asked.limit)
        begin = engine.cursor(after)
        end = rows[-1]["cursor"] if rows else begin
        return Response({"type": "events", "after": begin, "cursor": end, "events": rows})


class SnapshotView(OneExecution):
    """The state now."""

    actions = {"get": "execution.read"}

    @described("Take a snapshot", answer=Snapshot)
    def get(self, request: Request, execution_id: UUID) -> Response:
        """The same body as the stream's first frame, for clients that poll."""
        found = engine.snapshot(execution_id)
        return Response({**found, "execution": with_can(found["execution"], self.principal)})


class GraphView(OneExecution):
    """The compiled plan."""

    actions = {"get": "execution.read"}

    @described("Explain the compiled plan", answer=dict)
    def get(self, request: Request, execution_id: UUID) -> Response:
        """Which region became a chain, a chord, lanes or a ledger join."""
        return Response(explain(plans.plan(self.subject.version_id)))


class WhyView(OneExecution):
    """Why it does not move."""

    actions = {"get": "execution.read"}

    @described("Why does it not move", answer=Why)
    def get(self, request: Request, execution_id: UUID) -> Response:
        """A sentence for the execution and for each live step."""
        return Response(engine.why(execution_id))


class CancelView(OneExecution):
    """Cancel."""

    actions = {"post": "execution.cancel"}

    @described("Cancel an execution", answer=Status, errors=(409,))
    def post(self, request: Request, execution_id: UUID) -> Response:
        """Bring it to an end."""
        return Response(_status(execution_id, operations.cancel(execution_id, by=self.principal.name)))


class PauseView(OneExecution):
    """Pause."""

    actions = {"post": "execution.pause"}

    @described("Pause an execution", answer=Status, errors=(409,))
    def post(self, request: Request, execution_id: UUID) -> Response:
        """Start no further step until it is resumed."""
        return Response(_status(execution_id, operations.pause(execution_id, by=self.principal.name)))


class ResumeView(OneExecution):
    """Resume."""

    actions = {"post": "execution.resume"}

    @described("Resume an execution", answer=Status, errors=(409,))
    def post(self, request: Request, execution_id: UUID) -> Response:
        """Let a paused execution go on."""
        return Response(_status(execution_id, operations.resume(execution_id, by=self.principal.name)))


class SignalView(OneExecution):
    """Signal."""

    actions = {"post": "execution.signal"}

    @described("Send a signal", body=Signal, answer=Status, status=202, errors=(409,))
    def post(self, request: Request, execution_id: UUID) -> Response:
        """Keep a signal until one step takes it."""
        given = self.body(Signal)
        operations.signal(
            execution_id,
            name=given.name,
            payload=given.payload,
            signal_id=given.signal_id,
            by=self.principal.name,
            transient=given.transient,
        )
        return Response(_status(execution_id, None), status=202)


class TicketView(OneExecution):
    """A ticket for the stream."""

    actions = {"post": "execution.read"}

    @described("Get a ticket for the stream", answer=Ticket, status=201)
    def post(self, request: Request, execution_id: UUID) -> Response:
        """For ``?ticket=`` of the WebSocket: good for one handshake within 30 seconds."""
        text, expires_at = tickets.issue(self.principal, purpose=ticket_purpose(execution_id))
        return Response({"ticket": text, "expires_at": expires_at}, status=201)


def listed(
    asked: ExecutionList,
    principal: Principal,
    *,
    workspace_ids: Collection[UUID],
    workflow_ids: Collection[UUID] | None = None,
) -> dict[str, Any]:
    """The page that was asked for, as the interface shows it."""
    filters = _filters(asked, workspace_ids, workflow_ids)
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
    return {"results": [_shown(row, principal, names) for row in page], "next": following}


def _shown(row: dict[str, Any], principal: Principal, names: dict[UUID, str]) -> dict[str, Any]:
    return {**with_can(row, principal), "workflow_name": names.get(row["workflow_id"])}


def _filters(
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


def _status(execution_id: UUID, status: str | None) -> dict[str, Any]:
    return {"id": execution_id, "status": status or engine.execution_status(execution_id)}
