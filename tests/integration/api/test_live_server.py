"""The whole web process: uvicorn, Django, Channels, a real WebSocket client."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fermata.coordination import stream
from tests.factories import EventFactory, ExecutionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("redis_url")]


@pytest.fixture
def address(db: None) -> Iterator[str]:
    """``host:port`` of a server in a thread of this process."""
    from fermata.config.asgi import application  # noqa: PLC0415 — it reads the settings of the run

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="error", lifespan="off"))
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
        assert json.loads(await asyncio.wait_for(client.recv(), 5))["type"] == "snapshot"
        await sync_to_async(EventFactory)(execution=execution, node_id="a")
        await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
        batch = json.loads(await asyncio.wait_for(client.recv(), 5))
        assert batch["type"] == "events"
        assert batch["events"][0]["node_id"] == "a"
