from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from fermata.coordination import fleet
from fermata.coordination.fleet import Worker
from tests.integration.workers.test_engine import CELERY, QUIET, environment  # noqa: F401 - a fixture
from workers import heartbeat
from workers.heartbeat import Heartbeat

WORKER = Worker("n", "h", 1, ("default",), 1, "1", 0.0)


def living(*, seconds: float = 20) -> list[Worker]:
    """The inventory, once somebody is in it."""
    until = time.monotonic() + seconds
    while not (found := fleet.living()) and time.monotonic() < until:
        time.sleep(0.05)
    return [row.worker for row in found]


@pytest.mark.django_db(transaction=True)
def test_a_worker_says_who_it_is_and_takes_leave(
    connection: redis.Redis,
    environment: dict[str, str],  # noqa: F811
    start: Callable[..., Any],
) -> None:
    program = start(*CELERY, *QUIET, "-c", "2", "-n", "here@%h", "-Q", "default", **environment)
    [worker] = living()
    assert worker.name.startswith("here@")
    assert (worker.pid, worker.concurrency, worker.queues) == (program.process.pid, 2, ("default",))
    assert abs(worker.started_at - time.time()) < 60
    program.said("ready.")
    assert program.stop(by=signal.SIGTERM) == 0
    assert fleet.living() == []


def test_beats_at_most_every_few_seconds_and_survives_without_redis(
    connection: redis.Redis, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    now, said = [0.0], []
    monkeypatch.setattr(fleet, "announce", said.append)
    beating = Heartbeat(WORKER, clock=lambda: now[0])
    for moment in (0.0, 0.1, heartbeat.EVERY_SECONDS - 0.1, heartbeat.EVERY_SECONDS, 12.0):
        now[0] = moment
        beating.beat()
    assert said == [WORKER] * 3
    monkeypatch.undo()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    now[0] = 100.0
    beating.beat()
    beating.end()
