"""A worker that is connected but no longer consumes ends itself, so that the supervisor restarts it.

That state has been seen after reconnections. The watchdog looks at the queues with a connection of its own:
when the same message stays at the head of one of this worker's queues for the whole of its patience, while
this worker had nothing to do and received nothing, the worker is deaf. Other workers' traffic, an empty
queue and a long task never look like that.

A worker of a fleet also ends after its step when it has grown too large: memory that a team's code leaks is
given back that way, since no pool replaces its children.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from celery.worker import state

from fermata.coordination import broker
from fermata.errors import ServerUnavailable

logger = logging.getLogger("fermata.watchdog")

PATIENCE_SECONDS = 75.0
"""More than kombu's own check of a half-open connection needs (51 s)."""

GRACE_SECONDS = 10.0
"""For an orderly end; after it the process just leaves."""


@dataclass(slots=True)
class Hearing:
    """Decides from what it is shown: `deaf` answers the queue that waits in vain, or None."""

    patience_seconds: float
    _since: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    _received: int = -1

    def deaf(self, *, heads: Mapping[str, bytes], received: int, busy: bool, now: float) -> str | None:
        """`received`: messages this worker ever got; `now`: monotonic seconds."""
        if busy or received != self._received:
            self._since.clear()
            self._received = received
        self._since = {
            queue: kept if (kept := self._since.get(queue)) and kept[0] == head else (head, now)
            for queue, head in heads.items()
        }
        for queue, (_, since) in self._since.items():
            if now - since >= self.patience_seconds:
                return queue
        return None


def largest_mb() -> int:
    """The most memory that this process has had resident, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "linux" else most // 1024**2


class Watchdog(threading.Thread):
    """Looks every few seconds. `queues`: what this worker consumes; `clock` answers monotonic seconds."""

    def __init__(
        self,
        queues: tuple[str, ...],
        *,
        patience_seconds: float,
        clock: Callable[[], float],
        most_mb: int | None = None,
    ) -> None:
        """`most_mb`: memory at which a worker that is replaced by its fleet ends."""
        super().__init__(name="watchdog", daemon=True)
        self._queues = queues
        self._hearing = Hearing(patience_seconds)
        self._pause = min(5.0, patience_seconds / 5)
        self._clock = clock
        self._most_mb = most_mb
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look until `end` is called or the worker is deaf."""
        while not self._stop_asked.wait(self._pause):
            queue = self._look()
            if queue is not None:
                self._end_worker(queue)
                return
            if self._most_mb is not None and (grown := largest_mb()) > self._most_mb:
                logger.warning("This worker needed %d MB of memory; it makes room for another.", grown)
                state.should_stop = 0  # after the step it is at
                return

    def end(self) -> None:
        """Look no more."""
        self._stop_asked.set()

    def _look(self) -> str | None:
        try:
            heads = broker.heads(self._queues)
        except ServerUnavailable:
            heads = {}  # nobody can consume now: no reproach
        return self._hearing.deaf(
            heads=heads,
            received=sum(state.total_count.values()),
            busy=bool(state.reserved_requests),
            now=self._clock(),
        )

    def _end_worker(self, queue: str) -> None:
        logger.critical(
            "Messages wait on queue %s and this worker received none for %.0f s: it ends, to be restarted.",
            queue,
            self._hearing.patience_seconds,
        )
        state.should_stop = 1  # an orderly end with exit code 1, if the consumer's loop still turns
        if not self._stop_asked.wait(GRACE_SECONDS):
            os._exit(1)
