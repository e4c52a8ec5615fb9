"""``/workspaces/{workspace_id}/members``: who may do what in a workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import members, queries
from fermata.accounts.models import Membership
from fermata.accounts.permissions import Role
from fermata.api import pagination
from fermata.api.resource import Input, Query
from fermata.api.schema import described
from fermata.api.shapes import Member, MemberPage
from fermata.api.workspaces import OneWorkspace
from fermata.errors import NotFound


class MemberList(Query):
    """A page."""

    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class NewMember(Input):
    """An existing user, by name."""

    username: str = Field(min_length=1, max_length=150)
    role: Role = Field(strict=False)


class MemberChange(Input):
    """The new role."""

    role: Role = Field(strict=False)


class MembersView(OneWorkspace):
    """List and add members."""

    actions = {"get": "member.read", "post": "member.add"}

    @described("List members", answer=MemberPage, query=MemberList)
    def get(self, request: Request, workspace_id: UUID) -> Response:
        """By username, deactivated ones included."""
        asked = self.query(MemberList)
        after = pagination.decode(asked.cursor, str)
        rows = queries.members(workspace_id, after=after[0] if after else None, limit=asked.limit + 1)
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row.user.get_username())
        )
        return Response({"results": [shown(row) for row in page], "next": following})

    @described("Add a member", body=NewMember, answer=Member, status=201, errors=(409, 422))
    def post(self, request: Request, workspace_id: UUID) -> Response:
        """Nobody grants a role above their own."""
        given = self.body(NewMember)
        added = members.add(
            workspace_id,
            username=given.username,
            role=given.role,
            by=self.principal.user,
            everywhere=self.everywhere,
        )
        return Response(shown(added), status=201)


class MemberView(OneWorkspace):
    """Change a role, remove a member."""

    actions = {"get": "member.read", "patch": "member.change", "delete": "member.remove"}
    missing = "There is no such member."

    def load(self, **ids: Any) -> Membership:
        """The membership."""
        found = queries.member(ids["workspace_id"], user_id=ids["user_id"])
        if found is None:
            raise NotFound
        return found

    @described("Read a member", answer=Member)
    def get(self, request: Request, workspace_id: UUID, user_id: UUID) -> Response:
        """Who, and which role."""
        return Response(shown(self.subject))

    @described("Change a role", body=MemberChange, answer=Member, errors=(409,))
    def patch(self, request: Request, workspace_id: UUID, user_id: UUID) -> Response:
        """It counts from the member's, or their token's, next request; streams close if need be."""
        given = self.body(MemberChange)
        changed = members.change(
            workspace_id,
            user_id=user_id,
            role=given.role,
            by=self.principal.user,
            everywhere=self.everywhere,
        )
        return Response(shown(changed))

    @described("Remove a member", status=204, errors=(409,))
    def delete(self, request: Request, workspace_id: UUID, user_id: UUID) -> Response:
        """Their tokens for the workspace are revoked; the last owner cannot be removed."""
        members.remove(workspace_id, user_id=user_id, by=self.principal.user, everywhere=self.everywhere)
        return Response(status=204)


def shown(row: Membership) -> dict[str, Any]:
    """A membership without anything private."""
    return {
        "user_id": row.user_id,
        "username": row.user.get_username(),
        "name": row.user.get_full_name(),
        "role": row.role,
        "is_active": row.user.is_active,
        "created_at": row.created_at,
    }
