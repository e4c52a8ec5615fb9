"""Limits on time inside one process: a node's timeout, and a hard end for expressions.

Both use interval timers of the kernel. The node's is wall time and raises TimeoutError in the main thread.
The expression's is CPU time and has the default action — the process dies — because an expression engine in
native code gives Python no chance to run a handler; the pool replaces the child, recovery rings the step
again, and a step that costs its worker's life several times fails as ``worker_lost`` (engine.md §5.2).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

EXPRESSION_CPU_SECONDS = 5.0
_limits: list[float] = []
"""Of wall time, in force in this process's main thread: the innermost last."""


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError("The time limit was reached.")


@contextmanager
def wall_time(seconds: float | None) -> Iterator[None]:
    """Raise TimeoutError in here after ``seconds``; no limit without, or outside the main thread."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _limits.append(seconds)
    try:
        yield
    finally:
        _limits.pop()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def wall_time_at_most(seconds: float) -> AbstractContextManager[None]:
    """`wall_time`, for what has no limit of its own yet."""
    return nullcontext() if _limits else wall_time(seconds)


@contextmanager
def expression_time(seconds: float = EXPRESSION_CPU_SECONDS) -> Iterator[None]:
    """End this process if the evaluation in here takes more than so many seconds of CPU time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
