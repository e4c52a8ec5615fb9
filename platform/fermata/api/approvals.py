"""``/approvals``: the questions put to the caller, and their decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts.queries import Principal, groups_of
from fermata.api import pagination
from fermata.api.resource import Input, Moment, Query, Resource, several
from fermata.api.schema import described
from fermata.api.shapes import Approval, ApprovalCounts, ApprovalPage
from fermata.engine import operations
from fermata.engine import queries as engine
from fermata.errors import Forbidden
from fermata.workflows import queries as workflows


class ApprovalFilters(Query):
    """Filters narrow together. ``mine`` false: also those put to others."""

    status: str = Field(
        "pending",
        max_length=100,
        description="one or several with commas, or any",
        json_schema_extra=several((*engine.APPROVAL_STATES, "any"), or_none=False),
    )
    mine: bool = True
    assignee: str | None = Field(None, max_length=200, description="such as user:ana, role:editor, group:x")
    decided_by: str | None = Field(None, max_length=200, description="who has decided, such as user:ana")
    execution: UUID | None = None
    workflow: str | None = Field(None, max_length=200, description="id or name")
    search: str = Field("", max_length=200, description="in titles")
    since: Moment | None = Field(None, description="asked since")
    until: Moment | None = Field(None, description="asked before")
    due_before: Moment | None = None

    @field_validator("status")
    @classmethod
    def _known(cls, text: str) -> str:
        known = (*engine.APPROVAL_STATES, "any")
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(known)}")
        return text


class ApprovalList(ApprovalFilters):
    """A page of approvals; by ``due_at`` the most urgent first."""

    sort: Literal["-created_at", "created_at", "due_at"] = "-created_at"
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
        """By default the pending ones put to the caller, newest first."""
        asked = self.query(ApprovalList)
        names = Names(self.principal)
        after = pagination.decode(asked.cursor, datetime, UUID)
        found: list[dict[str, Any]] = []
        for workspace_id in self.workspace_ids("approval.read"):
            found += engine.approvals(
                workspace_id=workspace_id,
                filters=_filters(asked, workspace_id, names),
                sort=asked.sort,
                after=after,
                limit=asked.limit + 1,
            )
        found.sort(key=lambda row: (row["sort_at"], row["id"]), reverse=asked.sort.startswith("-"))
        page, following = pagination.page(
            found, limit=asked.limit, cursor=lambda row: pagination.encode(row["sort_at"], row["id"])
        )
        return Response({"results": _all_shown(page, names), "next": following})


class ApprovalCountsView(Resource):
    """Count approvals."""

    actions = {"get": "approval.read"}

    @described("Count approvals by status", answer=ApprovalCounts, query=ApprovalFilters, workspace=True)
    def get(self, request: Request) -> Response:
        """Those that fit the filters, by status."""
        asked = self.query(ApprovalFilters)
        names = Names(self.principal)
        workspace_ids = self.workspace_ids("approval.read")
        filters = {workspace_id: _filters(asked, workspace_id, names) for workspace_id in workspace_ids}
        return Response(engine.approval_counts(workspace_ids=workspace_ids, filters=filters))


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
        [shown] = _all_shown([engine.shown_approval(self.subject)], Names(self.principal))
        return Response(shown)


class DecideView(OneApproval):
    """Decide an approval."""

    actions = {"post": "approval.decide"}

    @described("Decide an approval", body=Decision, answer=Approval, errors=(409,))
    def post(self, request: Request, approval_id: UUID) -> Response:
        """Say yes or no; 409 with the first decision when somebody was faster."""
        given = self.body(Decision)
        names = Names(self.principal)
        refused = _not_asked(engine.shown_approval(self.subject), names)
        if refused:
            raise Forbidden(refused)
        row = operations.decide(
            approval_id, decision=given.decision, comment=given.comment, by=self.principal.name
        )
        [shown] = _all_shown([engine.shown_approval(row)], names)
        return Response(shown)


class Names:
    """The names under which the caller is asked, by workspace: ``user:…``, ``role:…``, ``group:…``."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._groups: list[str] | None = None

    def within(self, workspace_id: UUID) -> list[str]:
        """Those that count in the workspace; the groups are read once."""
        if self._groups is None:
            self._groups = [f"group:{group}" for group in groups_of(self.principal.user)]
        role = self.principal.roles.get(workspace_id)
        return [self.principal.name, *self._groups, *([f"role:{role}"] if role else [])]


def _filters(asked: ApprovalFilters, workspace_id: UUID, names: Names) -> engine.Approvals:
    chosen = None
    if asked.workflow is not None:
        chosen = workflows.ids_of(asked.workflow, workspace_ids=[workspace_id])
    states = asked.status.split(",")
    return engine.Approvals(
        states=() if "any" in states else tuple(dict.fromkeys(states)),
        assignees=names.within(workspace_id) if asked.mine else None,
        assignee=asked.assignee,
        decided_by=asked.decided_by,
        execution_id=asked.execution,
        workflow_ids=chosen,
        search=asked.search,
        since=asked.since,
        until=asked.until,
        due_before=asked.due_before,
    )


def _all_shown(rows: Sequence[dict[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Rows with the workflow and node that ask, and what the caller may do."""
    origins = engine.approval_origins(rows)
    named = workflows.names({workflow_id for _, workflow_id in origins.values()})
    shown = []
    for row in rows:
        node_id, workflow_id = origins.get(row["id"], (None, None))
        plain = {key: value for key, value in row.items() if key != "sort_at"}
        shown.append(
            {
                **plain,
                "node_id": node_id,
                "workflow_id": workflow_id,
                "workflow_name": named.get(workflow_id) if workflow_id else None,
                "can": {"decide": _refusal(row, names) or True},
            }
        )
    return shown


def _refusal(row: dict[str, Any], names: Names) -> str | None:
    refused = names.principal.refusal(row["workspace_id"], "approval.decide")
    if refused is not None:
        return refused
    if row["status"] != "pending":
        return f"The approval is {row['status']}."
    if any(decision.get("by") == names.principal.name for decision in row["decisions"]):
        return "You have decided this already."
    return _not_asked(row, names)


def _not_asked(row: dict[str, Any], names: Names) -> str | None:
    """Without assignees everybody with the right may decide."""
    asked = set(row["assignees"])
    if not asked or asked & set(names.within(row["workspace_id"])):
        return None
    return "This was put to others."
