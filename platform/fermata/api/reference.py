"""``/schema`` (OpenAPI) and ``/schema/document`` (JSON Schema); ``/api/docs``: Swagger UI."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from ruamel.yaml import YAML

from fermata.api.openapi import PATH
from fermata.api.resource import PUBLIC, Query, Resource
from fermata.api.schema import described
from fermata.graph import schema as graph
from fermata.nodes.catalogue import catalogue

FORMATS = {"application/yaml": dict[str, Any], "application/json": dict[str, Any]}


class SchemaFormat(Query):
    """YAML or JSON."""

    format: Literal["yaml", "json"] = "yaml"


class SchemaView(Resource):
    """The OpenAPI document."""

    actions = {"get": PUBLIC}
    authentication_classes = []

    @described("Read the OpenAPI document", answer=FORMATS, query=SchemaFormat)
    def get(self, request: Request) -> HttpResponse | Response:
        """As YAML or JSON."""
        if self.query(SchemaFormat).format == "json":
            return Response(_document())
        return HttpResponse(PATH.read_bytes(), content_type="application/yaml; charset=utf-8")


class DocumentSchemaView(Resource):
    """The JSON Schema of workflow documents, with every node type of this installation."""

    actions = {"get": PUBLIC}
    authentication_classes = []

    @described("Read the JSON Schema of workflow documents", answer=dict)
    def get(self, request: Request) -> Response:
        """Editors may refer to it: ``# yaml-language-server: $schema=<this address>``."""
        return Response(document_schema())


DOCS = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fermata: REST interface</title>
<link rel="stylesheet" href="{ui}/swagger-ui.css">
</head>
<body><div id="docs"></div>
<script src="{ui}/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""

START = """
const cookie = name => (document.cookie.match("(^|; )" + name + "=([^;]*)") || [])[2] || "";
SwaggerUIBundle({
  url: "/api/v1/schema",
  dom_id: "#docs",
  deepLinking: true,
  requestInterceptor: request => {
    request.headers["X-CSRFToken"] = cookie("csrftoken");
    return request;
  },
});
"""


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI; all its files come from here."""
    return HttpResponse(DOCS.format(ui=static("drf_spectacular_sidecar/swagger-ui-dist")))


@require_safe
def docs_script(request: HttpRequest) -> HttpResponse:
    """What starts Swagger UI.

    A file of its own, because the content security policy allows no script in the page.
    """
    return HttpResponse(START, content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=1)
def document_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document whose nodes are of the types installed here."""
    return graph.document_schema(catalogue())


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load(PATH.read_text(encoding="utf-8")))
