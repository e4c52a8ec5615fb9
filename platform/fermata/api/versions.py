"""``/workflows/{workflow_id}/publish`` and ``versions``."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import queries as accounts
from fermata.api import pagination
from fermata.api.resource import Input, Query
from fermata.api.schema import described
from fermata.api.shapes import JustPublished, Version, VersionPage
from fermata.api.workflows import OneWorkflow
from fermata.workflows import models, operations, queries

Which = Annotated[int, Field(ge=1, le=2**31 - 1)] | Literal["draft", "latest"]


class Publish(Input):
    """``draft_rev``: publish only if the draft is still this one."""

    draft_rev: int | None = Field(None, ge=1, le=2**31 - 1)


class VersionList(Query):
    """A page of versions."""

    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


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


def which(text: str) -> Any:
    """A version as query strings name it: a number, ``latest`` or ``draft``."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else text


def chosen(workflow_id: UUID, version: int | Literal["draft", "latest"]) -> models.Version | None:
    """The version that was asked for, None for the draft. Raises NotFound."""
    return None if version == "draft" else queries.listed_version(workflow_id, number=version)


def _published(row: models.Version) -> dict[str, Any]:
    return {"id": row.id, "version": row.number, "digest": row.digest, "created_at": row.created_at}


def _row(row: models.Version, names: dict[UUID, str]) -> dict[str, Any]:
    by = names.get(row.created_by) if row.created_by else None
    return {**_published(row), "draft_rev": row.draft_rev, "created_by": by}
