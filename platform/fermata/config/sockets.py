"""The server's WebSockets: uvicorn's, but a client that takes nothing any more does not stay for ever.

Such a client answers on the wire (it is alive, its window is shut), so neither a ping nor a close frame gets
through, and what is buffered for it would be kept as long as it likes.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

UNTAKEN_SECONDS = 30
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it


class WebSockets(WebSocketsSansIOProtocol):
    """``uvicorn --ws fermata.config.sockets:WebSockets``."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the system end a connection whose data nobody takes for half a minute."""
        super().connection_made(transport)
        connection: Any = transport.get_extra_info("socket")
        if _USER_TIMEOUT is not None and connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, UNTAKEN_SECONDS * 1000)
