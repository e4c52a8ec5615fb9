"""The guard: a tiny process that outlives a killed supervisor just long enough to end its children.

The kernel ends direct children when the supervisor dies (see `processes`); their own children, such as
Celery's, would stay. The supervisor tells the guard through a pipe which sessions exist, one line each
(`+pid` or `-pid`). When the pipe closes, the guard gives them time to end, then kills what is left. It runs
by its path, with nothing but the standard library, so that it costs little.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

GRACE_SECONDS = 3.0


def _send(session: int, number: int) -> bool:
    """Signal a whole session's group; False when nobody is left in it."""
    try:
        os.killpg(session, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def watch(lines: object) -> set[int]:
    """Read the supervisor's lines until it is gone; answers the sessions it left."""
    sessions: set[int] = set()
    for line in lines:  # type: ignore[attr-defined]
        number = int(line[1:])
        if line[:1] == "+":
            sessions.add(number)
        else:
            sessions.discard(number)
    return sessions


def end(sessions: set[int], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask all sessions to end, wait, kill the rest."""
    left = {session for session in sessions if _send(session, signal.SIGTERM)}
    deadline = time.monotonic() + grace_seconds
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {session for session in left if _send(session, 0)}
    for session in left:
        _send(session, signal.SIGKILL)


def main() -> None:
    """Wait on standard input; a Ctrl-C in the terminal is the supervisor's business."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(ValueError):  # a line cut off by the kill
        end(watch(sys.stdin))


if __name__ == "__main__":
    main()
