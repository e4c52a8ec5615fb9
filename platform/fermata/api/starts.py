"""``/workflows/{workflow_id}/executions``: start one (202), list those of the workflow."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.execution_list import ExecutionList, listed
from fermata.api.problems import InvalidRequest
from fermata.api.rendering import dumps
from fermata.api.resource import Input, Resource
from fermata.api.schema import described
from fermata.api.shapes import ExecutionPage, Started
from fermata.engine import operations
from fermata.engine import queries as engine
from fermata.engine.operations import Idempotency, Startable
from fermata.errors import Conflict, InvalidInput
from fermata.workflows import queries
from fermata.workflows.operations import ARCHIVED, ARCHIVED_CURE, freeze_draft

LONGEST_KEY = 255


class Start(Input):
    """``version``.

    A number, ``latest`` (the default) or ``draft``, which is validated and frozen for this start.
    """

    input: Any = Field(default_factory=dict)
    version: int | Literal["latest", "draft"] = "latest"
    draft_rev: int | None = Field(None, ge=1, le=2**31 - 1)
    priority: int | None = Field(None, ge=0, le=9)
    debug: bool = False
    variables: dict[str, Any] | None = None
    workflow_key: str | None = Field(None, min_length=1, max_length=200)
    tags: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=list, max_length=50
    )


class StartsView(Resource):
    """Start and list the executions of a workflow."""

    actions = {"get": "execution.read", "post": "workflow.start"}
    missing = "There is no such workflow."
    subject: queries.StartTarget

    def load(self, **ids: Any) -> queries.StartTarget:
        """What a start needs to know of the workflow."""
        return queries.start_target(ids["workflow_id"])

    @described("List executions of a workflow", answer=ExecutionPage, query=ExecutionList)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """Newest first."""
        asked = self.query(ExecutionList)
        return Response(
            listed(
                asked, self.principal, workspace_ids=[self.subject.workspace_id], workflow_ids=[workflow_id]
            )
        )

    @described(
        "Start an execution",
        body=Start,
        answer=Started,
        status=202,
        headers=("Idempotency-Key",),
        errors=(409, 412, 422),
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Accept an execution; the same request with the same Idempotency-Key starts it once."""
        given = self.body(Start)
        _check_kind(given.input)
        if given.version == "draft":
            self.require(self.subject.workspace_id, "workflow.start_draft")
        idempotency = self._idempotency(request)
        if idempotency is not None:
            before = engine.replayed(
                workspace_id=self.subject.workspace_id,
                route=idempotency.route,
                key=idempotency.key,
                request_digest=idempotency.request_digest,
            )
            if before is not None:
                return _replay(before.execution)
        if self.subject.archived_at is not None:
            raise Conflict(ARCHIVED, cure=ARCHIVED_CURE)
        version = self._version(given, workflow_id)
        started = operations.start(
            workspace_id=self.subject.workspace_id,
            version=version,
            input=given.input,
            started_by=self.principal.name,
            workflow_key=given.workflow_key,
            priority=given.priority,
            variables=given.variables,
            debug=given.debug,
            tags=given.tags,
            idempotency=idempotency,
        )
        row = {
            "id": started.id,
            "workflow_id": workflow_id,
            "version": started.version or "draft",
            "created_at": started.created_at,
        }
        return _replay(row) if started.replayed else Response(_answer(row), 202, headers=_location(row))

    def _version(self, given: Start, workflow_id: UUID) -> Startable:
        if given.version == "draft":
            return freeze_draft(workflow_id, by=self.principal.user, rev=given.draft_rev)
        if given.draft_rev is not None:
            raise InvalidInput("`draft_rev` goes with version `draft` only.", cure='Send "version": "draft".')
        if given.version != "latest":
            return queries.listed_version(workflow_id, number=given.version)
        if self.subject.latest is None:
            raise queries.never_published()
        return self.subject.latest

    def _idempotency(self, request: Request) -> Idempotency | None:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return None
        if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            cure = f"Send 1 to {LONGEST_KEY} printable ASCII characters, such as a UUID."
            raise InvalidRequest("The Idempotency-Key cannot be used.", cure=cure)
        digest = hashlib.sha256(dumps(request.data)).digest()
        return Idempotency(route=f"start:{self.subject.id}", key=key, request_digest=digest)


def _check_kind(given: Any) -> None:
    """An execution's input is an object, also where the workflow declares none."""
    if given is not None and not isinstance(given, dict):
        row = {
            "code": "invalid_input",
            "pointer": "/input",
            "message": "An execution's input is an object.",
            "cure": 'Send {"name": value, …}.',
        }
        raise InvalidInput(row["message"], problems=[row])


def _replay(row: dict[str, Any]) -> Response:
    return Response(_answer(row), status=202, headers={**_location(row), "Idempotent-Replay": "true"})


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    """The status is the one every execution begins with: a repeated start answers the same body."""
    return {
        "id": row["id"],
        "status": "queued",
        "workflow_id": row["workflow_id"],
        "version": row["version"],
        "created_at": row["created_at"],
    }


def _location(row: dict[str, Any]) -> dict[str, str]:
    return {"Location": f"/api/v1/workflows/executions/{row['id']}"}
