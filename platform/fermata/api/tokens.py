"""``/tokens``: the caller's own API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from pydantic import AwareDatetime, Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import operations, queries
from fermata.accounts.models import ApiToken
from fermata.api.resource import Input, Resource
from fermata.api.schema import described
from fermata.api.shapes import IssuedToken, TokenPage
from fermata.errors import Forbidden, InvalidInput, NotFound


class NewToken(Input):
    """What the token is called and may do. ``scopes`` empty: everything its user may do."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(default_factory=list, max_length=50)
    expires_at: AwareDatetime | None = Field(None, strict=False)


class TokensView(Resource):
    """List and make tokens."""

    actions = {"get": "token.read", "post": "token.create"}

    @described("List my tokens", answer=TokenPage, workspace=True)
    def get(self, request: Request) -> Response:
        """The caller's tokens that were not revoked, without their secrets."""
        rows = [
            shown(token)
            for workspace_id in self.workspace_ids("token.read")
            for token in queries.tokens_of(self.principal.user, workspace_id=workspace_id)
        ]
        return Response({"results": rows, "next": None})

    @described("Make a token", body=NewToken, answer=IssuedToken, status=201, workspace=True, errors=(422,))
    def post(self, request: Request) -> Response:
        """A token of the caller; its text is in this answer and nowhere else."""
        workspace_id = self.workspace_id("token.create")
        given = self.body(NewToken)
        self._check_bounds(given)
        issued = operations.create_token(
            self.principal.user,
            workspace_id=workspace_id,
            name=given.name,
            scopes=given.scopes,
            expires_at=given.expires_at,
        )
        return Response({**shown(issued.token), "token": issued.text}, status=201)

    def _check_bounds(self, given: NewToken) -> None:
        """A token makes no token that may do more or lives longer than itself; none is born expired."""
        if given.expires_at is not None and given.expires_at <= timezone.now():
            row = {
                "code": "in_the_past",
                "pointer": "/expires_at",
                "message": "This time is past.",
                "cure": "Take a later one.",
            }
            raise InvalidInput(row["message"], problems=[row])
        own = self.principal.token
        if own is None:
            return
        beyond = {scope for scope in given.scopes if scope.startswith("installation:")}
        if beyond - set(own.scopes):  # no scopes at all is everything in the workspace, nothing beyond it
            raise Forbidden("A token cannot make one that may do more than itself.")
        if own.scopes and (not given.scopes or not set(given.scopes) <= set(own.scopes)):
            raise Forbidden("A token cannot make one that may do more than itself.")
        if own.expires_at is not None and _later(given.expires_at, own.expires_at):
            raise Forbidden("A token cannot make one that lives longer than itself.")


class TokenView(Resource):
    """Revoke a token."""

    actions = {"delete": "token.revoke"}
    missing = "There is no such token."

    def load(self, **ids: Any) -> ApiToken:
        """One of the caller's tokens."""
        token = queries.token_of(self.principal.user, ids["token_id"])
        if token is None:
            raise NotFound
        return token

    @described("Revoke a token", status=204)
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Make it useless from now on."""
        operations.revoke_token(self.subject, by=self.principal.user)
        return Response(status=204)


def shown(token: ApiToken) -> dict[str, Any]:
    """A token without its secret."""
    names = ("id", "name", "workspace_id", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {name: getattr(token, name) for name in names}


def _later(wanted: datetime | None, bound: datetime) -> bool:
    return wanted is None or wanted > bound
