"""The epoch: whether Redis has remembered long enough for an absent lease to mean a lost worker."""

from __future__ import annotations

import time
from dataclasses import dataclass

import redis

from fermata.coordination import keys
from fermata.coordination.client import answering, client, script
from fermata.errors import ServerUnavailable


@dataclass(frozen=True, slots=True)
class EpochState:
    """`trustworthy`.

    A lease that is absent was given back or ran out. `age_seconds`: None without an answer.
    """

    trustworthy: bool
    age_seconds: float | None


class Epoch:
    """Reads the epoch.

    A Redis that restarted empty has a new one, and every holder gets a full ttl to renew.
    """

    def __init__(self, connection: redis.Redis | None = None) -> None:
        """`connection` replaces the process's own client (tests)."""
        self._connection = connection
        self._silent_at: float | None = None

    def read(self, ttl_seconds: float) -> EpochState:
        """The state now, by the server's clock; writes the epoch when it is missing.

        Never raises for a Redis that does not answer: then nothing is trustworthy. Read it *before* asking
        which leases are held, and again after, else an emptying in between shows every lease as lost.
        """
        connection = self._connection if self._connection is not None else client()
        try:
            with answering("reading the epoch"):
                epoch, now = (int(part) for part in connection.eval(script("epoch_read"), 1, keys.EPOCH))
        except ServerUnavailable:
            self._silent_at = time.monotonic()
            return EpochState(trustworthy=False, age_seconds=None)
        age = (now - epoch) / 1000
        if self._silent_at is not None:  # whoever could not reach it either had no way to renew
            age = min(age, time.monotonic() - self._silent_at)
        return EpochState(trustworthy=age >= ttl_seconds, age_seconds=age)
