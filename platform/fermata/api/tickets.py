"""Tickets for the streams: whoever cannot send a header with a WebSocket's handshake sends ``?ticket=``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import tickets
from fermata.accounts.queries import Principal
from fermata.api.executions import OneExecution
from fermata.api.permitted import ticket_purpose
from fermata.api.resource import Resource
from fermata.api.schema import described
from fermata.api.shapes import Ticket


class ExecutionTicketView(OneExecution):
    """A ticket for the stream of one execution."""

    actions = {"post": "execution.read"}

    @described("Get a ticket for the stream", answer=Ticket, status=201)
    def post(self, request: Request, execution_id: UUID) -> Response:
        """For ``?ticket=`` of the WebSocket: good for one handshake within 30 seconds."""
        return Response(_issued(self.principal, execution_id), status=201)


class ListTicketView(Resource):
    """A ticket for the stream of a list."""

    actions = {"post": "execution.read"}

    @described("Get a ticket for the stream of a list", answer=Ticket, status=201, workspace=True)
    def post(self, request: Request) -> Response:
        """For ``?ticket=`` of the WebSocket: good for one handshake within 30 seconds."""
        self.workspace_ids("execution.read")
        return Response(_issued(self.principal, None), status=201)


def _issued(principal: Principal, execution_id: UUID | None) -> dict[str, Any]:
    text, expires_at = tickets.issue(principal, purpose=ticket_purpose(execution_id))
    return {"ticket": text, "expires_at": expires_at}
