"""``/node-types``: the catalogue with JSON Schemas, from which forms are drawn."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.rendering import dumps
from fermata.api.resource import Resource
from fermata.api.schema import described
from fermata.api.shapes import NodeTypes
from fermata.nodes.catalogue import catalogue


class NodeTypesView(Resource):
    """The catalogue."""

    actions = {"get": "node_type.read"}

    @described("List node types", answer=NodeTypes, workspace=True)
    def get(self, request: Request) -> Response:
        """Every type with ports, effect and the JSON Schema of its config; 304 for a known ``ETag``."""
        self.workspace_ids("node_type.read")
        headers = {"ETag": _etag(), "Cache-Control": "private, no-cache"}
        if request.META.get("HTTP_IF_NONE_MATCH", "").strip() == _etag():
            return Response(status=304, headers=headers)
        return Response({"results": list(catalogue().describe()), "next": None}, headers=headers)


@lru_cache(maxsize=1)
def _etag() -> str:
    """The catalogue never changes while a process lives."""
    return f'"{hashlib.sha256(dumps(list(catalogue().describe()))).hexdigest()[:32]}"'
