from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import redis

from fermata.engine.ledger import Ring
from workers.dispatcher import CeleryDispatcher

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-c", "1")


def ring() -> Ring:
    return Ring(str(uuid4()), str(uuid4()), node_id="n", kind="node", queue="default", priority=5)


def test_ends_a_worker_that_does_not_consume(connection: redis.Redis, start: Callable[..., Any]) -> None:
    worker = start("-m", "celery", "-A", "deaf_worker", "worker", *QUIET)
    worker.said("ready.")
    CeleryDispatcher(mode="off").ring([ring()])
    worker.said("received none", seconds=15)
    assert worker.process.wait(15) == 1
    assert connection.llen("wf:default") == 1


def test_gives_each_child_its_own_connections(connection: redis.Redis, start: Callable[..., Any]) -> None:
    worker = start("-m", "celery", "-A", "echo_worker", "worker", *QUIET[:3], "-c", "2")
    worker.said("ready.")
    connection.set("hold", "1")
    CeleryDispatcher(mode="off").ring([ring(), ring()])
    pids = {connection.blpop("echo", timeout=20)[1].split()[3] for _ in range(2)}
    assert len(pids) == 2
    connection.delete("hold")
    assert worker.stop() == 0


def test_goes_on_after_redis_restarted_empty(
    valkey: Any, connection: redis.Redis, start: Callable[..., Any]
) -> None:
    worker = start("-m", "celery", "-A", "echo_worker", "worker", *QUIET)
    worker.said("ready.")
    CeleryDispatcher(mode="off").ring([ring()])
    assert connection.blpop("echo", timeout=20)
    valkey.restart(empty=True)
    CeleryDispatcher(mode="off").ring([ring()])
    assert connection.blpop("echo", timeout=40)
    assert worker.stop(by=signal.SIGTERM) == 0


def test_ends_soon_though_a_result_is_never_counted(
    connection: redis.Redis, start: Callable[..., Any]
) -> None:
    worker = start("-m", "celery", "-A", "uncounted_worker", "worker", *QUIET)
    worker.said("ready.")
    CeleryDispatcher(mode="off").ring([ring()])
    assert connection.blpop("echo", timeout=20)
    assert worker.stop(seconds=15) == 0
