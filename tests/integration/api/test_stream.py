"""The WebSocket of an execution: handshake, order, resuming, back-pressure, closing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from fermata.accounts import operations as accounts
from fermata.accounts.models import ApiToken, Membership
from fermata.api.stream import connection, ear, feed, reading, standing
from fermata.coordination import stream
from fermata.engine import queries as engine
from fermata.engine.models import Event, Execution
from tests.factories import EventFactory, ExecutionFactory, RegionFactory, StepFactory
from tests.integration.api.sockets import (
    Socket,
    application,
    bearer,
    close_code,
    frame,
    opened,
    path_of,
    refused,
    signed_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("streams")]


@pytest.fixture
def execution(workspace):
    execution = ExecutionFactory(of__workflow__workspace=workspace)
    StepFactory(region=RegionFactory(execution=execution), node_id="a")
    EventFactory.create_batch(3, execution=execution, node_id="a")
    return execution


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


async def test_an_event_reaches_an_idle_client_without_waiting_for_a_look(editor, execution, monkeypatch):
    monkeypatch.setattr(feed, "LOOK_SECONDS", 60)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        for number in range(10):
            await happen(execution, f"w{number}", announce=False)
            await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
            assert (await frame(socket, "events"))["events"][0]["node_id"] == f"w{number}"


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
    monkeypatch.setattr(feed, "LOOK_SECONDS", 60)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await happen(execution, "quiet", announce=False)
        assert (await frame(socket, "events"))["events"][0]["node_id"] == "quiet"


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


class TestCommands:
    async def test_pause_and_resume_answer_with_the_status(self, editor, execution):
        async with opened(path_of(execution), bearer(editor)) as socket:
            await socket.say('{"type": "pause", "id": "one"}')
            answer = await frame(socket, "answer", "problem")
            assert answer == {"type": "answer", "id": "one", "command": "pause", "status": "paused"}
            await socket.say('{"type": "resume"}')
            assert (await frame(socket, "answer", "problem"))["status"] == "running"
        types = Event.objects.filter(execution_id=execution.id, type__startswith="Execution")
        assert [kind async for kind in types.order_by("id").values_list("type", flat=True)] == [
            "ExecutionPausing",
            "ExecutionPaused",
            "ExecutionResumed",
        ]

    async def test_what_the_state_forbids_is_a_problem(self, editor, execution):
        await Execution.objects.filter(id=execution.id).aupdate(status="succeeded")
        async with opened(path_of(execution), bearer(editor)) as socket:
            await socket.say('{"type": "pause", "id": "x"}')
            found = await frame(socket, "answer", "problem")
            assert (found["code"], found["id"]) == ("conflict", "x")
            assert found["cure"]

    async def test_without_the_right_nothing_happens(self, caller_of, execution):
        viewer = await sync_to_async(caller_of)("viewer")
        async with opened(path_of(execution), bearer(viewer)) as socket:
            await socket.say('{"type": "pause"}')
            assert (await frame(socket, "problem"))["code"] == "forbidden"
        assert (await Execution.objects.aget(id=execution.id)).status == "running"

    async def test_a_right_that_was_withdrawn_a_moment_ago_is_gone(self, editor, execution):
        async with opened(path_of(execution), bearer(editor)) as socket:
            await frame(socket, "snapshot")
            await Membership.objects.filter(user=editor.user).aupdate(role="viewer")
            await socket.say('{"type": "pause"}')
            assert (await frame(socket, "answer", "problem"))["code"] == "forbidden"
            await sync_to_async(accounts.revoke_token)(await ApiToken.objects.aget(user=editor.user))
            await socket.say('{"type": "pause"}')
            assert await close_code(socket) == 4401
        assert (await Execution.objects.aget(id=execution.id)).status == "running"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("{nonsense", "invalid_message"),
            ("[]", "invalid_message"),
            ("{}", "invalid_message"),
            ('{"type": 1}', "invalid_message"),
            ('{"type": "pause", "more": 1}', "invalid_message"),
            ('{"type": "pause", "id": "%s"}' % ("x" * 101), "invalid_message"),
            ('{"type": "\\ud800"}', "invalid_message"),
            ("[" * 50_000, "invalid_message"),
            ('{"type": "step"}', "unknown_message"),
            ('{"type": "drop"}', "unknown_message"),
        ],
    )
    async def test_a_message_that_is_not_understood_is_answered(self, editor, execution, text, code):
        async with opened(path_of(execution), bearer(editor)) as socket:
            await socket.say(text)
            found = await frame(socket, "problem")
            assert found["code"] == code
            assert found["cure"]

    async def test_a_message_that_is_too_large_closes_the_socket(self, editor, execution):
        async with opened(path_of(execution), bearer(editor)) as socket:
            await socket.say("x" * (connection.LARGEST_MESSAGE + 1))
            assert await close_code(socket) == 1009

    async def test_a_flood_of_messages_closes_the_socket(self, editor, execution, monkeypatch):
        monkeypatch.setattr(connection, "MESSAGES_A_SECOND", 0.01)
        async with opened(path_of(execution), bearer(editor)) as socket:
            for _ in range(connection.BURST + 1):
                await socket.say("{}")
            assert await close_code(socket) == 1008


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
        assert await asyncio.wait_for(closed, 30) == 4409
    await inbox.put({"type": "websocket.disconnect", "code": 4409})
    await asyncio.wait_for(running, 30)


async def test_a_revoked_token_closes_the_socket_with_4401(editor, execution, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await sync_to_async(accounts.revoke_token)(await ApiToken.objects.aget(user=editor.user))
        assert await close_code(socket) == 4401


async def test_a_withdrawn_membership_closes_the_socket_with_4403(editor, execution, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(path_of(execution), bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await Membership.objects.filter(user=editor.user).adelete()
        assert await close_code(socket) == 4403


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
        headers = await sync_to_async(signed_in)(workspace)
        own = [*headers, (b"host", b"localhost"), (b"origin", b"http://localhost")]
        async with opened(path_of(execution), own) as socket:
            await frame(socket, "snapshot")
        trusted = [*headers, (b"host", b"x"), (b"origin", settings.CSRF_TRUSTED_ORIGINS[0].encode())]
        async with opened(path_of(execution), trusted) as socket:
            await frame(socket, "snapshot")
        evil = (
            "https://evil.example",
            "null",
            "",
            "http://localhost.evil.example",
            "http://localhost:1",
            "http://user@localhost",
            "ftp://localhost",
            "localhost",
            "http://[",
        )
        for origin in evil:
            foreign = [*headers, (b"host", b"localhost"), (b"origin", origin.encode())]
            assert await refused(path_of(execution), foreign) == 403, origin
        rebound = [*headers, (b"host", b"evil.example"), (b"origin", b"http://evil.example")]
        assert await refused(path_of(execution), rebound) == 403
        assert await refused(path_of(execution), headers) == 403

    async def test_where_cookies_are_for_https_pages_must_be_too(self, workspace, execution, settings):
        settings.SESSION_COOKIE_SECURE = True
        headers = [*await sync_to_async(signed_in)(workspace), (b"host", b"localhost")]
        assert await refused(path_of(execution), [*headers, (b"origin", b"http://localhost")]) == 403
        async with opened(path_of(execution), [*headers, (b"origin", b"https://localhost")]) as socket:
            await frame(socket, "snapshot")

    async def test_an_unknown_parameter_or_one_given_twice_is_refused(self, editor, execution):
        for query in ("?aftr=000000000001", "?after=000000000001&after=000000000002", "?after=%00"):
            assert await refused(path_of(execution, query), bearer(editor)) == 400, query

    async def test_signing_out_closes_the_socket(self, workspace, execution, monkeypatch):
        monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
        client = Client()
        headers = await sync_to_async(signed_in)(workspace, client)
        own = [*headers, (b"host", b"localhost"), (b"origin", b"http://localhost")]
        async with opened(path_of(execution), own) as socket:
            await frame(socket, "snapshot")
            await sync_to_async(client.logout)()
            assert await close_code(socket) == 4401

    async def test_a_ticket_opens_one_stream_once(self, editor, execution):
        made = await sync_to_async(editor.post)(f"/workflows/executions/{execution.id}/ticket", status=201)
        path = path_of(execution, f"?ticket={made['ticket']}")
        other = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
        assert await refused(path_of(other, f"?ticket={made['ticket']}"), []) == 403
        async with opened(path, []) as socket:
            await frame(socket, "snapshot")
        assert await refused(path, []) == 403


async def test_a_database_that_is_away_for_a_while_costs_nothing_but_time(editor, execution, monkeypatch):
    monkeypatch.setattr(reading, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(feed, "AGAIN_SECONDS", 0.05)
    read, failures = feed.read_new, 3

    def failing(*args: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise OperationalError("the server closed the connection")
        return read(*args)

    async with opened(path_of(execution), bearer(editor)) as socket:
        cursor = (await frame(socket, "snapshot"))["cursor"]
        monkeypatch.setattr(feed, "read_new", failing)
        await happen(execution, "late")
        batch = await frame(socket, "events")
        assert (batch["after"], batch["events"][0]["node_id"], failures) == (cursor, "late", 0)


async def test_many_who_come_at_once_cost_one_snapshot(editor, execution, monkeypatch):
    taken = 0
    shot = feed._shot

    def counted(*args: Any) -> Any:
        nonlocal taken
        taken += 1
        return shot(*args)

    monkeypatch.setattr(feed, "_shot", counted)
    sockets = [Socket(path_of(execution), bearer(editor)) for _ in range(10)]
    await asyncio.gather(*(socket.connect() for socket in sockets))
    assert {(await frame(socket, "snapshot"))["cursor"] for socket in sockets} == {engine.cursor(3)}
    assert taken == 1
    await happen(execution, "next")
    for socket in sockets:
        assert (await frame(socket, "events"))["after"] == engine.cursor(3)
        await socket.disconnect()


async def test_one_who_comes_in_the_middle_of_a_shared_frame_gets_its_rest(editor, execution):
    async with opened(path_of(execution), bearer(editor)) as first:
        await frame(first, "snapshot")
        for number in range(20):
            await happen(execution, f"n{number}", announce=False)
        await happen(execution, "last")
        shared = await frame(first, "events")
        assert len(shared["events"]) == 21
        middle = shared["events"][9]["cursor"]
        async with opened(path_of(execution, f"?after={middle}"), bearer(editor)) as second:
            rest = await frame(second, "events", "snapshot")
            assert (rest["after"], rest["events"]) == (middle, shared["events"][10:])
            await happen(execution, "new")
            assert (await frame(second, "events"))["after"] == rest["cursor"]


async def test_standing_is_asked_once_for_all_who_came_with_one_token(editor, execution, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    asked, enough, loop = 0, asyncio.Event(), asyncio.get_running_loop()
    now = standing.handshake.principal_now

    def counted(who: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 5:
            loop.call_soon_threadsafe(enough.set)
        return now(who)

    monkeypatch.setattr(standing.handshake, "principal_now", counted)
    began = time.monotonic()
    async with opened(path_of(execution), bearer(editor)), opened(path_of(execution), bearer(editor)):
        await asyncio.wait_for(enough.wait(), 30)
        assert time.monotonic() - began >= 0.4


async def test_no_event_is_shown_before_it_has_its_place(editor, execution):
    await sync_to_async(EventFactory)(execution=execution, node_id="unnumbered")
    shown = await sync_to_async(engine.events)(execution.id)
    assert shown == []
    async with opened(path_of(execution), bearer(editor)) as socket:
        assert (await frame(socket, "snapshot"))["cursor"] == engine.cursor(4)
    assert not await Event.objects.filter(execution_id=execution.id, seq=None).aexists()


async def test_a_reader_that_fails_lets_its_clients_come_back_to_a_new_one(editor, execution, monkeypatch):
    read = feed.read_new
    async with opened(path_of(execution), bearer(editor)) as socket:
        cursor = (await frame(socket, "snapshot"))["cursor"]
        monkeypatch.setattr(feed, "read_new", lambda *_: 1 / 0)
        await happen(execution, "next")
        assert await close_code(socket) == 1011
        monkeypatch.setattr(feed, "read_new", read)
        async with opened(path_of(execution, f"?after={cursor}"), bearer(editor)) as again:
            assert (await frame(again, "events"))["events"][0]["node_id"] == "next"


async def test_the_ears_connection_outlives_the_longest_quiet_wait():
    """redis-py's own limit of 5 s would cut a quiet wait of as long."""
    waits = stream._reader().connection_pool.connection_kwargs["socket_timeout"]
    assert waits * 1000 > stream.LONGEST_BLOCK_MS


def test_who_may_no_longer_is_told_within_five_seconds():
    assert standing.STANDING_SECONDS <= 4
