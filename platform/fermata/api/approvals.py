"""``/approvals``: the questions put to the caller, and their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts.queries import Principal, groups_of
from fermata.api import pagination
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import Approval, ApprovalPage
from fermata.engine import operations
from fermata.engine import queries as engine
from fermata.errors import Forbidden


class ApprovalList(Query):
    """``mine`` false: also those put to others."""

    status: Literal["pending", "approved", "rejected", "expired", "cancelled", "any"] = "pending"
    mine: bool = True
    execution: UUID | None = None
    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class Decision(Input):
    """Yes or no, and why."""

    decision: Literal["approve", "reject"]
    comment: str = Field("", max_length=10_000)


class ApprovalsView(Resource):
    """List approvals."""

    actions = {"get": "approval.read"}

    @described("List approvals", answer=ApprovalPage, query=ApprovalList, workspace=True)
    def get(self, request: Request) -> Response:
        """Newest first; by default the pending ones put to the caller."""
        asked = self.query(ApprovalList)
        found: list[dict[str, Any]] = []
        after = pagination.decode(asked.cursor, datetime, UUID)
        for workspace_id in self.workspace_ids(
            "approval.read"
        ):  # the caller's names differ by workspace: roles
            found += engine.approvals(
                workspace_ids=[workspace_id],
                filters=engine.Approvals(
                    states=() if asked.status == "any" else (asked.status,),
                    assignees=assignees(self.principal, workspace_id) if asked.mine else None,
                    execution_id=asked.execution,
                ),
                after=after,
                limit=asked.limit + 1,
            )
        found.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        page, following = pagination.page(
            found, limit=asked.limit, cursor=lambda row: pagination.encode(row["created_at"], row["id"])
        )
        return Response({"results": [_shown(row, self.principal) for row in page], "next": following})


class OneApproval(Resource):
    """Base of everything below ``/approvals/{approval_id}``."""

    missing = "There is no such approval."

    def load(self, **ids: Any) -> Any:
        """The approval's row."""
        return engine.approval(ids["approval_id"])


class ApprovalView(OneApproval):
    """Read an approval."""

    actions = {"get": "approval.read"}

    @described("Read an approval", answer=Approval)
    def get(self, request: Request, approval_id: UUID) -> Response:
        """The question and the decisions given so far."""
        return Response(_shown(engine.shown_approval(self.subject), self.principal))


class DecideView(OneApproval):
    """Decide an approval."""

    actions = {"post": "approval.decide"}

    @described("Decide an approval", body=Decision, answer=Approval, errors=(409,))
    def post(self, request: Request, approval_id: UUID) -> Response:
        """Say yes or no; 409 with the first decision when somebody was faster."""
        given = self.body(Decision)
        refused = _not_asked(engine.shown_approval(self.subject), self.principal)
        if refused:
            raise Forbidden(refused)
        row = operations.decide(
            approval_id, decision=given.decision, comment=given.comment, by=self.principal.name
        )
        return Response(_shown(engine.shown_approval(row), self.principal))


def assignees(principal: Principal, workspace_id: UUID) -> list[str]:
    """The names under which the caller is asked: ``user:…``, ``role:…``, ``group:…``."""
    role = principal.roles.get(workspace_id)
    names = [principal.name, *(f"group:{group}" for group in groups_of(principal.user))]
    return [*names, f"role:{role}"] if role else names


def _shown(row: dict[str, Any], principal: Principal) -> dict[str, Any]:
    return {**row, "can": _can(row, principal)}


def _can(row: dict[str, Any], principal: Principal) -> Mapping[str, Any]:
    refused = principal.refusal(row["workspace_id"], "approval.decide")
    if refused is None and row["status"] != "pending":
        refused = f"The approval is {row['status']}."
    return {"decide": refused or _not_asked(row, principal) or True}


def _not_asked(row: dict[str, Any], principal: Principal) -> str | None:
    """Without assignees everybody with the right may decide."""
    asked = set(row["assignees"])
    if not asked or asked & set(assignees(principal, row["workspace_id"])):
        return None
    return "This was put to others."
