"""``WS …/executions/ws?workspace=``: a list of executions, kept up to date."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field, field_validator

from fermata.accounts import queries as accounts
from fermata.accounts.queries import Principal
from fermata.api.execution_list import known_statuses
from fermata.api.permitted import ticket_purpose
from fermata.api.problems import InvalidRequest
from fermata.api.resource import Query, checked
from fermata.api.stream import connection as sockets
from fermata.api.stream import handshake
from fermata.api.stream.connection import Connection
from fermata.api.stream.handshake import Admitted, Refusal
from fermata.api.stream.hub import hub
from fermata.api.stream.reading import in_thread
from fermata.api.stream.viewer import Asked, Viewer
from fermata.engine import queries as engine
from fermata.workflows import queries as workflows


class ListedStream(Query):
    """Which list, as ``GET /workflows/executions`` has it, and how many rows the snapshot has."""

    workspace: str | None = Field(None, max_length=200)
    status: str | None = Field(None, max_length=200)
    workflow: str | None = Field(None, max_length=200, description="id or name")
    workflow_id: UUID | None = None
    workflow_key: str | None = Field(None, max_length=200)
    root: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=200)

    @field_validator("status")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        return known_statuses(text)


class ListStream(Connection):
    """The executions of a workspace, or of all of the caller's."""

    said_to_nothing = "Nothing can be said on the stream of a list; filters stand in its address."
    viewer: Viewer | None = None

    async def admit(self) -> Admitted:
        """See the base."""
        return await in_thread(_admit, self.scope)

    def leave(self) -> None:
        """See the base."""
        if self.viewer is not None:
            hub().unview(self.viewer)

    def told(self, principal: Principal | None) -> None:
        """See the base."""
        super().told(principal)
        if self.viewer is not None and principal is not None:
            self.viewer.now(principal)

    async def stream(self) -> None:
        """Whatever the viewer has."""
        self.viewer = viewer = Viewer(self.admitted.asked, self.principal)
        hub().view(viewer)
        while True:
            viewer.wake.clear()
            text = viewer.take()
            if text is not None:
                await self.text(text)
                continue
            try:
                async with asyncio.timeout(sockets.HEARTBEAT_SECONDS):
                    await viewer.wake.wait()
            except TimeoutError:
                await self.frame({"type": "heartbeat"})


def _admit(scope: dict[str, Any]) -> Admitted:
    visitor = handshake.visitor(scope, purpose=ticket_purpose(None))
    try:
        asked = checked(ListedStream, visitor.parameters)
    except InvalidRequest as error:
        raise handshake.malformed(error) from error
    workspace_ids = _workspaces(visitor.principal, asked.workspace)
    filters = engine.Filters(
        statuses=tuple(asked.status.split(",")) if asked.status else (),
        workflow_ids=_workflows(asked, workspace_ids),
        workflow_key=asked.workflow_key,
        root_id=asked.root,
        since=asked.since,
        until=asked.until,
    )
    return visitor.admitted(workspace_ids, Asked(workspace_ids, filters, asked.limit))


def _workspaces(principal: Principal, reference: str | None) -> frozenset[UUID]:
    """The workspace that is named, else all where the caller may read executions."""
    missing = "There is no such workspace."
    if reference is not None:
        found = accounts.workspace(reference, among=list(principal.roles))
        if found is None:
            raise Refusal(404, missing)
        handshake.require(principal, found.id, missing=missing)
        return frozenset({found.id})
    allowed = frozenset(place for place in principal.roles if principal.allows(place, handshake.ACTION))
    if principal.roles and not allowed:
        handshake.require(principal, next(iter(principal.roles)), missing=missing)
    return allowed


def _workflows(asked: ListedStream, workspace_ids: frozenset[UUID]) -> tuple[UUID, ...]:
    chosen = {asked.workflow_id} if asked.workflow_id is not None else set()
    if asked.workflow is not None:
        named = set(workflows.ids_of(asked.workflow, workspace_ids=workspace_ids))
        chosen = chosen & named if chosen else named
        if not chosen:
            raise Refusal(404, "There is no such workflow.")
    return tuple(sorted(chosen))
