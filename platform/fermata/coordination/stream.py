"""The signal stream: "this execution's journal grew". Workers write it; one hub per web process reads it.

A signal carries no state: who hears it reads the journal from its own cursor. A lost signal costs latency
only.
"""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings

from fermata.coordination import keys
from fermata.coordination.client import CONNECT_TIMEOUT_SECONDS, answering, text
from fermata.coordination.pipeline import Pipeline

ANSWER_TIMEOUT_SECONDS = 30
"""Of the reading connection: redis-py's own 5 s would cut a blocking read. `read` blocks for less."""

LONGEST_BLOCK_MS = 20_000

Signal = tuple[str, str, str]
"""(stream id, execution id, workspace id)."""

_readers: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


def announce(execution_id: str, workspace_id: str) -> None:
    """Signal, by itself, that an execution's journal grew. Raises `ServerUnavailable`."""
    Pipeline().announce(execution_id, workspace_id).execute()


async def tip() -> str:
    """The id of the newest signal, ``0-0`` when there is none.

    Where a hub begins. Raises `ServerUnavailable`.
    """
    with answering("looking at the signal stream"):
        newest: Any = await _reader().xrevrange(keys.SIGNALS, count=1)
    return text(newest[0][0]) if newest else "0-0"


async def read(last_id: str, *, block_ms: int = 5000, count: int = 500) -> list[Signal]:
    """Signals after ``last_id``, oldest first, at most ``count``; waits up to ``block_ms`` for the first one.

    Begin with `tip()` and then pass the last id that was answered (with ``$`` whatever comes between two
    calls is missed). When it answers nothing for long, compare `tip()`: an id older than yours means that
    Redis restarted empty under a clock set back; begin anew there. Raises `ServerUnavailable`.
    """
    block = max(1, min(block_ms, LONGEST_BLOCK_MS))
    with answering("reading the signal stream"):
        answer: Any = await _reader().xread({keys.SIGNALS: last_id}, count=count, block=block)
    return [
        (text(stream_id), text(fields.get(b"e", b"")), text(fields.get(b"w", b"")))
        for _, entries in answer or ()
        for stream_id, fields in entries
    ]


async def close() -> None:
    """Close this event loop's reading connection (at shutdown)."""
    found = _readers.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.aclose()


def _reader() -> redis.asyncio.Redis:
    """One client per event loop: asyncio's sockets belong to the loop that made them."""
    loop = asyncio.get_running_loop()
    found = _readers.get(loop)
    if found is None:
        found = _readers[loop] = redis.asyncio.Redis.from_url(
            str(settings.REDIS_URL),
            socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
            socket_timeout=ANSWER_TIMEOUT_SECONDS,
            socket_keepalive=True,
            protocol=2,
        )
    return found
