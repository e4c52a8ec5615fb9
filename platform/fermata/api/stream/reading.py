"""Reads for the streams: in threads beside the event loop, as finished text, again while a server is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection

from fermata.api.rendering import dumps
from fermata.engine import journal
from fermata.engine import queries as engine
from fermata.errors import ServerUnavailable

logger = logging.getLogger(__name__)

BATCH = 500
"""Events in a frame, at most."""
THREADS = 8
AGAIN_SECONDS = 1.0
AWAY = (DatabaseError, psycopg.Error, ServerUnavailable, OSError)
"""What a read raises while PostgreSQL is away or overrun."""

Answer = TypeVar("Answer")
_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="stream")


async def in_thread(call: Callable[..., Answer], *args: Any) -> Answer:
    """Run a database read beside the event loop; its connection goes back to the pool afterwards."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _called, call, args)


async def patiently(call: Callable[..., Answer], *args: Any) -> Answer:
    """As :func:`in_thread`, again and again while PostgreSQL is away."""
    while True:
        try:
            return await in_thread(call, *args)
        except AWAY as error:
            logger.warning("a stream waits for the database: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)


def _called(call: Callable[..., Answer], args: tuple[Any, ...]) -> Answer:
    try:
        return call(*args)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Batch:
    """A frame of events as text: those behind the place ``after`` up to ``last``."""

    after: int
    last: int
    text: str


def read_new(execution_id: UUID, after: int) -> Batch | None:
    """Number what was committed, then read what follows; None when nothing does."""
    journal.number(execution_id)
    return read_numbered(execution_id, after, BATCH)


def read_numbered(execution_id: UUID, after: int, limit: int) -> Batch | None:
    """Up to ``limit`` events that have a place beyond ``after``."""
    rows = engine.events(execution_id, after=after, limit=min(limit, BATCH))
    if not rows:
        return None
    last = rows[-1]["cursor"]
    frame = {"type": "events", "after": engine.cursor(after), "cursor": last, "events": rows}
    return Batch(after, engine.parse_cursor(last), dumps(frame).decode())


def joined(**members: bytes) -> str:
    """A JSON object of members that are JSON already."""
    return "{" + ",".join(f'"{name}":{body.decode()}' for name, body in members.items()) + "}"
