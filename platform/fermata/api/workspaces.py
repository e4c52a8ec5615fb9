"""``/workspaces``: list, make, read, rename, leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import members, models, operations, queries
from fermata.accounts.queries import Principal
from fermata.api.resource import SIGNED_IN, Input, Resource
from fermata.api.schema import described
from fermata.api.session import workspaces
from fermata.api.shapes import Workspace, WorkspacePage
from fermata.errors import NotFound

ACTIONS = {
    "rename": "workspace.rename",
    "add_member": "member.add",
    "change_member": "member.change",
    "remove_member": "member.remove",
}


class NewWorkspace(Input):
    """``slug`` stands in addresses and never changes."""

    slug: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=200)


class WorkspaceChange(Input):
    """The new name."""

    name: str = Field(min_length=1, max_length=200)


class WorkspacesView(Resource):
    """The caller's workspaces."""

    actions = {"get": SIGNED_IN, "post": "workspace.create"}

    @described("List my workspaces", answer=WorkspacePage)
    def get(self, request: Request) -> Response:
        """Every workspace the caller is a member of (a token: its own)."""
        return Response({"results": workspaces(self.principal), "next": None})

    @described("Make a workspace", body=NewWorkspace, answer=Workspace, status=201, errors=(409, 422))
    def post(self, request: Request) -> Response:
        """For the staff of the installation; the caller owns it."""
        given = self.body(NewWorkspace)
        made = operations.create_workspace(slug=given.slug, name=given.name, owner=self.principal.user)
        return Response(shown(made, queries.principal_of_user(self.principal.user)), status=201)


class OneWorkspace(Resource):
    """Base of everything below ``/workspaces/{workspace_id}``.

    An administrator of the installation acts in every workspace as its owner would.
    """

    missing = "There is no such workspace."

    def load(self, **ids: Any) -> Any:
        """The workspace."""
        found = queries.workspace_by_id(ids["workspace_id"])
        if found is None:
            raise NotFound
        return found

    @property
    def everywhere(self) -> bool:
        """Whether the caller manages every workspace."""
        return self.principal.installation_refusal("workspace.any") is None

    def require(self, workspace_id: UUID, action: str) -> None:
        """As for everything else, except for administrators."""
        if not self.everywhere:
            super().require(workspace_id, action)


class WorkspaceView(OneWorkspace):
    """Read and rename."""

    actions = {"get": "workspace.read", "patch": "workspace.rename"}

    @described("Read a workspace", answer=Workspace)
    def get(self, request: Request, workspace_id: UUID) -> Response:
        """The workspace and what the caller may do in it."""
        return Response(shown(self.subject, self.principal))

    @described("Rename a workspace", body=WorkspaceChange, answer=Workspace, errors=(422,))
    def patch(self, request: Request, workspace_id: UUID) -> Response:
        """Change the name."""
        given = self.body(WorkspaceChange)
        renamed = operations.rename_workspace(self.subject, name=given.name, by=self.principal.user)
        return Response(shown(renamed, self.principal))


class LeaveView(OneWorkspace):
    """Leave."""

    actions = {"post": "workspace.leave"}

    @described("Leave a workspace", status=204, errors=(409,))
    def post(self, request: Request, workspace_id: UUID) -> Response:
        """End one's own membership; the last owner cannot."""
        members.leave(workspace_id, user=self.principal.user)
        return Response(status=204)


def shown(row: models.Workspace, principal: Principal) -> dict[str, Any]:
    """A workspace with the caller's role and ``can``."""
    return {
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "role": principal.roles.get(row.id),
        "created_at": row.created_at,
        "can": _can(row, principal),
    }


def _can(row: models.Workspace, principal: Principal) -> Mapping[str, Any]:
    if principal.installation_refusal("workspace.any") is None:
        return dict.fromkeys(ACTIONS, True)
    return {name: principal.refusal(row.id, action) or True for name, action in ACTIONS.items()}
