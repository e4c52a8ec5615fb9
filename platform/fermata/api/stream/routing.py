"""The WebSocket addresses."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from fermata.api.stream.connection import refuse
from fermata.api.stream.execution import ExecutionStream
from fermata.api.stream.handshake import Refusal
from fermata.api.stream.listing import ListStream


async def nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other address: refused at the handshake."""
    await receive()
    await refuse(scope, send, Refusal(404, "There is no such address."))


ID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

websocket_urlpatterns = [
    re_path(r"^api/v1/workflows/executions/ws/?$", ListStream.as_asgi()),
    re_path(
        rf"^api/v1/workflows/executions/(?P<execution_id>{ID})/ws/?$",
        ExecutionStream.as_asgi(),
    ),
    re_path(r"^.*$", nowhere),  # type: ignore[arg-type]
]
