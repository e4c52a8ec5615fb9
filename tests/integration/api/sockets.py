"""A WebSocket client beside the application, without a server between; and what tests of streams share."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.test import Client
from pydantic import TypeAdapter

from fermata.api import frames
from fermata.api.stream.routing import websocket_urlpatterns
from tests.factories import MembershipFactory

STREAM: TypeAdapter[Any] = TypeAdapter(frames.StreamFrame)
LIST: TypeAdapter[Any] = TypeAdapter(frames.ListFrame)
application = URLRouter(websocket_urlpatterns)


class Socket(ApplicationCommunicator):
    """A WebSocket client beside the application, without a server between."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]], *, extensions: Any = None) -> None:
        bare, _, query = path.partition("?")
        self.scope = {
            "type": "websocket",
            "path": bare,
            "query_string": query.encode(),
            "headers": headers,
            "extensions": extensions or {},
        }
        super().__init__(application, self.scope)

    async def connect(self) -> dict[str, Any]:
        await self.send_input({"type": "websocket.connect"})
        return await self.receive_output(30)

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


def path_of(execution: Any, query: str = "") -> str:
    return f"/api/v1/workflows/executions/{execution.id}/ws{query}"


def bearer(caller) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {caller.token}".encode())]


@asynccontextmanager
async def opened(path: str, headers: list[tuple[bytes, bytes]]) -> AsyncIterator[Socket]:
    socket = Socket(path, headers)
    assert (await socket.connect())["type"] == "websocket.accept"
    try:
        yield socket
    finally:
        await socket.disconnect()


async def refused(path: str, headers: list[tuple[bytes, bytes]]) -> int:
    """The HTTP status the handshake is refused with."""
    socket = Socket(path, headers, extensions={"websocket.http.response": {}})
    answer = await socket.connect()
    assert answer["type"] == "websocket.http.response.start", answer
    body = await socket.receive_output(30)
    assert json.loads(body["body"])["status"] == answer["status"]
    await socket.wait(5)
    return answer["status"]


async def frame(socket: Socket, *kinds: str) -> dict[str, Any]:
    """The next frame of these kinds; others in between are passed over, all must be as described."""
    union = LIST if socket.scope["path"].endswith("/executions/ws") else STREAM
    while True:
        message = await socket.receive_output(30)
        assert message["type"] == "websocket.send", message
        found: dict[str, Any] = json.loads(message["text"])
        union.validate_json(message["text"])
        if found["type"] in kinds:
            return found


async def close_code(socket: Socket) -> int:
    while True:
        message = await socket.receive_output(30)
        if message["type"] == "websocket.close":
            return message["code"]


def signed_in(workspace, client: Client | None = None) -> list[tuple[bytes, bytes]]:
    client = client or Client()
    client.force_login(MembershipFactory(workspace=workspace).user)
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
