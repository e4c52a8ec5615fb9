"""The feed of one execution: its journal is read once and shared by all who watch it.

The feed keeps the latest frames of events as text, in a log of bounded size. Each *watcher* has a place and
takes what follows it: from the log when it keeps up, from the tables while it catches up. One that kept up
once and whose place falls out of the log is told to take a new snapshot; nobody waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fermata.api.rendering import dumps
from fermata.api.stream.reading import (
    AGAIN_SECONDS,
    AWAY,
    BATCH,
    Batch,
    in_thread,
    joined,
    patiently,
    read_new,
    read_numbered,
)
from fermata.engine import journal
from fermata.engine import queries as engine

logger = logging.getLogger(__name__)

COALESCE_SECONDS = 0.05
SHARE = 3
"""After a pass the feed rests this many times as long as the pass took: a busy execution leaves room."""
COUNTS_SECONDS = 1.0
COUNTS_SHARE = 20
LOOK_SECONDS = 5.0
"""A feed looks by itself this often: a signal can be lost."""
SNAPSHOT_SECONDS = 1.0
"""So long a snapshot serves all who come; what happened since they get as events."""
LOG_BATCHES = 200
LOG_BYTES = 8 * 1024 * 1024
TAKE_A_SNAPSHOT = 4409


@dataclass(eq=False, slots=True)
class Watcher:
    """Someone who watches: ``end(code)`` closes it; ``wake`` is set when there may be something new."""

    end: Callable[[int], None]
    seq: int = 0
    counted: int = 0
    keeps_up: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Shot:
    """A snapshot whose parts are JSON already, but for the execution, which each client sees otherwise."""

    seq: int
    execution: dict[str, Any]
    nodes: bytes
    steps: bytes
    truncated: bool
    taken_at: float

    def frame(self, execution: dict[str, Any]) -> str:
        """The frame, with the execution as the client sees it."""
        return joined(
            type=b'"snapshot"',
            cursor=dumps(engine.cursor(self.seq)),
            execution=dumps(execution),
            nodes=self.nodes,
            steps=self.steps,
            steps_truncated=dumps(self.truncated),
        )


class Feed:
    """The journal of one execution from the first watcher's coming to the last one's leaving."""

    def __init__(self, execution_id: UUID) -> None:
        self.execution_id = execution_id
        self.watchers: set[Watcher] = set()
        self.wake = asyncio.Event()
        self.ready = asyncio.Event()
        self.start = self.seq = 0
        """The log holds what lies between these places."""
        self.counts = ""
        self.counted = 0
        self._log: dict[int, Batch] = {}
        self._bytes = 0
        self._counts_due = False
        self._counts_at = 0.0
        self._shooting: asyncio.Task[Shot] | None = None

    async def run(self) -> None:
        """Read and hand out while somebody watches; a failing database is asked again."""
        self.start = self.seq = await patiently(journal.number, self.execution_id)
        self.ready.set()
        while self.watchers:
            began = time.monotonic()
            try:
                await self._pass()
            except AWAY as error:
                logger.warning("the journal of %s cannot be read: %s", self.execution_id, error)
                self._counts_due = True
                self.wake.set()
                await asyncio.sleep(AGAIN_SECONDS)
            await asyncio.sleep(max(COALESCE_SECONDS, SHARE * (time.monotonic() - began)))
            pause = max(0.0, self._counts_at - time.monotonic()) if self._counts_due else LOOK_SECONDS
            # Not wait_for: on Python 3.11 it loses a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.wake.wait()

    async def snapshot(self) -> Shot:
        """The state now or a moment ago, read once for all who ask at a time. Raises NotFound, ``AWAY``."""
        task = self._shooting
        if task is None or (task.done() and _stale(task)):
            task = self._shooting = asyncio.create_task(in_thread(_shot, self.execution_id))
        return await asyncio.shield(task)

    async def following(self, watcher: Watcher) -> Batch | None:
        """What follows a watcher's place: None when nothing does now. Raises ``AWAY``."""
        while watcher.seq < self.seq:
            kept = self._log.get(watcher.seq)
            if kept is not None:
                watcher.keeps_up = True
                return kept
            bound = self._boundary(watcher.seq)
            found = await in_thread(
                read_numbered, self.execution_id, watcher.seq, min(BATCH, bound - watcher.seq)
            )
            if found is None:  # the journal was cleared away behind our back
                watcher.end(TAKE_A_SNAPSHOT)
            return found
        watcher.keeps_up = watcher.keeps_up or watcher.seq == self.seq
        return None

    def _boundary(self, seq: int) -> int:
        """Where the frame ends that a place lies in, or the log begins that it lies before."""
        if seq < self.start:
            return self.start
        return next(batch.last for batch in self._log.values() if batch.last > seq)

    async def _pass(self) -> None:
        self.wake.clear()
        while batch := await in_thread(read_new, self.execution_id, self.seq):
            self._keep(batch)
            self._counts_due = True
            if batch.last - batch.after < BATCH:
                break
        if self._counts_due and time.monotonic() >= self._counts_at:
            await self._count()

    def _keep(self, batch: Batch) -> None:
        self._log[batch.after] = batch
        self._bytes += len(batch.text)
        self.seq = batch.last
        while len(self._log) > 1 and (len(self._log) > LOG_BATCHES or self._bytes > LOG_BYTES):
            first = next(iter(self._log))
            dropped = self._log.pop(first)
            self._bytes -= len(dropped.text)
            self.start = dropped.last
        for watcher in self.watchers:
            if watcher.keeps_up and watcher.seq < self.start:
                watcher.end(TAKE_A_SNAPSHOT)
            else:
                watcher.wake.set()

    async def _count(self) -> None:
        began = time.monotonic()
        nodes = await in_thread(engine.node_counts, self.execution_id)
        text = dumps({"type": "counts", "nodes": nodes}).decode()
        now = time.monotonic()
        self._counts_at = now + max(COUNTS_SECONDS, COUNTS_SHARE * (now - began))
        self._counts_due = False
        if text != self.counts:
            self.counts, self.counted = text, self.counted + 1
            for watcher in self.watchers:
                watcher.wake.set()


def _shot(execution_id: UUID) -> Shot:
    found = engine.snapshot(execution_id)
    return Shot(
        seq=engine.parse_cursor(found["cursor"]),
        execution=found["execution"],
        nodes=dumps(found["nodes"]),
        steps=dumps(found["steps"]),
        truncated=found["steps_truncated"],
        taken_at=time.monotonic(),
    )


def _stale(task: asyncio.Task[Shot]) -> bool:
    if task.cancelled() or task.exception() is not None:
        return True
    return time.monotonic() - task.result().taken_at > SNAPSHOT_SECONDS
