"""What a worker says of itself, every few seconds, while its recovery thread sweeps."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any

from fermata import __version__
from fermata.coordination import fleet
from fermata.coordination.fleet import Worker
from fermata.errors import ServerUnavailable

logger = logging.getLogger("fermata.heartbeat")

EVERY_SECONDS = 5.0


class Heartbeat:
    """Announces ``worker`` when asked to, at most every five seconds; ``clock`` answers monotonic seconds.

    A Redis that does not answer is no reason to stop anything: the next beat tries again.
    """

    def __init__(self, worker: Worker, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is said yet."""
        self.worker = worker
        self._clock = clock
        self._at = float("-inf")

    def beat(self) -> None:
        """Announce, unless that was done a moment ago."""
        if self._clock() - self._at < EVERY_SECONDS:
            return
        self._at = self._clock()
        try:
            fleet.announce(self.worker)
        except ServerUnavailable as error:
            logger.debug("The inventory misses this worker: %s", error.message)

    def end(self) -> None:
        """Take leave, so that nobody waits for the ttl to see it."""
        try:
            fleet.farewell(self.worker)
        except ServerUnavailable as error:
            logger.debug("The inventory keeps this worker for a while: %s", error.message)


def of(consumer: Any) -> Heartbeat:
    """The heartbeat of the worker whose consumer has just become ready."""
    return Heartbeat(
        Worker(
            name=str(consumer.hostname),
            host=socket.gethostname(),
            pid=os.getpid(),
            queues=tuple(sorted(consumer.app.amqp.queues.consume_from)),
            concurrency=int(consumer.controller.concurrency),
            version=__version__,
            started_at=time.time(),
        )
    )
