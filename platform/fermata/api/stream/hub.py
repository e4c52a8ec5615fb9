"""One hub per web process: feeds of the executions watched here, the board of lists, one ear for both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from fermata.api.stream.board import Board
from fermata.api.stream.ear import Ear
from fermata.api.stream.feed import Feed, Watcher
from fermata.api.stream.standing import Standings
from fermata.api.stream.viewer import Viewer
from fermata.coordination.stream import Signal

logger = logging.getLogger(__name__)

FAILED = 1011

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


class Hub:
    """Tasks live while somebody watches."""

    def __init__(self) -> None:
        self.standings = Standings()
        self._feeds: dict[UUID, Feed] = {}
        self._board = Board()
        self._tasks: dict[UUID | None, asyncio.Task[None]] = {}
        """By execution; the board's under None."""
        self._ear = Ear(heard=self._heard, unsure=self._unsure)

    def watch(self, execution_id: UUID, watcher: Watcher) -> Feed:
        """Let someone watch an execution; its feed begins with the first one."""
        feed = self._feeds.get(execution_id)
        if feed is None:
            feed = self._feeds[execution_id] = Feed(execution_id)
            feed.watchers.add(watcher)
            self._begin(execution_id, feed.run(), feed.watchers)
        feed.watchers.add(watcher)
        feed.wake.set()
        self._ear.open()
        return feed

    def unwatch(self, execution_id: UUID, watcher: Watcher) -> None:
        """The last one out ends the feed."""
        feed = self._feeds.get(execution_id)
        if feed is None:
            return
        feed.watchers.discard(watcher)
        if not feed.watchers:
            del self._feeds[execution_id]
            self._end(execution_id)

    def view(self, viewer: Viewer) -> None:
        """Let someone view a list."""
        self._board.add(viewer)
        if None not in self._tasks:
            self._begin(None, self._board.run(), self._board.viewers)
        self._ear.open()

    def unview(self, viewer: Viewer) -> None:
        """The last one out ends the board."""
        self._board.remove(viewer)
        if not self._board.viewers and None in self._tasks:
            self._board = Board()
            self._end(None)

    def _begin(
        self, key: UUID | None, reading: Coroutine[Any, Any, None], served: Iterable[Watcher | Viewer]
    ) -> None:
        task = self._tasks[key] = asyncio.create_task(reading)
        task.add_done_callback(lambda task: self._ended(key, task, served))

    def _ended(self, key: UUID | None, task: asyncio.Task[None], served: Iterable[Watcher | Viewer]) -> None:
        """One that failed tells nobody anything any more: let its clients come back, to a new one."""
        if task.cancelled() or task.exception() is None:
            return
        logger.error("a reader of the streams failed: %s", task.exception(), exc_info=task.exception())
        if key is None:
            self._board = Board()
        else:
            del self._feeds[key]
        self._end(key)
        for client in list(served):
            client.end(FAILED)

    def _end(self, key: UUID | None) -> None:
        self._tasks.pop(key).cancel()
        if not self._tasks:
            self._ear.close()

    def _heard(self, signals: Sequence[Signal]) -> None:
        for _, execution_id, workspace_id in signals:
            try:
                execution, workspace = UUID(execution_id), UUID(workspace_id)
            except ValueError:
                continue
            feed = self._feeds.get(execution)
            if feed is not None:
                feed.wake.set()
            self._board.hear(execution, workspace)

    def _unsure(self) -> None:
        for feed in self._feeds.values():
            feed.wake.set()
        self._board.doubt()
