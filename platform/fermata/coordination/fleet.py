"""Which workers live: each says so every few seconds; whoever is silent for one ttl counts as gone.

This is for people who look. Nothing is decided by it: a lost worker is known by its leases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from fermata.coordination import keys
from fermata.coordination.client import answering, client, script

TTL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker says of itself; all of it stays the same while it lives.

    ``started_at``: Unix seconds by the worker's own clock.
    """

    name: str
    host: str
    pid: int
    queues: tuple[str, ...]
    concurrency: int
    version: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Living:
    """A worker, and how many seconds ago, by Redis' clock, it was heard of."""

    worker: Worker
    silent_seconds: float


def announce(worker: Worker) -> None:
    """Say that the worker is there. Raises `ServerUnavailable`."""
    with answering("announcing a worker"):
        client().eval(script("worker_announce"), 1, keys.WORKERS, _text(worker), f"{TTL_SECONDS * 1000:.0f}")


def farewell(worker: Worker) -> None:
    """Say that it ends. Raises `ServerUnavailable`."""
    with answering("taking a worker's leave"):
        client().zrem(keys.WORKERS, _text(worker))


def living() -> list[Living]:
    """The workers heard of within one ttl, by name. Raises `ServerUnavailable`."""
    with answering("reading the inventory of workers"), client().pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.zrange(keys.WORKERS, 0, -1, withscores=True)
        (seconds, microseconds), found = pipe.execute()
    now = seconds + microseconds / 1e6
    workers = [
        Living(worker, max(0.0, now - score / 1000))
        for text, score in found
        if now - score / 1000 <= TTL_SECONDS and (worker := _parsed(text)) is not None
    ]
    return sorted(workers, key=lambda row: (row.worker.name, row.worker.host, row.worker.pid))


def _text(worker: Worker) -> bytes:
    return orjson.dumps(asdict(worker), option=orjson.OPT_SORT_KEYS)


def _parsed(text: bytes) -> Worker | None:
    """The worker; None for a text that another version of Fermata wrote differently."""
    try:
        row: Mapping[str, Any] = orjson.loads(text)
        return Worker(**{**row, "queues": tuple(row["queues"])})
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None
