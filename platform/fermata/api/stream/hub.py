"""One hub per web process.

Hears the signals and reads each watched execution's journal once for all who watch it.

A *feed* belongs to one execution. It reads what follows its place in the journal, at most every 50 ms, and
offers the batch to its *subscribers*; one that does not keep up is told to take a new snapshot and never
slows the others. While Redis does not answer, feeds look every second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection

from fermata.coordination import stream
from fermata.engine import journal
from fermata.engine import queries as engine
from fermata.errors import ServerUnavailable

logger = logging.getLogger(__name__)

COALESCE_SECONDS = 0.05
COUNTS_SECONDS = 1.0
LOOK_SECONDS = 5.0
"""A feed looks by itself this often: a signal can be lost."""
POLL_SECONDS = 1.0
BATCH = 500
BACKLOG = 200
"""Batches a subscriber may lag behind."""
THREADS = 8

Answer = TypeVar("Answer")
Batch = list[tuple[int, dict[str, Any]]]
"""(place in the journal, event), in order."""

_threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="stream")
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Counted:
    """New counts of the nodes."""

    nodes: list[dict[str, Any]]


async def in_thread(call: Callable[..., Answer], *args: Any) -> Answer:
    """Run a database read beside the event loop; its connection goes back to the pool afterwards."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _called, call, args)


def _called(call: Callable[..., Answer], args: tuple[Any, ...]) -> Answer:
    try:
        return call(*args)
    finally:
        connection.close()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


@dataclass(eq=False, slots=True)
class Subscriber:
    """Someone who watches: batches and counts arrive in ``queue``; ``lagging`` when it overflowed."""

    queue: asyncio.Queue[Batch | Counted] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    lagging: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, item: Batch | Counted) -> None:
        """Put it in the queue, or mark the subscriber as lagging."""
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.lagging.set()


class Feed:
    """The journal of one execution from where the first subscriber came in."""

    def __init__(self, execution_id: UUID, seq: int) -> None:
        self.execution_id = execution_id
        self.seq = seq
        self.subscribers: set[Subscriber] = set()
        self.wake = asyncio.Event()
        self._counted_at = 0.0
        self._counts: list[dict[str, Any]] | None = None
        self._counts_due = False

    async def run(self) -> None:
        """Read and hand out while somebody watches; a failing database is asked again."""
        while self.subscribers:
            try:
                await self._pass()
            except (DatabaseError, OSError) as error:
                logger.warning("the journal of %s cannot be read: %s", self.execution_id, error)
                await asyncio.sleep(POLL_SECONDS)
            await asyncio.sleep(COALESCE_SECONDS)
            pause = COUNTS_SECONDS if self._counts_due else LOOK_SECONDS
            # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()

    async def _pass(self) -> None:
        self.wake.clear()
        while batch := await in_thread(_read, self.execution_id, self.seq):
            self.seq = batch[-1][0]
            self._counts_due = True
            for subscriber in self.subscribers:
                subscriber.offer(batch)
            if len(batch) < BATCH:
                break
        if self._counts_due and time.monotonic() - self._counted_at >= COUNTS_SECONDS:
            nodes = await in_thread(engine.node_counts, self.execution_id)
            self._counted_at, self._counts_due = time.monotonic(), False
            if nodes != self._counts:
                self._counts = nodes
                for subscriber in self.subscribers:
                    subscriber.offer(Counted(nodes))


class Hub:
    """The feeds of this process and the ear for the signals. Tasks live while somebody watches."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, Feed] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._ear: asyncio.Task[None] | None = None

    def subscribe(self, execution_id: UUID, seq: int) -> tuple[Subscriber, int]:
        """A new subscriber, and the place from which it gets everything.

        Up to there it must read for itself.
        """
        feed = self._feeds.get(execution_id)
        if feed is None:
            feed = self._feeds[execution_id] = Feed(execution_id, seq)
            self._tasks[execution_id] = asyncio.create_task(feed.run())
        subscriber = Subscriber()
        feed.subscribers.add(subscriber)
        feed.wake.set()
        if self._ear is None or self._ear.done():
            self._ear = asyncio.create_task(self._listen())
        return subscriber, feed.seq

    def unsubscribe(self, execution_id: UUID, subscriber: Subscriber) -> None:
        """The last one out ends the feed, and the last feed the listening."""
        feed = self._feeds.get(execution_id)
        if feed is None:
            return
        feed.subscribers.discard(subscriber)
        if not feed.subscribers:
            del self._feeds[execution_id]
            self._tasks.pop(execution_id).cancel()
        if not self._feeds and self._ear is not None:
            self._ear.cancel()
            self._ear = None

    async def _listen(self) -> None:
        last: str | None = None
        while self._ear is asyncio.current_task():  # a cancellation can get lost inside the Redis client
            try:
                if last is None:
                    last = await stream.tip()
                    self._wake_all()  # what was signalled while nobody listened
                signals = await stream.read(last)
                if not signals and _older(await stream.tip(), last):
                    last = None  # Redis restarted empty under a clock set back
            except ServerUnavailable:
                last = None
                self._wake_all()
                await asyncio.sleep(POLL_SECONDS)
                continue
            for signal_id, execution_id, _ in signals:
                last = signal_id
                self._wake(execution_id)

    def _wake(self, execution_id: str) -> None:
        try:
            feed = self._feeds.get(UUID(execution_id))
        except ValueError:
            return
        if feed is not None:
            feed.wake.set()

    def _wake_all(self) -> None:
        for feed in self._feeds.values():
            feed.wake.set()


def _read(execution_id: UUID, after: int) -> Batch:
    """Number what was committed, then read what follows ``after``."""
    journal.number(execution_id)
    return read_numbered(execution_id, after)


def read_numbered(execution_id: UUID, after: int) -> Batch:
    """(place, event) of up to 500 numbered events after a place."""
    rows = engine.events(execution_id, after=after, limit=BATCH)
    return [(engine.parse_cursor(row["cursor"]), row) for row in rows]


def _older(tip: str, last: str) -> bool:
    return _place(tip) < _place(last)


def _place(signal_id: str) -> tuple[int, int]:
    milliseconds, _, number = signal_id.partition("-")
    return int(milliseconds or 0), int(number or 0)
