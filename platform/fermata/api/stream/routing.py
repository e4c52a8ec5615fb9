"""The WebSocket addresses."""

from __future__ import annotations

from typing import Any

from django.urls import re_path

from fermata.api.stream.consumer import ExecutionConsumer, refuse


async def nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Any other address: refused at the handshake."""
    await receive()
    await refuse(scope, send, 404)


ID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

websocket_urlpatterns = [
    re_path(
        rf"^api/v1/workflows/executions/(?P<execution_id>{ID})/ws/?$",
        ExecutionConsumer.as_asgi(),
    ),
    re_path(r"^.*$", nowhere),  # type: ignore[arg-type]
]
