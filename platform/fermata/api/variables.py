"""Variables of workspaces and workflows: what outlives an execution. Those of one execution stand in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import BaseModel, Field, JsonValue
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api import pagination
from fermata.api.preconditions import etag, expected_version, is_known
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import Next
from fermata.api.workflows import OneWorkflow
from fermata.api.workspaces import OneWorkspace
from fermata.engine import queries as engine
from fermata.engine import variables
from fermata.engine.variables import Expected, Scope
from fermata.errors import NotFound
from fermata.graph.document import ID_PATTERN, MAX_ID


class Variable(BaseModel):
    """A variable of a workflow or workspace."""

    name: str
    value: JsonValue
    truncated: bool = Field(
        description="in a list: the value is larger than 16 KiB and stands at its address"
    )
    version: int = Field(description="grows with every write")
    updated_at: datetime | None
    updated_by: str | None = Field(description="who wrote it, or started the execution that did")


class VariablePage(BaseModel):
    """A page of variables, by name."""

    results: list[Variable]
    next: Next


class VariableWrite(BaseModel):
    """One write of a variable, by somebody or by a node."""

    version: int
    operation: Literal["set", "increment", "append", "merge", "delete"]
    old: JsonValue = Field(description="null also where there was none")
    new: JsonValue = Field(description="null also where it was deleted")
    truncated: list[Literal["old", "new"]] = Field(description="values larger than 16 KiB, left out")
    by: str
    execution_id: UUID | None
    step_id: UUID | None
    at: datetime


class VariableWritePage(BaseModel):
    """The writes of a variable, newest first."""

    results: list[VariableWrite]
    next: Next


NAMED = extend_schema(
    parameters=[
        OpenApiParameter(
            "name",
            {"type": "string", "pattern": f"^{ID_PATTERN}$", "maxLength": MAX_ID},
            OpenApiParameter.PATH,
            description="As documents declare it.",
        )
    ]
)
"""What a name may be stands in the description too."""


class VariableValue(Input):
    """Any JSON value."""

    value: JsonValue


class VariablesQuery(Query):
    """A page of variables."""

    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class _Scoped(Resource):
    """Base of all: the scope is the object the address names."""

    kind: ClassVar[Literal["workflow", "workspace"]]

    @property
    def scope(self) -> Scope:
        """Where the variables live."""
        workspace_id = self.subject.id if self.kind == "workspace" else self.subject.workspace_id
        return Scope(self.kind, self.subject.id, workspace_id)

    def require(self, workspace_id: UUID, action: str) -> None:
        """Members alone: administrators of the installation manage workspaces, not what is in them."""
        Resource.require(self, workspace_id, action)


class _Variables(_Scoped):
    """List variables."""

    actions = {"get": "variable.read"}

    @described("List variables", answer=VariablePage, query=VariablesQuery)
    def get(self, request: Request, **_: UUID) -> Response:
        """By name, values up to 16 KiB in place."""
        asked = self.query(VariablesQuery)
        after = pagination.decode(asked.cursor, str)
        rows = engine.variables(self.scope.id, after=after[0] if after else None, limit=asked.limit + 1)
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row["name"])
        )
        return Response({"results": page, "next": following})


class _Variable(_Scoped):
    """Read, set and delete a variable."""

    actions = {"get": "variable.read", "put": "variable.write", "delete": "variable.delete"}

    @NAMED
    @described("Read a variable", answer=Variable)
    def get(self, request: Request, name: str, **_: UUID) -> Response:
        """Its whole value; 304 when ``If-None-Match`` names its version."""
        row = self._row(name)
        headers = {"ETag": etag(row["version"])}
        if is_known(request, row["version"]):
            return Response(status=304, headers=headers)
        return Response(row, headers=headers)

    @NAMED
    @described(
        "Set a variable",
        body=VariableValue,
        answer=Variable,
        headers=("If-Match", "If-None-Match"),
        also={201: Variable},
        errors=(409, 412, 422),
    )
    def put(self, request: Request, name: str, **_: UUID) -> Response:
        """Set or make it. ``If-Match``: only that version, ``*`` any; ``If-None-Match: *``: only make it."""
        given = self.body(VariableValue)
        expected = _expected(request)
        by = self.principal.name
        version, is_new = variables.put(self.scope, name=name, value=given.value, expected=expected, by=by)
        return Response(self._row(name), status=201 if is_new else 200, headers={"ETag": etag(version)})

    @NAMED
    @described("Delete a variable", status=204, headers=("If-Match",), errors=(412,))
    def delete(self, request: Request, name: str, **_: UUID) -> Response:
        """Its declared default holds again; its ledger stays."""
        version = expected_version(request)
        variables.delete(self.scope, name=name, version=version, by=self.principal.name)
        return Response(status=204)

    def _row(self, name: str) -> dict[str, Any]:
        return engine.variable(self.scope.id, _known(name))


class _Writes(_Scoped):
    """The ledger of a variable."""

    actions = {"get": "variable.read"}

    @NAMED
    @described("List a variable's writes", answer=VariableWritePage, query=VariablesQuery)
    def get(self, request: Request, name: str, **_: UUID) -> Response:
        """Who wrote what, newest first; also of a variable that was deleted."""
        asked = self.query(VariablesQuery)
        before = pagination.decode(asked.cursor, int)
        rows = engine.variable_writes(
            self.scope.id, _known(name), before=before[0] if before else None, limit=asked.limit + 1
        )
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row["id"])
        )
        shown = [{key: value for key, value in row.items() if key != "id"} for row in page]
        return Response({"results": shown, "next": following})


class WorkspaceVariablesView(_Variables, OneWorkspace):
    """List the variables of a workspace."""

    kind = "workspace"


class WorkspaceVariableView(_Variable, OneWorkspace):
    """A variable of a workspace."""

    kind = "workspace"


class WorkspaceVariableWritesView(_Writes, OneWorkspace):
    """The ledger of a workspace's variable."""

    kind = "workspace"


class WorkflowVariablesView(_Variables, OneWorkflow):
    """List the variables of a workflow."""

    kind = "workflow"


class WorkflowVariableView(_Variable, OneWorkflow):
    """A variable of a workflow."""

    kind = "workflow"


class WorkflowVariableWritesView(_Writes, OneWorkflow):
    """The ledger of a workflow's variable."""

    kind = "workflow"


def _expected(request: Request) -> Expected:
    if request.META.get("HTTP_IF_NONE_MATCH", "").strip() == "*":
        return Expected(presence=False)
    if request.META.get("HTTP_IF_MATCH", "").strip() == "*":
        return Expected(presence=True)
    return Expected(version=expected_version(request))


def _known(name: str) -> str:
    if not variables.is_name(name):
        raise NotFound("There is no such variable.")
    return name
