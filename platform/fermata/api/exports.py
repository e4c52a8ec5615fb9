"""``/workflows/{workflow_id}/export``: the document as a file."""

from __future__ import annotations

import re
from typing import Any, Literal
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from pydantic import field_validator
from rest_framework.request import Request

from fermata.api.resource import Query
from fermata.api.schema import described
from fermata.api.versions import Which, chosen, which
from fermata.api.workflows import OneWorkflow
from fermata.workflows import content, formats, queries

TYPES = {"yaml": "application/yaml; charset=utf-8", "json": "application/json"}
UNFIT = re.compile(r'[\\/:*?"<>|]+')
"""What file systems refuse in names."""


FILES = {"application/yaml": dict[str, Any], "application/json": dict[str, Any]}


class Export(Query):
    """Without a version the draft."""

    format: Literal["yaml", "json"] = "yaml"
    version: Which = "draft"

    _number = field_validator("version", mode="before")(which)


class ExportView(OneWorkflow):
    """The document as a file."""

    actions = {"get": "workflow.read"}

    @described("Export the document", answer=FILES, query=Export)
    def get(self, request: Request, workflow_id: UUID) -> HttpResponse:
        """YAML or JSON of the draft or a version; YAML with its comments while the draft's text holds it."""
        asked = self.query(Export)
        draft = queries.draft(workflow_id)
        version = chosen(workflow_id, asked.version)
        definition = draft.definition if version is None else version.definition
        body = (
            orjson.dumps(definition, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            if asked.format == "json"
            else content.kept_source(draft.source, definition) or formats.to_yaml(definition)
        )
        name = filename(
            self.subject.name, version=None if version is None else version.number, suffix=asked.format
        )
        headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
        return HttpResponse(body, content_type=TYPES[asked.format], headers=headers)


def filename(name: str, *, version: int | None, suffix: str) -> str:
    """A workflow's name as that of a file: ``Pay invoices-v3.yaml``."""
    stem = UNFIT.sub("-", name).strip(". ") or "workflow"
    return f"{stem}{'' if version is None else f'-v{version}'}.{suffix}"
