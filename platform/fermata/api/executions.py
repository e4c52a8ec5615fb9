"""``/workflows/executions``: list, counts, read, journal, snapshot, graph, why, and the commands on one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.execution_list import ExecutionFilters, ExecutionList, filters_of, listed, shown_row
from fermata.api.frames import Events, Snapshot
from fermata.api.permitted import with_can
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import (
    Execution,
    ExecutionCounts,
    ExecutionPage,
    Status,
    Why,
)
from fermata.engine import journal, operations, plans
from fermata.engine import queries as engine
from fermata.graph.explain import explain
from fermata.workflows import queries as workflows


class EventList(Query):
    """``after``: the cursor of the last snapshot or batch; without it from the start.

    ``before``: the last events ahead of that cursor instead of the first ones.
    """

    after: str | None = Field(None, max_length=100)
    before: str | None = Field(None, max_length=100)
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
        """Newest first unless sorted otherwise."""
        asked = self.query(ExecutionList)
        return Response(listed(asked, self.principal, workspace_ids=self.workspace_ids("execution.read")))


class ExecutionCountsView(Resource):
    """Count executions."""

    actions = {"get": "execution.read"}

    @described("Count executions by status", answer=ExecutionCounts, query=ExecutionFilters, workspace=True)
    def get(self, request: Request) -> Response:
        """The newest 10,000 that fit the filters (2,000 with tags), by status."""
        asked = self.query(ExecutionFilters)
        workspace_ids = self.workspace_ids("execution.read")
        filters = filters_of(asked, workspace_ids)
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
        return Response(shown_row(row, self.principal, names))


class EventsView(OneExecution):
    """The journal."""

    actions = {"get": "execution.read"}

    @described("Read the journal", answer=Events, query=EventList, errors=(422,))
    def get(self, request: Request, execution_id: UUID) -> Response:
        """Events after a cursor, oldest first; ``cursor`` is where to go on, ``before`` pages backwards."""
        asked = self.query(EventList)
        after = engine.parse_cursor(asked.after) if asked.after else 0
        before = engine.parse_cursor(asked.before, named="before") if asked.before else None
        journal.number(execution_id)
        rows = engine.events(execution_id, after=after, before=before, limit=asked.limit)
        if before is not None and rows:
            after = engine.parse_cursor(rows[0]["cursor"]) - 1
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


def _status(execution_id: UUID, status: str | None) -> dict[str, Any]:
    return {"id": execution_id, "status": status or engine.execution_status(execution_id)}
