"""The stream end to end: the product's web process, real sockets, an engine at work, servers that restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
import redis
from asgiref.sync import sync_to_async
from django.db import connections
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from fermata.coordination import stream
from fermata.coordination.client import forget_connections
from fermata.engine import dispatch, runtime
from fermata.engine.models import Execution
from fermata.engine.store import run
from tests.factories import EventFactory, ExecutionFactory, VersionFactory, document
from tests.integration.api.servers import Engine, Web, started

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("streams"),
    pytest.mark.timeout(180),
]

logger = logging.getLogger(__name__)

CUTS = 50
WATCHERS = 500


@pytest.fixture(scope="module")
def program(django_db_setup: None, redis_url: str) -> Iterator[Web]:
    """The web process of this module."""
    web = Web()
    web.start()
    yield web
    web.stop()


@pytest.fixture
def web(program: Web, settings: Any) -> Iterator[Web]:
    """The web process, and an engine in this one that rings itself."""
    settings.FERMATA_DISPATCHER = "fermata.engine.dispatch.InProcessDispatcher"
    _forget()
    yield program
    _forget()
    connections.close_all()


def _forget() -> None:
    runtime.forget()
    dispatch.dispatcher.cache_clear()
    forget_connections()


@pytest.fixture
def busy(workspace):
    """A workflow of a foreach over `count` items with two nodes each."""
    nodes = [
        {"id": "each", "type": "foreach", "config": {"items": "{{ inputs.items }}", "concurrency": 5}},
        {"id": "first", "type": "transform", "parent": "each", "config": {"output": "{{ item }}"}},
        {"id": "second", "type": "transform", "parent": "each", "config": {"output": 1}},
        {"id": "last", "type": "transform", "config": {"output": "done"}},
    ]
    edges = [{"from": "first", "to": "second"}, {"from": "each", "to": "last"}]
    definition = document(inputs={"type": "object"}, nodes=nodes, edges=edges)
    return VersionFactory(workflow__workspace=workspace, definition=definition)


class Client:
    """Applies frames as the description says; a gap or a repetition is an error."""

    def __init__(self, web: Web, execution_id: Any, caller: Any, *, after: str | None = None) -> None:
        self.url = f"ws://{web.address}/api/v1/workflows/executions/{execution_id}/ws"
        self.headers = {"Authorization": f"Bearer {caller.token}"}
        self.cursor = after
        self.events: list[dict[str, Any]] = []
        self.grew = asyncio.Condition()
        self.snapshots = 0
        self.waits: list[float] = []
        """From an event's instant to its frame's arrival, for the last one of each frame."""

    @asynccontextmanager
    async def opened(self, **options: Any) -> AsyncIterator[ClientConnection]:
        query = "" if self.cursor is None else f"?after={quote(self.cursor)}"
        async with connect(
            self.url + query, additional_headers=self.headers, max_size=None, open_timeout=30, **options
        ) as ws:
            yield ws

    async def take(self, ws: ClientConnection) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(ws.recv(), 30))
        if frame["type"] == "snapshot":
            self.cursor, self.snapshots = frame["cursor"], self.snapshots + 1
        elif frame["type"] == "events":
            assert frame["after"] == self.cursor
            self.cursor = frame["cursor"]
            self.events += frame["events"]
            # The journal's clock is this machine's.
            self.waits.append(time.time() - datetime.fromisoformat(frame["events"][-1]["at"]).timestamp())
            async with self.grew:
                self.grew.notify_all()
        return frame

    async def follow(self) -> None:
        """Until the execution has ended."""
        async with self.opened() as ws:
            while not self.has_ended:
                await self.take(ws)

    async def reach(self, number: int) -> None:
        """Wait until so many events were taken by whoever follows."""
        async with asyncio.timeout(30), self.grew:
            await self.grew.wait_for(lambda: len(self.events) >= number)

    async def close_code(self, ws: ClientConnection) -> int | None:
        """Take whatever comes until the server closes; its code."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.take(ws)
        return ws.close_code

    async def until_closed(self) -> int | None:
        """The code the server closes with."""
        async with self.opened() as ws:
            return await self.close_code(ws)

    @property
    def has_ended(self) -> bool:
        return bool(self.events) and self.events[-1]["type"] == "ExecutionFinished"


@sync_to_async
def journal_of(editor, execution_id: Any) -> list[dict[str, Any]]:
    """The whole journal by REST."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = editor.get(f"/workflows/executions/{execution_id}/events?limit=1000{after}")
        found += page["events"]
        if len(page["events"]) < 1000:
            return found
        after = f"&after={page['cursor']}"


async def test_nothing_is_missed_or_doubled_over_fifty_cuts(web, editor, busy):
    execution_id = await sync_to_async(started)(busy, items=list(range(CUTS)))
    chance = random.Random(11)
    client = Client(web, execution_id, editor, after="0" * 12)
    with Engine(execution_id, freely=False) as engine:
        for cut in range(CUTS):
            async with client.opened() as ws:
                engine.allow(2)
                for _ in range(chance.choice((0, 1))):
                    await client.take(ws)
                ws.transport.abort()
            assert not client.has_ended, cut
        engine.allow(freely=True)
        await client.follow()
    assert client.snapshots == 0
    assert client.events == await journal_of(editor, execution_id)
    assert len(client.events) > CUTS * 4


async def test_valkey_restarts_and_is_emptied_while_an_execution_runs(web, editor, busy, valkey, redis_url):
    execution_id = await sync_to_async(started)(busy, items=list(range(12)))
    client = Client(web, execution_id, editor, after="0" * 12)
    following = asyncio.create_task(client.follow())
    with Engine(execution_id, freely=False) as engine:
        engine.allow(8)
        await client.reach(10)
        redis.Redis.from_url(redis_url).flushall()
        engine.allow(8)
        # Not in a thread: servers end with the thread that started them.
        valkey.stop()
        engine.allow(4)
        valkey.start()
        engine.allow(freely=True)
        await asyncio.wait_for(following, 60)
    assert client.events == await journal_of(editor, execution_id)


async def test_while_valkey_is_away_events_and_rows_come_by_looking(web, editor, valkey):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    client = Client(web, execution.id, editor, after="0" * 12)
    listing = Client(web, "x", editor)
    listing.url = f"ws://{web.address}/api/v1/workflows/executions/ws"
    async with client.opened() as ws, listing.opened() as rows:
        # Only what changes after the snapshot comes as rows.
        assert json.loads(await asyncio.wait_for(rows.recv(), 30))["type"] == "snapshot"
        valkey.stop()
        try:
            await sync_to_async(EventFactory)(execution=execution, node_id="quiet")
            await Execution.objects.filter(id=execution.id).aupdate(status="failed", rev=9)
            while not client.events:
                await client.take(ws)
            while True:
                frame = json.loads(await asyncio.wait_for(rows.recv(), 30))
                if frame["type"] == "rows" and frame["rows"][0]["status"] == "failed":
                    break
        finally:
            valkey.start()


async def test_postgresql_restarts_and_the_streams_go_on(web, editor, postgres):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    client = Client(web, execution.id, editor, after="0" * 12)
    listing = Client(web, "x", editor)
    listing.url = f"ws://{web.address}/api/v1/workflows/executions/ws"
    async with client.opened() as ws, listing.opened() as rows:
        for number in range(2):
            await sync_to_async(EventFactory)(execution=execution, node_id=f"n{number}")
            await Execution.objects.filter(id=execution.id).aupdate(tags=[f"n{number}"])
            await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
            while len(client.events) <= number:
                await client.take(ws)
            while True:
                frame = json.loads(await asyncio.wait_for(rows.recv(), 30))
                if frame.get("rows") and frame["rows"][0]["tags"] == [f"n{number}"]:
                    break
            if number == 0:
                await sync_to_async(connections.close_all)()
                postgres.restart()
    assert [event["node_id"] for event in client.events] == ["n0", "n1"]


async def test_a_restarting_server_says_1012_and_clients_go_on_where_they_were(web, editor):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    await sync_to_async(EventFactory)(execution=execution, node_id="before")
    client = Client(web, execution.id, editor, after="0" * 12)
    closing = asyncio.create_task(client.until_closed())
    await client.reach(1)
    await asyncio.to_thread(web.stop)
    assert await asyncio.wait_for(closing, 30) == 1012
    await sync_to_async(EventFactory)(execution=execution, node_id="meanwhile")
    web.start()
    async with client.opened() as ws:
        await client.take(ws)
    assert [event["node_id"] for event in client.events] == ["before", "meanwhile"]


async def test_a_message_beyond_the_limit_is_not_even_read(web, editor):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    client = Client(web, execution.id, editor)
    async with client.opened() as ws:
        await ws.send("x" * 70_000)
        assert await client.close_code(ws) == 1009


async def test_a_client_that_does_not_read_delays_nobody_and_is_told_when_it_does(web, editor):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    stalled, quick = (Client(web, execution.id, editor) for _ in range(2))
    near = socket.socket()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    near.connect(("127.0.0.1", web.port))
    async with stalled.opened(sock=near, compression=None, max_queue=1) as deaf, quick.opened() as ws:
        await quick.take(ws)
        wide = "".join(random.Random(5).choices("0123456789abcdef", k=2000))
        slowest = 0.0
        for _ in range(16):
            await sync_to_async(_burst)(execution, {"wide": wide})
            began = time.monotonic()
            await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
            seen = len(quick.events)
            while len(quick.events) < seen + 500:
                await quick.take(ws)
            slowest = max(slowest, time.monotonic() - began)
        assert await stalled.close_code(deaf) == 4409
    assert len(stalled.events) < len(quick.events) == 8000
    assert slowest < 10, slowest


def _burst(execution: Execution, data: dict[str, Any]) -> None:
    run(
        "INSERT INTO fermata_event (execution_id, workspace_id, type, at, node_id, data, format)"
        " SELECT %s, %s, 'StepSucceeded', clock_timestamp(), 'n', %s::json, 1 FROM generate_series(1, 500)",
        [execution.id, execution.workspace_id, json.dumps(data)],
    )


async def test_five_hundred_clients_on_one_execution_receive_everything(web, editor, busy, record_property):
    execution_id = await sync_to_async(started)(busy, items=list(range(20)))
    clients = [Client(web, execution_id, editor, after="0" * 12) for _ in range(WATCHERS)]
    before, began = web.figures(), time.monotonic()
    following = [asyncio.create_task(client.follow()) for client in clients]
    await asyncio.gather(*(client.reach(1) for client in clients))
    connected = time.monotonic() - began
    with Engine(execution_id):
        await asyncio.wait_for(asyncio.gather(*following), 120)
    took, after = time.monotonic() - began, web.figures()
    expected = await journal_of(editor, execution_id)
    assert all(client.events == expected for client in clients)
    grown, worked = (after[name] - before[name] for name in ("megabytes", "seconds"))
    waits = sorted(wait for client in clients for wait in client.waits[1:])
    logger.info(
        "%d clients, %d events: there after %.1f s, told after %.1f s, p95 %.0f ms; web: %.0f MB, %.1f s",
        WATCHERS, len(expected), connected, took, 1000 * waits[int(0.95 * len(waits))], grown, worked,
    )  # fmt: skip
    assert grown < 300


@pytest.mark.bench
async def test_from_a_step_finished_to_its_frame_takes_less_than_200_ms(web, editor, busy):
    execution_id = await sync_to_async(started)(busy, items=list(range(100)))
    client = Client(web, execution_id, editor, after="0" * 12)
    following = asyncio.create_task(client.follow())
    await client.reach(1)
    with Engine(execution_id):
        await asyncio.wait_for(following, 120)
    waits = sorted(client.waits[1:])
    middle, late = waits[len(waits) // 2], waits[int(0.95 * len(waits))]
    logger.info("%d frames: p50 %.0f ms, p95 %.0f ms", len(waits), 1000 * middle, 1000 * late)
    assert late < 0.2, waits


@pytest.mark.bench
async def test_a_list_keeps_up_with_150_starts_a_second(web, editor, busy):
    listing = Client(web, "x", editor)
    listing.url = f"ws://{web.address}/api/v1/workflows/executions/ws"
    seconds, rate = 5, 150
    before = web.figures()
    async with listing.opened() as ws:
        starting = asyncio.create_task(asyncio.to_thread(_start_many, busy, seconds * rate, rate))
        seen: dict[str, float] = {}
        total = 0
        while total < seconds * rate:
            frame = json.loads(await asyncio.wait_for(ws.recv(), 30))
            total = frame.get("total", total)
            for row in frame.get("rows", ()):
                made = datetime.fromisoformat(row["created_at"]).timestamp()
                seen.setdefault(row["id"], time.time() - made)
        took = await starting
    after = web.figures()
    waits = sorted(seen.values())
    logger.info(
        "%d starts in %.1f s: %d rows seen, p50 %.0f ms, p95 %.0f ms; web: %.1f s of processor",
        seconds * rate, took, len(seen), 1000 * waits[len(waits) // 2], 1000 * waits[int(0.95 * len(waits))],
        after["seconds"] - before["seconds"],
    )  # fmt: skip
    assert len(seen) >= seconds * rate - 200


def _start_many(version: Any, number: int, rate: int) -> float:
    began = time.monotonic()
    try:
        for done in range(number):
            started(version, items=[])
            time.sleep(max(0.0, began + done / rate - time.monotonic()))
    finally:
        connections.close_all()
    return time.monotonic() - began
