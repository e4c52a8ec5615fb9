"""``/workflows``: list, create, read, rename, archive, unarchive, duplicate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.resource import Input, Query, Resource, several
from fermata.api.schema import described
from fermata.api.shapes import Workflow, WorkflowPage
from fermata.engine import queries as engine
from fermata.workflows import models, operations, queries
from fermata.workflows.naming import LONGEST_NAME
from fermata.workflows.operations import Content

ACTIONS = {
    "edit": "workflow.edit",
    "publish": "workflow.publish",
    "archive": "workflow.archive",
    "unarchive": "workflow.unarchive",
    "duplicate": "workflow.create",
    "start": "workflow.start",
    "start_draft": "workflow.start_draft",
}
WHILE_ARCHIVED = {"unarchive", "duplicate"}
"""What an archived workflow still allows."""


class WorkflowList(Query):
    """Every filter given must hold."""

    search: str = Field("", max_length=200, description="words that stand in the name or the description")
    name: str | None = Field(None, max_length=200, description="exactly this name")
    archived: bool = False
    published: bool | None = Field(None, description="false: never published")
    changed: bool | None = Field(None, description="the draft was saved since the newest version")
    errors: bool | None = Field(None, description="the draft has errors, as of its last save")
    created_by: str | None = Field(None, max_length=150, description="a username")
    last_status: str | None = Field(
        None,
        max_length=200,
        description="the last execution's: one or several, with commas, or `none`",
        json_schema_extra=several(engine.LAST_STATUSES),
    )
    sort: Literal["updated_at", "-updated_at", "created_at", "-created_at", "name", "-name"] = "-updated_at"
    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)

    @field_validator("last_status")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        unknown = [name for name in (text or "").split(",") if text and name not in engine.LAST_STATUSES]
        if unknown:
            raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(engine.LAST_STATUSES)}")
        return text

    def filters(self) -> queries.Filters:
        """The same for the query."""
        return queries.Filters(
            search=self.search,
            name=self.name,
            archived=self.archived,
            published=self.published,
            changed=self.changed,
            errors=self.errors,
            created_by=self.created_by,
            among=engine.last_went(self.last_status.split(",")) if self.last_status else None,
        )


Name = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_NAME})]
"""Of a workflow; what is none is answered with what would be one."""


class NewWorkflow(Input):
    """Give a definition, or YAML ``source``, or neither for an empty document."""

    name: Name
    description: str = Field("", max_length=10_000)
    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = Field(default_factory=dict)


class WorkflowChange(Input):
    """What is left out stays."""

    name: Name | None = None
    description: str | None = Field(None, max_length=10_000)


class Duplicate(Input):
    """Without a name the first free "… copy" is taken; without a version the draft."""

    name: Name | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["latest", "draft"] = "draft"


class Unarchive(Input):
    """A new name, in case the old one was taken meanwhile."""

    name: Name | None = None


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
            filters=asked.filters(),
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
        return created(workflow.id, self.principal)


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
        return Response(one(workflow_id, self.principal))

    @described("Rename a workflow", body=WorkflowChange, answer=Workflow, errors=(409, 422))
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Change name or description."""
        given = self.body(WorkflowChange)
        operations.rename(workflow_id, name=given.name, description=given.description)
        return Response(one(workflow_id, self.principal))

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
        """A new workflow with the same draft, or with a version as its draft; archived ones can be copied."""
        given = self.body(Duplicate)
        version = None if given.version == "draft" else given.version
        copy = operations.duplicate(workflow_id, name=given.name, version=version, by=self.principal.user)
        return created(copy.id, self.principal)


class UnarchiveView(OneWorkflow):
    """Bring an archived workflow back."""

    actions = {"post": "workflow.unarchive"}

    @described("Unarchive a workflow", body=Unarchive, answer=Workflow, errors=(409, 422))
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Put it back into lists and references; 409 when its name was taken and no other is given."""
        operations.unarchive(workflow_id, name=self.body(Unarchive).name)
        return Response(one(workflow_id, self.principal))


def created(workflow_id: UUID, principal: Principal) -> Response:
    """The answer to whatever made a workflow."""
    return Response(one(workflow_id, principal), status=201, headers=location(workflow_id))


def location(workflow_id: UUID) -> dict[str, str]:
    """Where a new workflow is read."""
    return {"Location": f"/api/v1/workflows/{workflow_id}"}


def shown(row: Any, *, principal: Principal, recent: list[dict[str, Any]]) -> dict[str, Any]:
    """A workflow's row, from one that :mod:`fermata.workflows.queries` has read."""
    return {
        "id": row.id,
        "workspace_id": row.workspace_id,
        "name": row.name,
        "description": row.description,
        "latest_version": row.latest,
        "draft_rev": row.draft_rev,
        "draft_errors": row.draft_errors,
        "changed": row.latest_rev is None or row.latest_rev != row.draft_rev,
        "created_by": row.creator,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "archived_at": row.archived_at,
        "recent": recent,
        "can": can(row, principal),
    }


def can(row: Any, principal: Principal) -> Mapping[str, Any]:
    """Action → True, or the reason why not."""
    answers: dict[str, Any] = {
        name: principal.refusal(row.workspace_id, action) or True for name, action in ACTIONS.items()
    }
    if row.archived_at is not None:
        refused = dict.fromkeys(answers.keys() - WHILE_ARCHIVED, operations.ARCHIVED)
        return {name: refused.get(name, answer) for name, answer in answers.items()}
    if answers["start"] is True and row.latest is None:
        answers["start"] = "The workflow was never published."
    return {**answers, "unarchive": "The workflow is not archived."}


def one(workflow_id: UUID, principal: Principal) -> dict[str, Any]:
    """A workflow as reads of one answer it."""
    row = queries.workflow(workflow_id)
    return shown(row, principal=principal, recent=engine.recent([row.id]).get(row.id, []))
