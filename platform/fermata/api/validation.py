"""``/workflows/validate`` and ``/workflows/{workflow_id}/validate``: every problem of a document at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.resource import Input, Resource
from fermata.api.schema import described
from fermata.api.shapes import Validation
from fermata.api.workflows import OneWorkflow
from fermata.workflows import limits, operations, queries


class AnyDefinition(Input):
    """A definition to judge."""

    definition: Any


class OwnDefinition(Input):
    """A definition to judge instead of the draft's."""

    definition: Any = None


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
