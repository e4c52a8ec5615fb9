"""The engine's recovery loop as a thread of a worker, or as the whole of a process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connections

from fermata.engine.dispatch import dispatcher
from fermata.engine.recovery import Recovery
from workers.heartbeat import Heartbeat

logger = logging.getLogger("fermata.recovery")

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


def run_recovery(stop: threading.Event, *, between: Callable[[], None] = lambda: None) -> None:
    """Sweep until `stop` is set; `between` is called before each sweep.

    Any number of processes may do this at a time.

    An error (PostgreSQL restarts, say) is logged, and the loop begins anew after a pause that grows to
    ten seconds.
    """
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        try:
            Recovery(dispatcher()).run(stop, between=between)
        except Exception:
            logger.exception("Recovery failed; it goes on in %.1f s.", pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        finally:
            connections.close_all()


class RecoveryThread(threading.Thread):
    """Recovery beside other work. `end()` stops it and waits."""

    def __init__(self, heartbeat: Heartbeat, *, sweeps: bool = True) -> None:
        """`heartbeat` of the worker it runs in; without `sweeps` it only beats."""
        super().__init__(name="recovery", daemon=True)
        self._sweeps = sweeps
        self._stop_asked = threading.Event()
        self._heartbeat = heartbeat

    def run(self) -> None:
        """Sweep until `end` is called, and tell meanwhile that the worker lives."""
        if self._sweeps:
            run_recovery(self._stop_asked, between=self._heartbeat.beat)
            return
        while not self._stop_asked.wait(1.0):
            self._heartbeat.beat()

    def end(self, *, seconds: float = 5) -> None:
        """Ask it to stop and wait for at most so long."""
        self._stop_asked.set()
        self.join(seconds)
        self._heartbeat.end()
