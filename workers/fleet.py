"""`python -m workers.fleet`: some workers of one process each, kept alive by a parent that does nothing else.

A worker of Celery's prefork pool is two processes a step passes through; here each process takes its own
messages and performs them itself (the `solo` pool), which costs half as much. What the pool gave stays: a
child that is ended, by the kernel because of an expression or by anybody, is replaced at once, from a parent
that has everything imported and opens no connection. Each child ends with its parent, however that ends.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import logging.config
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

from django.conf import settings

from workers import lifecycle
from workers.app import app

logger = logging.getLogger("fermata.fleet")

PR_SET_PDEATHSIG = 1
STEADY_SECONDS = 5.0
"""A child that lived this long is replaced at once; one that keeps ending waits ever longer."""
LONGEST_PAUSE_SECONDS = 30.0
LOOK_SECONDS = 0.1
GRACE_SECONDS = 35.0
"""For steps under way when the fleet ends: Celery's own soft shutdown takes 30 s."""


@dataclass(slots=True)
class Seat:
    """One worker's place. Times are monotonic seconds."""

    number: int
    pid: int = 0
    since: float = 0.0
    due: float = 0.0
    pause: float = 0.0


@dataclass(slots=True)
class Fleet:
    """`hostname` names the workers, %n being their numbers; `arguments` go to each of them as they are."""

    seats: list[Seat]
    hostname: str = "worker%n@%h"
    arguments: Sequence[str] = ()
    _ending: list[int] = field(default_factory=list)

    def run(self) -> int:
        """Keep every seat taken until SIGTERM, SIGINT or SIGQUIT; then the workers end, too."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, self._asked)
        while not self._ending:
            self._take_seats()
            self._reap()
            self._sleep()
        return self._end()

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        self._ending.append(number)

    def _take_seats(self) -> None:
        now = time.monotonic()
        for seat in self.seats:
            if seat.pid == 0 and seat.due <= now:
                seat.since = now
                seat.pid = self._fork(seat)

    def _sleep(self) -> None:
        """Until a seat is due, or for a look."""
        due = [seat.due for seat in self.seats if seat.pid == 0]
        pause = min(due) - time.monotonic() if due else LOOK_SECONDS
        time.sleep(max(0.0, min(pause, LOOK_SECONDS)))

    def _reap(self) -> None:
        for seat in self.seats:
            if seat.pid and os.waitpid(seat.pid, os.WNOHANG) != (0, 0):
                self._left(seat)

    def _left(self, seat: Seat) -> None:
        now = time.monotonic()
        steady = now - seat.since >= STEADY_SECONDS
        seat.pause = 0.0 if steady else min(max(0.1, seat.pause * 2), LONGEST_PAUSE_SECONDS)
        logger.warning("Worker %d (pid %d) ended; another takes its place.", seat.number, seat.pid)
        seat.pid, seat.due = 0, now + seat.pause

    def _fork(self, seat: Seat) -> int:
        parent = os.getpid()
        gc.freeze()  # the pages of what is imported stay shared
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            end_with(parent)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            lifecycle.sweeps(seat.number == 0)
            lifecycle.replaced()
            serve(self.hostname.replace("%n", str(seat.number)), self.arguments)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        finally:
            logging.shutdown()
            sys.stdout.flush()
            os._exit(code)

    def _end(self) -> int:
        """Pass the last signal on and wait; whoever has not gone by then is killed."""
        number = signal.SIGQUIT if self._ending[-1] == signal.SIGQUIT else signal.SIGTERM
        asked = len(self._ending)
        for seat in self.seats:
            _send(seat, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(seat.pid for seat in self.seats):
            self._reap_quietly()
            if time.monotonic() > deadline or len(self._ending) > asked:
                for seat in self.seats:
                    _send(seat, signal.SIGKILL)
                deadline = float("inf")
                asked = len(self._ending)
            time.sleep(0.02)
        return 0

    def _reap_quietly(self) -> None:
        for seat in self.seats:
            if seat.pid and os.waitpid(seat.pid, os.WNOHANG) != (0, 0):
                seat.pid = 0


def _send(seat: Seat, number: signal.Signals) -> None:
    if seat.pid:
        os.kill(seat.pid, number)  # not reaped yet, so the number is still that child's


def end_with(parent: int) -> None:
    """The kernel ends this process when the parent dies (on Linux; elsewhere the supervisor's guard does)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


def serve(hostname: str, arguments: Sequence[str]) -> None:
    """Be a Celery worker, until it ends."""
    app.set_current()
    app.worker_main(
        [
            "--quiet", "worker", "--pool", "solo", "--concurrency", "1", "--hostname", hostname,
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--loglevel", logging.getLevelName(logging.getLogger().level), *arguments,
        ]
    )  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    """Start the fleet; unknown arguments go to the workers."""
    parser = argparse.ArgumentParser(
        prog="python -m workers.fleet", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many workers")
    parser.add_argument("--hostname", default="worker%n@%h", help="their names; %%n is the number")
    options, rest = parser.parse_known_args(given)
    logging.config.dictConfig(settings.LOGGING)
    app.loader.import_default_modules()
    app.finalize()
    return Fleet([Seat(number) for number in range(options.processes)], options.hostname, rest).run()


if __name__ == "__main__":
    raise SystemExit(main())
