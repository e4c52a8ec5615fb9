"""A context to perform nodes in, and a local HTTP server that misbehaves on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from fermata.nodes.catalogue import BUILTIN, Catalogue
from fermata.nodes.contract import Context

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
TYPES = Catalogue(BUILTIN)

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def context() -> Callable[..., Context]:
    def make(**values: Any) -> Context:
        given = {
            "execution_id": "e",
            "step_id": "s",
            "node_id": "n",
            "workspace_id": "w",
            "attempt": 1,
            "idempotency_key": "e:n::1",
            "now": NOW,
        }
        return Context(**{**given, **values})

    return make


@pytest.fixture
def perform(context: Callable[..., Context]) -> Callable[..., Any]:
    """Read the (rendered) config and perform the type, as an engine does."""

    def run(name: str, config: dict[str, Any], **values: Any) -> Any:
        node_type = TYPES.find(name)
        assert node_type is not None
        read = node_type.read(config)
        return read if not isinstance(read, node_type.Config) else node_type.perform(read, context(**values))

    return run


@pytest.fixture
def pointers() -> Callable[[str, Any], set[str]]:
    """Where a type finds fault with a config."""

    def find(name: str, config: Any) -> set[str]:
        node_type = TYPES.find(name)
        assert node_type is not None
        return {problem.pointer for problem in node_type.problems(config)}

    return find


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Site:
    """A server on loopback: ``answers`` by path; what it was asked is in ``seen``."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.name}{path}"


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer; ``content_type`` becomes Content-Type."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def new_site() -> Iterator[Callable[[], Site]]:
    servers: list[tuple[Site, ThreadingHTTPServer, threading.Thread]] = []

    def start() -> Site:
        site = Site()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.seen.append(Seen(self.command, self.path, headers, body))
                self.close_connection = True
                try:
                    site.answers.get(self.path.partition("?")[0], reply(404))(self)
                except OSError:
                    self.close_connection = True  # the client hung up, as it may

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *args: Any) -> None:
                """Nothing is logged."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((site, server, thread))
        return site

    yield start
    for site, server, thread in servers:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    return new_site()
