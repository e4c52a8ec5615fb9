"""``WS …/executions/ws?workspace=``: a list of executions, kept up to date."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import Field, field_validator

from fermata.accounts import queries as accounts
from fermata.accounts.queries import Principal
from fermata.api.execution_list import ExecutionFilters, filters_of
from fermata.api.permitted import ticket_purpose
from fermata.api.problems import InvalidRequest
from fermata.api.resource import checked
from fermata.api.stream import connection as sockets
from fermata.api.stream import handshake
from fermata.api.stream.connection import Connection
from fermata.api.stream.handshake import Admitted, Refusal
from fermata.api.stream.hub import hub
from fermata.api.stream.reading import in_thread
from fermata.api.stream.viewer import Asked, Viewer
from fermata.engine import queries as engine
from fermata.errors import InvalidInput
from fermata.workflows import queries as workflows


class ListedStream(ExecutionFilters):
    """Which list, as ``GET /workflows/executions`` has it, and how many rows the snapshot has."""

    workspace: str | None = Field(None, max_length=200)
    workflow_id: UUID | None = None
    limit: int = Field(50, ge=1, le=200)

    @field_validator("parent")
    @classmethod
    def _none(cls, parent: UUID | None) -> None:
        if parent is not None:
            raise ValueError("a list of one execution's children cannot be watched; use root or parent_step")


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
        self.viewer = viewer = Viewer(self.admitted.asked, self.principal, self.end)
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
    except (InvalidRequest, InvalidInput) as error:
        raise handshake.malformed(error) from error
    workspace_ids = _workspaces(visitor.principal, asked.workspace)
    filters = _filters(asked, workspace_ids)
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


def _filters(asked: ListedStream, workspace_ids: frozenset[UUID]) -> engine.Filters:
    """What is asked for; workflows of these workspaces only."""
    named: list[UUID] | None = None
    if asked.workflow_id is not None:
        named = workflows.ids_of(str(asked.workflow_id), workspace_ids=workspace_ids)
    try:
        filters = filters_of(asked, workspace_ids, named)
    except (InvalidRequest, InvalidInput) as error:
        raise handshake.malformed(error) from error
    if filters is None:
        raise Refusal(404, "There is no such workflow.")
    return replace(filters, workflow_ids=tuple(sorted(filters.workflow_ids)))
