"""The WebSocket of an execution: handshake, order, resuming, back-pressure, closing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.conf import settings
from django.test import Client

from fermata.accounts import operations as accounts
from fermata.accounts.models import ApiToken, Membership
from fermata.api import frames
from fermata.api.stream import connection, ear, feed, standing
from fermata.api.stream.routing import websocket_urlpatterns
from fermata.coordination import stream
from fermata.engine import queries as engine
from tests.factories import EventFactory, ExecutionFactory, MembershipFactory, RegionFactory, StepFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_url")]

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
        return await self.receive_output(5)

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


@pytest.fixture(autouse=True)
async def reading_connection() -> AsyncIterator[None]:
    """The hub's connection to Redis belongs to the test's event loop and ends with it."""
    yield
    await stream.close()


@pytest.fixture
def execution(workspace):
    execution = ExecutionFactory(of__workflow__workspace=workspace)
    StepFactory(region=RegionFactory(execution=execution), node_id="a")
    EventFactory.create_batch(3, execution=execution, node_id="a")
    return execution


def path_of(execution, query: str = "") -> str:
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
    body = await socket.receive_output(5)
    assert json.loads(body["body"])["status"] == answer["status"]
    await socket.wait(5)
    return answer["status"]


async def frame(socket: Socket, *kinds: str) -> dict[str, Any]:
    """The next frame of these kinds; others in between are passed over."""
    models = {"snapshot": frames.Snapshot, "events": frames.Events, "counts": frames.Counts}
    while True:
        message = await socket.receive_output(5)
        assert message["type"] == "websocket.send", message
        found = json.loads(message["text"])
        if found["type"] in models:
            models[found["type"]].model_validate(found)
        if found["type"] in kinds:
            return found


@sync_to_async
def happen(execution, node_id: str, *, announce: bool = True) -> None:
    EventFactory(execution=execution, node_id=node_id)
    if announce:
        stream.announce(str(execution.id), str(execution.workspace_id))


async def test_a_snapshot_comes_first_then_events_in_order(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as socket:
        snapshot = await frame(socket, "snapshot")
        assert snapshot["cursor"] == engine.cursor(3)
        assert snapshot["execution"]["can"]["cancel"] is True
        cursor, seen = snapshot["cursor"], []
        for number in range(5):
            await happen(execution, f"n{number}")
        while len(seen) < 5:
            batch = await frame(socket, "events")
            assert batch["after"] == cursor
            cursor = batch["cursor"]
            seen += [row["node_id"] for row in batch["events"]]
        assert seen == [f"n{number}" for number in range(5)]


async def test_a_client_that_comes_back_with_its_cursor_misses_nothing_and_sees_nothing_twice(
    editor, execution
):
    for number in range(1200):
        await sync_to_async(EventFactory)(execution=execution, node_id=f"n{number}")
    async with opened(path_of(execution, f"?after={engine.cursor(2)}"), bearer(editor)) as socket:
        cursor, seen = engine.cursor(2), []
        await happen(execution, "last")
        while not seen or seen[-1] != "last":
            batch = await frame(socket, "events", "snapshot")
            assert batch["type"] == "events"
            assert batch["after"] == cursor
            cursor = batch["cursor"]
            seen += [row["node_id"] for row in batch["events"]]
    assert seen == ["a", *(f"n{number}" for number in range(1200)), "last"]


async def test_a_cursor_beyond_the_end_gets_a_snapshot(editor, execution):
    async with opened(path_of(execution, f"?after={engine.cursor(99)}"), bearer(editor)) as socket:
        assert (await frame(socket, "snapshot", "events"))["type"] == "snapshot"


async def test_many_quick_events_are_sent_in_few_frames(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        began, seen, batches = time.perf_counter(), 0, 0
        for number in range(100):
            await happen(execution, f"n{number}")
        while seen < 100:
            batch = await frame(socket, "events")
            seen, batches = seen + len(batch["events"]), batches + 1
        assert batches <= (time.perf_counter() - began) / feed.COALESCE_SECONDS + 2


async def test_an_event_reaches_an_idle_client_well_within_200_ms(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        waits = []
        for number in range(10):
            await happen(execution, f"w{number}", announce=False)
            began = time.perf_counter()
            await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
            await frame(socket, "events")
            waits.append(time.perf_counter() - began)
        assert sorted(waits)[5] < 0.2, waits


async def test_without_a_signal_the_journal_is_looked_at_anyway(editor, execution, monkeypatch):
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.2)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await happen(execution, "quiet", announce=False)
        assert (await frame(socket, "events"))["events"][0]["node_id"] == "quiet"


async def test_without_redis_the_journal_is_looked_at_every_second(editor, execution, monkeypatch):
    async def gone(*_: Any, **__: Any) -> Any:
        raise stream_error

    stream_error = ear.ServerUnavailable("Redis does not answer")
    monkeypatch.setattr(stream, "read", gone)
    monkeypatch.setattr(stream, "tip", gone)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        began = time.perf_counter()
        await happen(execution, "quiet", announce=False)
        assert (await frame(socket, "events"))["events"][0]["node_id"] == "quiet"
        assert time.perf_counter() - began < 2.5


async def test_counts_are_absolute(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        region = await sync_to_async(RegionFactory)(execution=execution)
        await sync_to_async(StepFactory)(region=region, node_id="b", state="running")
        await happen(execution, "b")
        assert {"node_id": "b", "counts": {"running": 1}} in (await frame(socket, "counts"))["nodes"]


async def test_a_heartbeat_is_sent_when_nothing_else_was(editor, execution, monkeypatch):
    monkeypatch.setattr(connection, "HEARTBEAT_SECONDS", 0.1)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        assert (await frame(socket, "heartbeat"))["cursor"] == engine.cursor(3)


async def test_a_message_that_is_not_understood_is_answered(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as socket:
        await socket.say("{nonsense")
        assert (await frame(socket, "problem"))["code"] == "invalid_message"


async def test_a_slow_client_is_told_to_take_a_new_snapshot_and_slows_nobody(editor, execution, monkeypatch):
    monkeypatch.setattr(feed, "LOG_BATCHES", 3)
    stuck, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    slow = Socket(path_of(execution), bearer(editor))
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent = 0

    async def send(message: dict[str, Any]) -> None:
        nonlocal sent
        if message["type"] == "websocket.close":
            closed.set_result(message["code"])
        elif message["type"] == "websocket.send":
            sent += 1
            if sent > 1:
                await stuck.wait()

    running = asyncio.create_task(application(slow.scope, inbox.get, send))
    await inbox.put({"type": "websocket.connect"})
    async with opened(path_of(execution), bearer(editor)) as quick:
        await frame(quick, "snapshot")
        for number in range(12):
            await happen(execution, f"n{number}")
            await frame(quick, "events")
        assert await asyncio.wait_for(closed, 5) == 4409
    await inbox.put({"type": "websocket.disconnect", "code": 4409})
    await asyncio.wait_for(running, 5)


async def test_a_revoked_token_closes_the_socket_with_4401(editor, execution, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await sync_to_async(accounts.revoke_token)(await ApiToken.objects.aget(user=editor.user))
        assert await _close_code(socket) == 4401


async def test_a_withdrawn_membership_closes_the_socket_with_4403(editor, execution, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await Membership.objects.filter(user=editor.user).adelete()
        assert await _close_code(socket) == 4403


async def _close_code(socket: Socket) -> int:
    while True:
        message = await socket.receive_output(5)
        if message["type"] == "websocket.close":
            return message["code"]


class TestHandshake:
    async def test_nobody_is_refused_with_403(self, execution):
        assert await refused(path_of(execution), []) == 403
        assert await refused(path_of(execution), [(b"authorization", b"Bearer fmt_x_y")]) == 403
        assert await refused(path_of(execution, "?ticket=x"), []) == 403
        assert await refused(path_of(execution), [(b"cookie", b"sessionid=nothing")]) == 403

    async def test_a_stranger_cannot_tell_what_is_there(self, stranger, execution):
        assert await refused(path_of(execution), bearer(stranger)) == 404
        nothing = path_of(execution).replace(str(execution.id)[:8], "00000000")
        assert await refused(nothing, bearer(stranger)) == 404

    async def test_a_token_without_the_scope_is_refused_with_403(self, caller_of, execution):
        narrow = await sync_to_async(caller_of)("owner", scopes=("workflows:read",))
        assert await refused(path_of(execution), bearer(narrow)) == 403

    async def test_a_text_that_is_no_cursor_is_refused(self, editor, execution):
        assert await refused(path_of(execution, "?after=x"), bearer(editor)) == 400

    async def test_another_address_is_refused_with_404(self, editor):
        for path in ("/api/v1/workflows/executions/x/ws", "/", "/other"):
            assert await refused(path, bearer(editor)) == 404

    async def test_a_cookie_is_taken_with_the_sites_own_origin_only(self, workspace, execution):
        headers = await sync_to_async(_signed_in)(workspace)
        own = [*headers, (b"host", b"localhost"), (b"origin", b"http://localhost")]
        async with opened(path_of(execution), own) as socket:
            await frame(socket, "snapshot")
        trusted = [*headers, (b"host", b"x"), (b"origin", settings.CSRF_TRUSTED_ORIGINS[0].encode())]
        async with opened(path_of(execution), trusted) as socket:
            await frame(socket, "snapshot")
        evil = ("https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1")
        for origin in evil:
            foreign = [*headers, (b"host", b"localhost"), (b"origin", origin.encode())]
            assert await refused(path_of(execution), foreign) == 403, origin
        rebound = [*headers, (b"host", b"evil.example"), (b"origin", b"http://evil.example")]
        assert await refused(path_of(execution), rebound) == 403
        assert await refused(path_of(execution), headers) == 403

    async def test_signing_out_closes_the_socket(self, workspace, execution, monkeypatch):
        monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
        client = Client()
        headers = await sync_to_async(_signed_in)(workspace, client)
        own = [*headers, (b"host", b"localhost"), (b"origin", b"http://localhost")]
        async with opened(path_of(execution), own) as socket:
            await frame(socket, "snapshot")
            await sync_to_async(client.logout)()
            assert await _close_code(socket) == 4401

    async def test_a_ticket_opens_one_stream_once(self, editor, execution):
        made = await sync_to_async(editor.post)(f"/workflows/executions/{execution.id}/ticket", status=201)
        path = path_of(execution, f"?ticket={made['ticket']}")
        other = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
        assert await refused(path_of(other, f"?ticket={made['ticket']}"), []) == 403
        async with opened(path, []) as socket:
            await frame(socket, "snapshot")
        assert await refused(path, []) == 403


def _signed_in(workspace, client: Client | None = None) -> list[tuple[bytes, bytes]]:
    client = client or Client()
    client.force_login(MembershipFactory(workspace=workspace).user)
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
