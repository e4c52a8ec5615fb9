"""``/workflows/{workflow_id}/draft``, ``publish`` and ``versions``."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import queries as accounts
from fermata.api import pagination
from fermata.api.parsing import JsonPatchParser, StrictJsonParser
from fermata.api.problems import InvalidRequest, PreconditionRequired
from fermata.api.resource import Input, Query
from fermata.api.schema import described
from fermata.api.shapes import Draft, JustPublished, Version, VersionPage
from fermata.api.workflows import OneWorkflow
from fermata.workflows import models, operations, queries
from fermata.workflows.operations import Content, shown_draft


class DraftContent(Input):
    """The whole draft. Without ``definition`` it is read from ``source``."""

    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = Field(default_factory=dict)


class Publish(Input):
    """``draft_rev``: publish only if the draft is still this one."""

    draft_rev: int | None = Field(None, ge=1, le=2**31 - 1)


class VersionList(Query):
    """A page of versions."""

    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class DraftView(OneWorkflow):
    """Read and change the draft; its ``ETag`` is its rev."""

    actions = {"get": "workflow.read", "patch": "workflow.edit", "put": "workflow.edit"}
    parser_classes = [StrictJsonParser, JsonPatchParser]

    @described("Read the draft", answer=Draft)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The document being edited; 304 when ``If-None-Match`` names its rev."""
        draft = queries.draft(workflow_id)
        if request.META.get("HTTP_IF_NONE_MATCH", "").strip() == _etag(draft.rev):
            return Response(status=304, headers={"ETag": _etag(draft.rev)})
        return _answer(draft)

    @described(
        "Patch the draft",
        body={"application/json-patch+json": list[dict[str, Any]], "application/json": list[dict[str, Any]]},
        answer=Draft,
        headers=("If-Match",),
        errors=(409, 412, 422, 428),
    )
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Apply an RFC 6902 patch whose paths begin with /definition, /source or /editor."""
        rev = self._seen()
        return _answer(
            operations.save_draft(workflow_id, patch=request.data, rev=rev, by=self.principal.user)
        )

    @described(
        "Replace the draft",
        body=DraftContent,
        answer=Draft,
        headers=("If-Match",),
        errors=(409, 412, 422, 428),
    )
    def put(self, request: Request, workflow_id: UUID) -> Response:
        """Put a whole new content in the draft."""
        rev = self._seen()
        given = self.body(DraftContent)
        if given.definition is None and given.source is None:
            raise InvalidRequest("Send a definition or a source.", cure="Add `definition`.")
        content = Content(definition=given.definition, source=given.source, editor=given.editor)
        return _answer(
            operations.replace_draft(workflow_id, content=content, rev=rev, by=self.principal.user)
        )

    def _seen(self) -> int | None:
        """The rev in If-Match; None for ``*``."""
        header = self.request.META.get("HTTP_IF_MATCH", "").strip()
        if header == "*":
            return None
        digits = header.removeprefix("W/").strip('"')
        if not header:
            raise PreconditionRequired(cure='Add the header If-Match: "<rev>" with the rev you have read.')
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            raise InvalidRequest("If-Match holds no rev.", cure='Send If-Match: "<rev>", such as "12".')
        return int(digits)


class PublishView(OneWorkflow):
    """Make the draft a version."""

    actions = {"post": "workflow.publish"}

    @described("Publish", body=Publish, answer=JustPublished, status=201, errors=(409, 412, 422))
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """The draft as the next version; 422 with every problem when it is not valid."""
        rev = self.body(Publish).draft_rev
        version = operations.publish(workflow_id, by=self.principal.user, rev=rev)
        warnings = operations.problems(version.definition, workspace_id=version.workspace_id)
        return Response({**_published(version), "warnings": warnings}, status=201)


class VersionsView(OneWorkflow):
    """The versions of a workflow."""

    actions = {"get": "workflow.read"}

    @described("List versions", answer=VersionPage, query=VersionList)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """Newest first."""
        asked = self.query(VersionList)
        before = pagination.decode(asked.cursor, int)
        rows = queries.versions(workflow_id, before=before[0] if before else None, limit=asked.limit + 1)
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row.number)
        )
        names = accounts.usernames([row.created_by for row in page if row.created_by])
        return Response({"results": [_row(row, names) for row in page], "next": following})


class VersionView(OneWorkflow):
    """One version."""

    actions = {"get": "workflow.read"}

    @described("Read a version", answer=Version)
    def get(self, request: Request, workflow_id: UUID, number: int) -> Response:
        """The version with its definition."""
        row = queries.listed_version(workflow_id, number=number)
        names = accounts.usernames([row.created_by] if row.created_by else [])
        return Response({**_row(row, names), "workflow_id": row.workflow_id, "definition": row.definition})


def _answer(draft: models.Draft) -> Response:
    return Response(shown_draft(draft), headers={"ETag": _etag(draft.rev)})


def _etag(rev: int) -> str:
    return f'"{rev}"'


def _published(row: models.Version) -> dict[str, Any]:
    return {"id": row.id, "version": row.number, "digest": row.digest, "created_at": row.created_at}


def _row(row: models.Version, names: dict[UUID, str]) -> dict[str, Any]:
    by = names.get(row.created_by) if row.created_by else None
    return {**_published(row), "draft_rev": row.draft_rev, "created_by": by}
