"""``/workflows/{workflow_id}/draft``: read, patch, replace, and restore a version into it."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, RootModel
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.parsing import JsonPatchParser, StrictJsonParser
from fermata.api.preconditions import etag, is_known, seen_rev
from fermata.api.resource import Input
from fermata.api.schema import described
from fermata.api.shapes import Draft
from fermata.api.workflows import OneWorkflow
from fermata.errors import InvalidInput
from fermata.workflows import models, operations, queries
from fermata.workflows.operations import Content, shown_draft

CHANGE_REFUSED = (409, 412, 422, 428)
"""How a change of a draft may be refused."""


class DraftContent(Input):
    """The whole draft. Without ``definition`` it is read from ``source``."""

    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = Field(default_factory=dict)


class PatchOperation(Input):
    """One operation of RFC 6902, as the description shows it."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    path: str = Field(description="begins with /definition, /source or /editor")
    value: Any = None
    from_: str | None = Field(None, alias="from")


class Patch(RootModel[list[PatchOperation]]):
    """Operations, applied in order, all or none."""


class Restore(Input):
    """Which version to go back to."""

    version: int = Field(ge=1, le=2**31 - 1)


class DraftView(OneWorkflow):
    """Read and change the draft; its ``ETag`` is its rev."""

    actions = {"get": "workflow.read", "patch": "workflow.edit", "put": "workflow.edit"}
    parser_classes = [StrictJsonParser, JsonPatchParser]

    @described("Read the draft", answer=Draft)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The document being edited; 304 when ``If-None-Match`` names its rev."""
        draft = queries.draft(workflow_id)
        if is_known(request, draft.rev):
            return Response(status=304, headers={"ETag": etag(draft.rev)})
        return answered(draft)

    @described(
        "Patch the draft",
        body={"application/json-patch+json": Patch},
        answer=Draft,
        needs=("If-Match",),
        errors=CHANGE_REFUSED,
    )
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Apply an RFC 6902 patch whose paths begin with /definition, /source or /editor."""
        rev = seen_rev(request)
        return answered(
            operations.save_draft(workflow_id, patch=request.data, rev=rev, by=self.principal.user)
        )

    @described(
        "Replace the draft",
        body={"application/json": DraftContent},
        answer=Draft,
        needs=("If-Match",),
        errors=CHANGE_REFUSED,
    )
    def put(self, request: Request, workflow_id: UUID) -> Response:
        """Put a whole new content in the draft."""
        rev = seen_rev(request)
        given = self.body(DraftContent)
        if given.definition is None and given.source is None:
            raise InvalidInput("Send a definition or a source.", cure="Add `definition`.")
        content = Content(definition=given.definition, source=given.source, editor=given.editor)
        return answered(
            operations.replace_draft(workflow_id, content=content, rev=rev, by=self.principal.user)
        )


class RestoreView(OneWorkflow):
    """Go back to a version."""

    actions = {"post": "workflow.edit"}

    @described(
        "Restore a version into the draft",
        body=Restore,
        answer=Draft,
        needs=("If-Match",),
        errors=CHANGE_REFUSED,
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """The version's definition becomes the draft's, as a new rev; publish it to put it in force."""
        given = self.body(Restore)
        rev = seen_rev(request)
        return answered(
            operations.restore(workflow_id, number=given.version, rev=rev, by=self.principal.user)
        )


def answered(draft: models.Draft) -> Response:
    """A draft with its ETag."""
    return Response(shown_draft(draft), headers={"ETag": etag(draft.rev)})
