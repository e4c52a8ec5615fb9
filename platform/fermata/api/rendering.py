"""JSON out: one encoder for responses and frames. Times are RFC 3339 in UTC, ids are text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def dumps(value: Any) -> bytes:
    """UTF-8 JSON. Integers beyond 64 bits (in values stored by nodes) are kept digit for digit."""
    try:
        return orjson.dumps(value, default=_plain, option=OPTIONS)
    except TypeError:
        return json.dumps(value, default=_text, ensure_ascii=False, allow_nan=False).encode(
            "utf-8", "replace"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _text(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=_plain, option=OPTIONS))


class JsonRenderer(BaseRenderer):
    """DRF's renderer on :func:`dumps`; problem documents get their own content type."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The body's bytes; none for an answer without a body."""
        response = (renderer_context or {}).get("response")
        if response is not None and getattr(response, "exception", False):
            response.content_type = response["Content-Type"] = "application/problem+json"
        return b"" if data is None else dumps(data)
