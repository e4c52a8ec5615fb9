"""``/workflows/templates``: documents to begin with, ready to be sent to ``/workflows/import``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.imports import Outline, outline
from fermata.api.resource import Resource
from fermata.api.schema import described
from fermata.api.shapes import Next
from fermata.workflows.starters import Starter, starters


class Template(BaseModel):
    """A whole workflow that runs as it is."""

    name: str
    description: str
    outline: Outline
    source: str = Field(description="The document as YAML with its comments.")


class Templates(BaseModel):
    """Every template, the easiest first."""

    results: list[Template]
    next: Next


class TemplatesView(Resource):
    """The templates."""

    actions = {"get": "workflow.read"}

    @described("List templates", answer=Templates, workspace=True)
    def get(self, request: Request) -> Response:
        """The documents that a new workflow may begin with."""
        self.workspace_ids("workflow.read")
        return Response({"results": [_shown(starter) for starter in starters()], "next": None})


def _shown(starter: Starter) -> dict[str, Any]:
    return {
        "name": starter.name,
        "description": starter.definition.get("description", ""),
        "outline": outline(starter.definition),
        "source": starter.source,
    }
