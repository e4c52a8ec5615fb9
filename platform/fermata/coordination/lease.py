"""Leases.

Who performs a step just now. Traffic control only; the fence in PostgreSQL decides what is recorded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

import redis

from fermata.coordination import keys
from fermata.coordination.client import answering, client, exchange, script, text

Renewal = Literal["held", "retaken", "lost"]
"""What a renewal found.

held: it was ours. retaken: it had vanished, or a lower fence had it, and is ours now. lost: another has it.
"""

ASKED_AT_ONCE = 1000
"""Keys in one MGET: enough for a sweep, too few to block the server for a millisecond."""


class LeaseBook(Protocol):
    """What the engine asks of leases. `token` is new for each performance; `fence` is PostgreSQL's number."""

    def acquire(self, step_id: str, *, token: str, ttl_seconds: float) -> bool:
        """Take the lease when nobody has it or the same token has it.

        Its fence is 0 until `renew` tells it.
        """
        ...

    def acquire_many(self, step_ids: Sequence[str], *, token: str, ttl_seconds: float) -> list[str]:
        """Take the leases that nobody has, as `acquire` does; those of the steps that are ours now."""
        ...

    def renew(self, step_id: str, *, token: str, fence: int, ttl_seconds: float) -> Renewal:
        """Extend ours, take back a vanished one, replace a lower fence; never take an equal or higher one."""
        ...

    def release(self, step_id: str, *, token: str) -> bool:
        """Give it back; False when it was not ours."""
        ...

    def held(self, step_ids: Iterable[str]) -> set[str]:
        """Those of the steps whose lease somebody has."""
        ...


class Leases:
    """Leases in Redis.

    One round trip each. Every method raises `ServerUnavailable` when Redis does not answer.
    """

    def __init__(self, connection: redis.Redis | None = None) -> None:
        """`connection` replaces the process's own client (tests)."""
        self._connection = connection

    def acquire(self, step_id: str, *, token: str, ttl_seconds: float) -> bool:
        """Take the lease when nobody has it or the same token has it.

        Its fence is 0 until `renew` tells it.
        """
        with answering("taking a lease"):
            return bool(self._run("lease_acquire", step_id, token, milliseconds(ttl_seconds)))

    def acquire_many(self, step_ids: Sequence[str], *, token: str, ttl_seconds: float) -> list[str]:
        """Take the leases that nobody has, as `acquire` does; those of the steps that are ours now."""
        names = [keys.lease(step_id) for step_id in step_ids]
        command = ("EVAL", script("lease_acquire_many"), len(names), *names, token, milliseconds(ttl_seconds))
        with answering("taking leases"):
            [answers] = exchange([command], through=self._connection)
        return [step_id for step_id, ours in zip(step_ids, answers, strict=True) if ours]

    def renew(self, step_id: str, *, token: str, fence: int, ttl_seconds: float) -> Renewal:
        """Extend ours, take back a vanished one, replace a lower fence; never take an equal or higher one."""
        with answering("renewing a lease"):
            answer = text(self._run("lease_renew", step_id, token, fence, milliseconds(ttl_seconds)))
        return "held" if answer == "held" else "retaken" if answer == "retaken" else "lost"

    def release(self, step_id: str, *, token: str) -> bool:
        """Give it back; False when it was not ours."""
        with answering("releasing a lease"):
            return bool(self._run("lease_release", step_id, token))

    def held(self, step_ids: Iterable[str]) -> set[str]:
        """Those of the steps whose lease somebody has: one round trip, in chunks of 1,000 keys."""
        asked = list(step_ids)
        if not asked:
            return set()
        chunks = [asked[at : at + ASKED_AT_ONCE] for at in range(0, len(asked), ASKED_AT_ONCE)]
        with answering("looking for leases"), self._client().pipeline(transaction=False) as pipe:
            for chunk in chunks:
                pipe.mget([keys.lease(step_id) for step_id in chunk])
            answers = pipe.execute()
        return {
            step_id
            for chunk, values in zip(chunks, answers, strict=True)
            for step_id, value in zip(chunk, values, strict=True)
            if value is not None
        }

    def _client(self) -> redis.Redis:
        return self._connection if self._connection is not None else client()

    def _run(self, name: str, step_id: str, *arguments: str | int) -> object:
        command = ("EVAL", script(name), 1, keys.lease(step_id), *arguments)
        [answer] = exchange([command], through=self._connection)
        return answer


class MemoryLeases:
    """The same in this process's memory, for tests; passes the same suite. `clock` answers seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """A book without leases."""
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, str, float]] = {}

    def acquire(self, step_id: str, *, token: str, ttl_seconds: float) -> bool:
        """Take the lease when nobody has it or the same token has it.

        Its fence is 0 until `renew` tells it.
        """
        with self._lock:
            found = self._living(step_id)
            if found is not None and found[1] != token:
                return False
            self._held[step_id] = (found[0] if found else 0, token, self._clock() + ttl_seconds)
            return True

    def acquire_many(self, step_ids: Sequence[str], *, token: str, ttl_seconds: float) -> list[str]:
        """Take the leases that nobody has, as `acquire` does; those of the steps that are ours now."""
        return [
            step_id for step_id in step_ids if self.acquire(step_id, token=token, ttl_seconds=ttl_seconds)
        ]

    def renew(self, step_id: str, *, token: str, fence: int, ttl_seconds: float) -> Renewal:
        """Extend ours, take back a vanished one, replace a lower fence; never take an equal or higher one."""
        with self._lock:
            found = self._living(step_id)
            ours = found is not None and found[1] == token
            if found is not None and not ours and fence <= found[0]:
                return "lost"
            highest = max(fence, found[0]) if found else fence
            self._held[step_id] = (highest, token, self._clock() + ttl_seconds)
            return "held" if ours else "retaken"

    def release(self, step_id: str, *, token: str) -> bool:
        """Give it back; False when it was not ours."""
        with self._lock:
            found = self._living(step_id)
            if found is None or found[1] != token:
                return False
            del self._held[step_id]
            return True

    def held(self, step_ids: Iterable[str]) -> set[str]:
        """Those of the steps whose lease somebody has."""
        with self._lock:
            return {step_id for step_id in step_ids if self._living(step_id) is not None}

    def forget(self) -> None:
        """Lose every lease, as a Redis that restarts empty does."""
        with self._lock:
            self._held.clear()

    def _living(self, step_id: str) -> tuple[int, str, float] | None:
        found = self._held.get(step_id)
        if found is not None and found[2] <= self._clock():
            del self._held[step_id]
            return None
        return found


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, at least one: Redis refuses a ttl of nothing."""
    return max(1, round(seconds * 1000))
