"""A service that only looks like one: REST answers from a table, frames over a real WebSocket."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.sync.server import Server, ServerConnection, serve

from fermata.cli.interface import Interface
from fermata.cli.terminal import Terminal

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Service:
    """`answers` maps "METHOD path" to what comes; `asked` keeps every request."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path.removeprefix("/api/v1")
        answer = self.answers.get(f"{request.method} {path}")
        if answer is None:
            return self.problem(404, "not_found", "There is no such address.")
        if callable(answer):
            answer = answer(request)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @staticmethod
    def problem(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
        body = {"status": status, "title": "Title", "code": code, "detail": detail, **more}
        return httpx.Response(status, json=body)

    def interface(self, url: str = "http://localhost:8000") -> Interface:
        return Interface(url, token="secret", transport=httpx.MockTransport(self.handle))

    def body(self, index: int = -1) -> Any:
        return json.loads(self.asked[index].content)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(out=io.StringIO(), err=io.StringIO())


@pytest.fixture
def websocket() -> Iterator[Callable[[Callable[[ServerConnection], None]], str]]:
    """Serve a handler; answers the service's address."""
    servers: list[tuple[Server, threading.Thread]] = []

    def start(handler: Callable[[ServerConnection], None], **options: Any) -> str:
        server = serve(handler, "127.0.0.1", 0, **options)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join(timeout=5)
