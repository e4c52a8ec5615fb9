"""``/workflows``: list, create, read, rename, archive, duplicate, validate, export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import Validation, Workflow, WorkflowPage
from fermata.engine import queries as engine
from fermata.workflows import formats, limits, models, operations, queries
from fermata.workflows.operations import Content

ACTIONS = {
    "edit": "workflow.edit",
    "publish": "workflow.publish",
    "archive": "workflow.archive",
    "start": "workflow.start",
    "start_draft": "workflow.start_draft",
}


class WorkflowList(Query):
    """``search`` looks in names and descriptions."""

    search: str = Field("", max_length=200)
    archived: bool = False
    sort: Literal["updated_at", "-updated_at", "created_at", "-created_at", "name", "-name"] = "-updated_at"
    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class NewWorkflow(Input):
    """Give a definition, or YAML ``source``, or neither for an empty document."""

    name: str
    description: str = Field("", max_length=10_000)
    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = Field(default_factory=dict)


class WorkflowChange(Input):
    """What is left out stays."""

    name: str | None = None
    description: str | None = Field(None, max_length=10_000)


class Duplicate(Input):
    """Without a name the first free "… copy" is taken."""

    name: str | None = None


class AnyDefinition(Input):
    """A definition to judge."""

    definition: Any


class OwnDefinition(Input):
    """A definition to judge instead of the draft's."""

    definition: Any = None


class ExportFormat(Query):
    """YAML or JSON."""

    format: Literal["yaml", "json"] = "yaml"
    version: int | None = Field(None, ge=1, le=2**31 - 1)


class WorkflowsView(Resource):
    """List and create."""

    actions = {"get": "workflow.read", "post": "workflow.create"}

    @described("List workflows", answer=WorkflowPage, query=WorkflowList, workspace=True)
    def get(self, request: Request) -> Response:
        """A page of live (or archived) workflows with the last executions of each."""
        asked = self.query(WorkflowList)
        field = asked.sort.lstrip("-")
        kind: type = str if field == "name" else datetime
        rows = queries.workflows(
            workspace_ids=self.workspace_ids("workflow.read"),
            search=asked.search,
            archived=asked.archived,
            sort=asked.sort,
            after=pagination.decode(asked.cursor, kind, UUID),
            limit=asked.limit + 1,
        )
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(getattr(row, field), row.id)
        )
        recent = engine.recent([row.id for row in page])
        results = [shown(row, principal=self.principal, recent=recent.get(row.id, [])) for row in page]
        return Response({"results": results, "next": following})

    @described(
        "Create a workflow", body=NewWorkflow, answer=Workflow, status=201, workspace=True, errors=(409, 422)
    )
    def post(self, request: Request) -> Response:
        """A workflow with its draft; the definition is stored, not judged."""
        workspace_id = self.workspace_id("workflow.create")
        given = self.body(NewWorkflow)
        workflow = operations.create(
            workspace_id=workspace_id,
            name=given.name,
            description=given.description,
            content=Content(definition=given.definition, source=given.source, editor=given.editor),
            by=self.principal.user,
        )
        return Response(_one(workflow.id, self.principal), status=201)


class OneWorkflow(Resource):
    """Base of everything below ``/workflows/{workflow_id}``."""

    missing = "There is no such workflow."
    subject: models.Workflow

    def load(self, **ids: Any) -> models.Workflow:
        """The workflow, archived or not."""
        return queries.workflow(ids["workflow_id"])


class WorkflowView(OneWorkflow):
    """Read, rename, archive."""

    actions = {"get": "workflow.read", "patch": "workflow.edit", "delete": "workflow.archive"}

    @described("Read a workflow", answer=Workflow)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The workflow without its document."""
        return Response(_one(workflow_id, self.principal))

    @described("Rename a workflow", body=WorkflowChange, answer=Workflow, errors=(409, 422))
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Change name or description."""
        given = self.body(WorkflowChange)
        operations.rename(workflow_id, name=given.name, description=given.description)
        return Response(_one(workflow_id, self.principal))

    @described("Archive a workflow", status=204)
    def delete(self, request: Request, workflow_id: UUID) -> Response:
        """Take it out of lists; executions and versions stay."""
        operations.archive(workflow_id)
        return Response(status=204)


class DuplicateView(OneWorkflow):
    """Copy a workflow."""

    actions = {"post": "workflow.create"}

    @described("Duplicate a workflow", body=Duplicate, answer=Workflow, status=201, errors=(409, 422))
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """A new workflow with the same draft."""
        copy = operations.duplicate(workflow_id, name=self.body(Duplicate).name, by=self.principal.user)
        return Response(_one(copy.id, self.principal), status=201)


class ExportView(OneWorkflow):
    """The document as a file."""

    actions = {"get": "workflow.read"}

    @described("Export the document", answer=str, query=ExportFormat)
    def get(self, request: Request, workflow_id: UUID) -> HttpResponse:
        """YAML (the draft's own text while it is kept) or JSON; of the draft, or of a version."""
        asked = self.query(ExportFormat)
        held = queries.draft(workflow_id) if asked.version is None else None
        definition = (
            held.definition
            if held
            else queries.listed_version(workflow_id, number=asked.version or 1).definition
        )
        if asked.format == "json":
            return Response(definition)
        text = held.source if held is not None and held.source else formats.to_yaml(definition)
        return HttpResponse(text, content_type="application/yaml; charset=utf-8")


class ValidateView(OneWorkflow):
    """Judge the draft, or a definition in its place."""

    actions = {"post": "workflow.validate"}

    @described("Validate a draft", body=OwnDefinition, answer=Validation)
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Every problem at once; nothing is stored or evaluated."""
        given = self.body(OwnDefinition)
        sent = "definition" in given.model_fields_set
        definition = given.definition if sent else queries.draft(workflow_id).definition
        return Response(judged(definition, workspace_id=self.subject.workspace_id))


class ValidateAnyView(Resource):
    """Judge any definition."""

    actions = {"post": "workflow.validate"}

    @described("Validate a definition", body=AnyDefinition, answer=Validation, workspace=True)
    def post(self, request: Request) -> Response:
        """Every problem at once; nothing is stored or evaluated."""
        places = self.workspace_ids("workflow.validate")
        only = places[0] if len(places) == 1 else None
        return Response(judged(self.body(AnyDefinition).definition, workspace_id=only))


def judged(definition: Any, *, workspace_id: UUID | None) -> dict[str, Any]:
    """{"valid", "problems"}. Raises PayloadTooLarge for what no draft could hold."""
    limits.check_size(definition)
    found = operations.problems(definition, workspace_id=workspace_id)
    return {"valid": all(row["severity"] != "error" for row in found), "problems": found}


def shown(row: models.Workflow, *, principal: Principal, recent: list[dict[str, Any]]) -> dict[str, Any]:
    """A workflow's row; ``row`` carries ``latest``."""
    return {
        "id": row.id,
        "workspace_id": row.workspace_id,
        "name": row.name,
        "description": row.description,
        "latest_version": row.latest,  # type: ignore[attr-defined]
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "archived_at": row.archived_at,
        "recent": recent,
        "can": can(row, principal),
    }


def can(row: models.Workflow, principal: Principal) -> Mapping[str, Any]:
    """Action → True, or the reason why not."""
    answers: dict[str, Any] = {
        name: principal.refusal(row.workspace_id, action) or True for name, action in ACTIONS.items()
    }
    if row.archived_at is not None:
        answers = dict.fromkeys(answers, "The workflow is archived.")
    elif answers["start"] is True and row.latest is None:  # type: ignore[attr-defined]
        answers["start"] = "The workflow was never published."
    return answers


def _one(workflow_id: UUID, principal: Principal) -> dict[str, Any]:
    row = queries.workflow(workflow_id)
    recent = engine.recent([row.id]).get(row.id, [])
    return {**shown(row, principal=principal, recent=recent), "draft_rev": queries.draft(workflow_id).rev}
