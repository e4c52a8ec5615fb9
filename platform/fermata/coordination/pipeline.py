"""What follows a record, in one round trip.

The lease goes back, the stream is signalled, the next steps are rung.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import redis

from fermata.coordination import keys
from fermata.coordination.client import answering, exchange, script

PUSHED_AT_ONCE = 500
"""Messages in one LPUSH: about half a megabyte."""


class Pipeline:
    """Collects commands; `execute` sends them all. Not safe for two threads.

    Nothing in it is remembered when it fails: leases run out, the journal is read, recovery rings.
    """

    def __init__(self, connection: redis.Redis | None = None) -> None:
        """`connection` replaces the process's own client (tests)."""
        self._connection = connection
        self._releases: dict[str, list[str]] = {}
        self._signals: dict[tuple[str, str], None] = {}
        self._pushes: dict[str, list[bytes]] = {}
        self._values: dict[str, tuple[str, int]] = {}

    def release(self, step_id: str, token: str) -> Self:
        """Give a lease back if this token has it."""
        self._releases.setdefault(token, []).append(keys.lease(step_id))
        return self

    def announce(self, execution_id: str, workspace_id: str) -> Self:
        """Signal that the execution's journal grew; twice in one pipeline is once."""
        self._signals[str(execution_id), str(workspace_id)] = None
        return self

    def push(self, queue: str, message: bytes) -> Self:
        """Put a finished Celery message on a queue, behind those pushed before."""
        self._pushes.setdefault(queue, []).append(message)
        return self

    def keep(self, key: str, value: str, *, seconds: int) -> Self:
        """Keep a value for so long, written before any message is pushed (the size of a chord, say)."""
        self._values[key] = (value, seconds)
        return self

    def __len__(self) -> int:
        """Commands' worth of things collected."""
        return (
            sum(map(len, self._releases.values()))
            + len(self._signals)
            + len(self._values)
            + sum(map(len, self._pushes.values()))
        )

    def execute(self) -> None:
        """Send everything in one round trip and start empty again.

        The lease goes first: a worker that takes the next ring at once must find the way free. Raises
        `ServerUnavailable`; then any part of it may or may not have happened, and all of it is forgotten
        here.
        """
        if not len(self):
            return
        commands = self._commands()
        self.discard()
        with answering("ringing the next steps"):
            exchange(commands, through=self._connection)

    def _commands(self) -> list[tuple[Any, ...]]:
        release = script("lease_release")
        commands: list[tuple[Any, ...]] = [
            ("EVAL", release, len(leases), *leases, token) for token, leases in self._releases.items()
        ]
        for key, (value, seconds) in self._values.items():
            commands.append(("SET", key, value, "EX", seconds))
        commands += (
            ("LPUSH", keys.queue(queue), *messages[at : at + PUSHED_AT_ONCE])
            for queue, messages in self._pushes.items()
            for at in range(0, len(messages), PUSHED_AT_ONCE)
        )
        kept = ("MAXLEN", "~", keys.SIGNALS_KEPT)
        commands += (
            ("XADD", keys.SIGNALS, *kept, "*", "e", execution_id, "w", workspace_id)
            for execution_id, workspace_id in self._signals
        )
        return commands

    def discard(self) -> None:
        """Forget what was collected."""
        self._releases, self._signals, self._pushes, self._values = {}, {}, {}, {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Execute at a normal end; forget at an error."""
        if kind is None:
            self.execute()
        else:
            self.discard()
