"""HTTP under ASGI: one thread a request, whose database connection is given back; and what a start costs."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from fermata.config.http import HttpHandler
from fermata.engine import prepared, store
from fermata.engine.models import Execution
from tests.factories import VersionFactory

SEEN: list[tuple[str, Any]] = []
OPEN: list[bool] = []
"""Whether the connection was kept while the answer left in parts."""


def seen(request: HttpRequest) -> HttpResponse:
    """Reads from the database, and notes where."""
    with connection.cursor() as database:
        database.execute("SELECT 1")
    SEEN.append((threading.current_thread().name, connections["default"]))
    return HttpResponse(request.body or b"nothing")


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    """Reads from the database, then answers in parts."""

    async def parts() -> Any:
        OPEN.append(SEEN[-1][1].connection is not None)
        yield b"one "
        yield b"two"

    seen(request)
    return StreamingHttpResponse(parts())


def broken(request: HttpRequest) -> HttpResponse:
    """Fails."""
    raise RuntimeError("planted")


urlpatterns = [path("seen", seen), path("streamed", streamed), path("broken", broken)]
handler500 = "fermata.api.problems.server_error"


async def sent(handler: HttpHandler, address: str, *, parts: tuple[bytes, ...] = (b"",)) -> tuple[int, bytes]:
    """Status and body of one request whose body comes in ``parts``."""
    method = "POST" if any(parts) else "GET"
    scope = {"type": "http", "method": method, "path": address, "headers": [(b"host", b"localhost")]}
    client = ApplicationCommunicator(handler, {**scope, "query_string": b"", "http_version": "1.1"})
    for place, part in enumerate(parts, start=1):
        await client.send_input({"type": "http.request", "body": part, "more_body": place < len(parts)})
    start = await client.receive_output(30)
    body = b""
    while True:
        message = await client.receive_output(30)
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await client.wait(5)
    return start["status"], body


@pytest.fixture
def handler(transactional_db: None) -> Any:
    SEEN.clear()
    OPEN.clear()
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield HttpHandler()


class TestHandling:
    async def test_a_request_runs_in_a_thread_of_the_pool_and_gives_its_connection_back(self, handler):
        for address in ("/seen", "/streamed", "/seen"):
            status, _ = await sent(handler, address)
            assert status == 200
        assert all(name.startswith("http") for name, _ in SEEN)
        assert [used.connection for _, used in SEEN] == [None, None, None]
        assert OPEN == [False]

    async def test_a_body_in_parts_arrives_whole_and_a_stream_leaves_whole(self, handler):
        assert await sent(handler, "/seen", parts=(b"a" * 70_000, b"", b"b")) == (200, b"a" * 70_000 + b"b")
        assert await sent(handler, "/streamed") == (200, b"one two")

    async def test_a_view_that_fails_answers_a_problem_and_the_next_request_is_served(self, handler):
        status, body = await sent(handler, "/broken")
        assert (status, b"planted" in body) == (500, False)
        assert await sent(handler, "/seen") == (200, b"nothing")

    async def test_a_client_that_leaves_amid_its_body_is_let_go(self, handler):
        scope = {"type": "http", "method": "POST", "path": "/seen", "headers": [], "query_string": b""}
        client = ApplicationCommunicator(handler, scope)
        await client.send_input({"type": "http.request", "body": b"a", "more_body": True})
        await client.send_input({"type": "http.disconnect"})
        await client.wait(5)
        assert SEEN == []


class TestStarts:
    @pytest.fixture
    def statements(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Every statement that is sent, by whichever way."""
        found: list[str] = []
        run, call = store.run, prepared.call

        def noted(query: str, arguments: Any = ()) -> Any:
            found.append(query)
            return run(query, arguments)

        def called(database: Any, function: str, arguments: Any) -> bytes:
            found.append(function)
            return call(database, function, arguments)

        monkeypatch.setattr("fermata.engine.operations.run", noted)
        monkeypatch.setattr(store, "run", noted)
        monkeypatch.setattr(prepared, "call", called)
        return found

    @pytest.mark.django_db
    @pytest.mark.parametrize("key", [None, "once"])
    def test_one_takes_four_statements_and_one_more_for_its_key(
        self, editor, workspace, statements, key, django_assert_num_queries
    ):
        version = VersionFactory(workflow__workspace=workspace)
        address = f"/workflows/{version.workflow_id}/executions"
        editor.post(address, {"input": {}}, status=202)  # the plan is read once a process
        statements.clear()
        headers = {"Idempotency_Key": key} if key else {}
        # the token with its user and role; the workflow with its version; what the key started before
        with django_assert_num_queries(3 if key else 2):
            editor.post(address, {"input": {"who": "x"}}, status=202, **headers)
        assert len(statements) == 2, statements  # the start; what it came to
        assert Execution.objects.count() == 2
