"""A few child processes that evaluate expressions for people who are still writing them.

An expression may be hostile: it costs one child, never the process that asked. A child is a fresh
interpreter (:mod:`fermata.engine.previews.child`) with a limit on memory and, for each text, on CPU and wall
time; it has no environment of ours, no connection and no file but its socket. It ends when that socket
closes, so none outlives the process that started it. (A signal upon the parent's death would come when the
*thread* that started the child ends, and here threads come and go.)
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from typing import Any

import orjson

from fermata.engine.previews import wire
from fermata.errors import PreviewsBusy, ServerUnavailable, TooCostly

logger = logging.getLogger(__name__)

CHILDREN = 2
WAITING = 8
PATIENCE_SECONDS = 0.5
"""How long a preview waits for a child before it is told to come again."""
ATTEMPTS = 2
"""How often a text is asked whose process somebody else ends."""
CPU_SECONDS = 1.0
WALL_SECONDS = 1.8
START_SECONDS = 10.0
MEMORY_BYTES = 512 * 1024 * 1024
REQUEST_BYTES = 16 * 1024 * 1024
STARVED_SECONDS = 0.2
"""A child that got less than this within its wall time was not too slow: the machine was too busy."""
MODULE = "fermata.engine.previews.child"
OUT_OF_TIME = {-signal.SIGVTALRM, -signal.SIGXCPU}


class _Vanished(Exception):
    """Somebody else ended the process before it had worked on the text."""


class Child:
    """A place for one child process, and the socket to it. Used by one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._door = socket.socket()
        self._spent: float | None = None

    def start(self) -> None:
        """Start the process unless it runs; whether it is ready shows when it is asked. Raises OSError."""
        if self._process is not None and self._process.poll() is None:
            return
        self.end()
        self._door, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no word of it from outside
                [sys.executable, "-P", "-m", MODULE, str(MEMORY_BYTES), str(CPU_SECONDS)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"},
            )

    def ask(self, body: bytes) -> dict[str, Any]:
        """The child's answer. Raises TooCostly, PreviewsBusy, ServerUnavailable; then the process is gone.

        A process that was killed from outside is replaced and the text asked once more: :meth:`start` cannot
        see every such end, because the kernel tells of it only some moments after the kill.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._ask(body)
            except _Vanished:
                continue
            except BaseException:
                self.end()
                raise
        raise PreviewsBusy

    def end(self) -> tuple[int, float]:
        """End the process now: (its exit code, the CPU seconds it had)."""
        self._door.close()
        process, self._process, self._spent = self._process, None, None
        if process is None or process.returncode is not None:
            return 0, 0.0
        os.kill(process.pid, signal.SIGKILL)  # not process.kill(): that would collect it, and its times
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_utime + usage.ru_stime

    def _await_ready(self) -> None:
        try:
            self.start()
            if self._spent is not None:
                return
            ready = wire.receive(self._door, until=time.monotonic() + START_SECONDS)
        except OSError:  # TimeoutError is one
            ready = None
        if ready is None:
            logger.error("A child for previews did not start; it ended with %d", self.end()[0])
            raise ServerUnavailable("Previews cannot be worked out now.", cure="Look into the server's log.")
        self._spent = ready["spent"]

    def _ask(self, body: bytes) -> dict[str, Any]:
        self._await_ready()
        before = self._spent or 0.0
        until = time.monotonic() + WALL_SECONDS
        try:
            self._door.settimeout(WALL_SECONDS)
            wire.send(self._door, body)
            answer = wire.receive(self._door, until=until)
        except TimeoutError:
            _, spent = self.end()
            raise (PreviewsBusy() if spent - before < STARVED_SECONDS else TooCostly(time=True)) from None
        except OSError:
            answer = None
        if answer is None:
            raise self._lost(before)
        if "too_costly" in answer:
            raise TooCostly(time=False)
        self._spent = answer.pop("spent")
        return dict(answer)

    def _lost(self, before: float) -> _Vanished | TooCostly:
        """What the end of the process means: the text's fault, unless somebody else killed it at rest."""
        code, spent = self.end()
        if code == -signal.SIGKILL and spent - before < STARVED_SECONDS:
            return _Vanished()
        return TooCostly(time=code in OUT_OF_TIME)


class Pool:
    """Children, and a short queue before them. Shared by all threads of a process."""

    def __init__(self, *, children: int = CHILDREN, waiting: int = WAITING) -> None:
        """Start the children; the first text to come waits until one is ready."""
        self._places = threading.BoundedSemaphore(children + waiting)
        self._free: queue.LifoQueue[Child] = queue.LifoQueue()
        for _ in range(children):
            self._put_back(Child())

    def evaluate(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"value", "type", "truncated"} or {"error"}; ``request``: {"text", "bindings", "room"}.

        Raises TooCostly, PreviewsBusy, ServerUnavailable.
        """
        body = orjson.dumps(request)
        if len(body) > REQUEST_BYTES:
            raise TooCostly(time=False)
        if not self._places.acquire(blocking=False):
            raise PreviewsBusy
        try:
            return self._ask(body)
        finally:
            self._places.release()

    def _ask(self, body: bytes) -> dict[str, Any]:
        try:
            child = self._free.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise PreviewsBusy from None
        try:
            return child.ask(body)
        finally:
            self._put_back(child)

    def _put_back(self, child: Child) -> None:
        """Free for the next text; a process that was lost is replaced before somebody waits for it."""
        try:
            child.start()
        except OSError as error:
            logger.warning("No child for previews could be started: %s", error)
        self._free.put(child)

    def close(self) -> None:
        """End the children that are free; those at work end with their socket."""
        while True:
            try:
                self._free.get_nowait().end()
            except queue.Empty:
                return


@cache
def pool() -> Pool:
    """This process's pool, made at the first preview."""
    made = Pool()
    atexit.register(made.close)
    return made


os.register_at_fork(after_in_child=pool.cache_clear)
