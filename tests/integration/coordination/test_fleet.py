from __future__ import annotations

import time
from dataclasses import replace

import redis

from fermata.coordination import fleet, keys
from fermata.coordination.fleet import Worker

WORKER = Worker(
    name="celery@a",
    host="a",
    pid=7,
    queues=("default", "slow"),
    concurrency=4,
    version="1",
    started_at=1.5,
)


def test_lists_who_announced_themselves_by_name(connection: redis.Redis) -> None:
    other = replace(WORKER, name="celery@0", pid=8)
    began = time.monotonic()
    fleet.announce(WORKER)
    fleet.announce(other)
    fleet.announce(WORKER)
    found = fleet.living()
    assert [row.worker for row in found] == [other, WORKER]
    assert all(0 <= row.silent_seconds <= time.monotonic() - began + 0.1 for row in found)


def test_forgets_who_took_leave_and_who_is_silent(connection: redis.Redis) -> None:
    silent = replace(WORKER, pid=9)
    for worker in (WORKER, silent):
        fleet.announce(worker)
    fleet.farewell(WORKER)
    assert [row.worker for row in fleet.living()] == [silent]
    [(text, _)] = connection.zrange(keys.WORKERS, 0, -1, withscores=True)
    seconds, _ = connection.time()
    connection.zadd(keys.WORKERS, {text: (seconds - fleet.TTL_SECONDS - 2) * 1000})
    assert fleet.living() == []
    fleet.announce(WORKER)
    assert connection.zcard(keys.WORKERS) == 1  # the silent one was cleared away


def test_keeps_nothing_when_the_last_one_falls_silent(connection: redis.Redis) -> None:
    fleet.announce(WORKER)
    assert 0 < connection.pttl(keys.WORKERS) <= fleet.TTL_SECONDS * 1000


def test_passes_over_what_another_version_wrote(connection: redis.Redis) -> None:
    fleet.announce(WORKER)
    seconds, _ = connection.time()
    connection.zadd(keys.WORKERS, {b'{"name": "new", "shape": 1}': seconds * 1000, b"\xff": seconds * 1000})
    assert [row.worker for row in fleet.living()] == [WORKER]
