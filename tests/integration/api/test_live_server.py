"""The whole web process: uvicorn, Django, Channels, a real WebSocket client."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fermata.api.stream import hub
from fermata.config import sockets
from fermata.coordination import stream
from fermata.engine.store import run
from tests.factories import EventFactory, ExecutionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_url")]


@pytest.fixture
def address(db: None) -> Iterator[str]:
    """``host:port`` of a server in a thread of this process."""
    from fermata.config.asgi import application  # noqa: PLC0415 — it reads the settings of the run

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(
        application, port=port, log_level="error", lifespan="off", ws="fermata.config.sockets:WebSockets"
    )
    server = uvicorn.Server(config)
    started = threading.Event()
    begin = server.startup

    async def startup(*args: object, **kwargs: object) -> None:
        await begin(*args, **kwargs)
        started.set()

    server.startup = startup
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    assert started.wait(10)
    yield f"127.0.0.1:{port}"
    server.should_exit = True
    running.join(10)


async def test_a_refusal_has_its_status_and_an_event_arrives(address, editor, stranger):
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    url = f"ws://{address}/api/v1/workflows/executions/{execution.id}/ws"
    for headers, status in (({}, 403), ({"Authorization": f"Bearer {stranger.token}"}, 404)):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, additional_headers=headers):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["status"] == status

    async with connect(url, additional_headers={"Authorization": f"Bearer {editor.token}"}) as client:
        assert json.loads(await asyncio.wait_for(client.recv(), 30))["type"] == "snapshot"
        await sync_to_async(EventFactory)(execution=execution, node_id="a")
        await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
        batch = json.loads(await asyncio.wait_for(client.recv(), 30))
        assert batch["type"] == "events"
        assert batch["events"][0]["node_id"] == "a"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has TCP_USER_TIMEOUT")
async def test_a_client_that_takes_nothing_for_long_is_cut_off(address, editor, monkeypatch):
    monkeypatch.setattr(sockets, "UNTAKEN_SECONDS", 1)
    execution = await sync_to_async(ExecutionFactory)(of__workflow__workspace=editor.workspace)
    host, port = address.split(":")
    near = socket.socket()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    near.connect((host, int(port)))
    url = f"ws://{address}/api/v1/workflows/executions/{execution.id}/ws"
    headers = {"Authorization": f"Bearer {editor.token}"}
    async with connect(url, sock=near, additional_headers=headers, compression=None, max_queue=1) as client:
        await asyncio.wait_for(client.recv(), 30)
        await sync_to_async(run)(
            "INSERT INTO fermata_event (execution_id, workspace_id, type, at, data, format)"
            " SELECT %s, %s, 'StepSucceeded', clock_timestamp(), to_json(repeat('x', 20000)), 1"
            " FROM generate_series(1, 500)",
            [execution.id, execution.workspace_id],
        )
        await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
        assert await asyncio.to_thread(nobody_watches, seconds=15)


def nobody_watches(*, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(found._feeds for found in list(hub._hubs.values())) and time.monotonic() < until:
        time.sleep(0.1)
    return time.monotonic() < until
