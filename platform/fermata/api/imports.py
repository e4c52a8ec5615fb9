"""``/workflows/import`` and ``/workflows/{workflow_id}/import``: a document as the body, in JSON or YAML.

With ``?dry_run=true`` everything is checked and refused as the import would be, and nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.diffs import Diff, compared, draft_side
from fermata.api.parsing import StrictJsonParser, Text, TextParser, loads
from fermata.api.preconditions import etag, seen_rev
from fermata.api.resource import Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import DocumentProblem, Workflow
from fermata.api.validation import judged
from fermata.api.workflows import OneWorkflow, location, one
from fermata.errors import InvalidInput
from fermata.workflows import formats, models, operations, queries
from fermata.workflows.operations import Content

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
PARSERS: list[type[BaseParser]] = [
    StrictJsonParser,
    TextParser,
    *(type("YamlParser", (TextParser,), {"media_type": name}) for name in YAML_TYPES),
]
BODY: dict[str, Any] = {
    "application/json": {"type": "object", "minProperties": 1},
    "application/yaml": str,
    "text/plain": str,
}


class Outline(BaseModel):
    """What a document holds, to be recognised by."""

    nodes: int
    edges: int
    node_types: dict[str, int]
    inputs: list[str]


class Imported(BaseModel):
    """What the import did, or with ``dry_run`` would do."""

    dry_run: bool
    action: Literal["create", "replace"]
    name: str
    draft_rev: int
    valid: bool = Field(description="false: the draft takes it, but it cannot be published yet")
    problems: list[DocumentProblem]
    outline: Outline
    source_kept: bool = Field(description="the YAML text is kept with its comments")
    workflow: Workflow | None = Field(description="null for a dry run of a new workflow")
    diff: Diff | None = Field(None, description="against the draft that is replaced")


class Import(Query):
    """``dry_run``: a preview."""

    dry_run: bool = False


class ImportNew(Import):
    """``name`` in place of the document's own."""

    name: str | None = Field(None, max_length=1000)


class ImportNewView(Resource):
    """Import into a new workflow."""

    actions = {"post": "workflow.create"}
    parser_classes = PARSERS

    @described(
        "Import a document as a new workflow",
        body=BODY,
        answer=Imported,
        status=201,
        query=ImportNew,
        workspace=True,
        errors=(409, 422),
        also={200: Imported},
    )
    def post(self, request: Request) -> Response:
        """A workflow whose draft is the document, valid or not; 409 when its name is taken."""
        workspace_id = self.workspace_id("workflow.create")
        asked = self.query(ImportNew)
        content = _content(request.data)

        def write() -> tuple[dict[str, Any], models.Draft]:
            made = operations.create(
                workspace_id=workspace_id,
                name=_name(asked.name, content.definition),
                content=content,
                by=self.principal.user,
            )
            return one(made.id, self.principal), queries.draft(made.id)

        shown, draft = operations.rehearsed(write) if asked.dry_run else write()
        answer = {
            **_told(draft, asked, name=shown["name"], workspace_id=workspace_id, action="create"),
            "workflow": None if asked.dry_run else shown,
        }
        if asked.dry_run:
            return Response(answer)
        return Response(answer, status=201, headers=location(shown["id"]))


class ImportView(OneWorkflow):
    """Import onto a workflow's draft."""

    actions = {"post": "workflow.edit"}
    parser_classes = PARSERS

    @described(
        "Import a document onto a draft",
        body=BODY,
        answer=Imported,
        query=Import,
        needs=("If-Match",),
        errors=(409, 412, 422, 428),
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """The document becomes the draft's, as a new rev; the answer says what differs."""
        rev = seen_rev(request)
        asked = self.query(Import)
        content = _content(request.data)

        def write() -> operations.Replaced:
            return operations.replace_document(workflow_id, content=content, rev=rev, by=self.principal.user)

        done = operations.rehearsed(write) if asked.dry_run else write()
        shown = one(workflow_id, self.principal)
        old, new = draft_side(done.draft.rev - 1), {"version": "import", "draft_rev": None, "digest": None}
        differing = compared(done.before, done.draft.definition, old, new, text=True)
        answer = {
            **_told(
                done.draft, asked, name=shown["name"], workspace_id=shown["workspace_id"], action="replace"
            ),
            "workflow": shown,
            "diff": {"from": old, "to": new, **differing},
        }
        return Response(answer, headers={"ETag": etag(shown["draft_rev"])})


def _content(data: Any) -> Content:
    """The body's document. Raises InvalidRequest, InvalidInput for what is none."""
    if isinstance(data, Text):
        if not data.lstrip().startswith("{"):
            return Content(definition=formats.from_yaml(str(data)), source=str(data))
        data = loads(data.encode())
    if not isinstance(data, dict) or not data:
        raise _refused(
            "no_document", "", "The body holds no document.", "Send one as JSON or YAML: an object."
        )
    return Content(definition=data)


def _name(given: str | None, definition: Any) -> str:
    found = given if given is not None else definition.get("name")
    if not isinstance(found, str):
        cure = "Give the document a `name`, or add ?name=."
        raise _refused("missing_name", "/name", "The document has no name.", cure)
    return found


def _refused(code: str, pointer: str, message: str, cure: str) -> InvalidInput:
    row = {"code": code, "pointer": pointer, "message": message, "cure": cure}
    return InvalidInput(message, problems=[row])


def _told(
    draft: models.Draft, asked: Import, *, name: str, workspace_id: UUID, action: str
) -> dict[str, Any]:
    """What both kinds of import answer."""
    return {
        "dry_run": asked.dry_run,
        "action": action,
        "name": name,
        "draft_rev": draft.rev,
        **judged(draft.definition, workspace_id=workspace_id),
        "outline": outline(draft.definition),
        "source_kept": draft.source is not None,
    }


def outline(definition: dict[str, Any]) -> dict[str, Any]:
    """An ``Outline`` of any object: what is not there counts as none."""
    nodes, edges = (
        [part for part in _list(definition, name) if isinstance(part, dict)] for name in ("nodes", "edges")
    )
    inputs = definition.get("inputs")
    fields = inputs.get("properties") if isinstance(inputs, dict) else None
    types = Counter(node["type"] for node in nodes if isinstance(node.get("type"), str))
    return {
        "nodes": len(nodes),
        "edges": len(edges),
        "node_types": dict(types.most_common(100)),
        "inputs": list(fields)[:100] if isinstance(fields, dict) else [],
    }


def _list(definition: dict[str, Any], name: str) -> list[Any]:
    found = definition.get(name)
    return found if isinstance(found, list) else []
