"""The engine on real Celery workers."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.db import connection as database

from fermata.coordination import broker
from fermata.engine import dispatch, operations, payloads, runtime
from fermata.engine.ids import uuid7
from fermata.engine.models import Event, Execution, Step
from fermata.engine.recovery import Recovery
from tests.factories import VersionFactory, document
from workers.dispatcher import CeleryDispatcher

CELERY = ("-m", "celery", "-A", "workers", "worker")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
FINAL = {"succeeded", "failed", "cancelled", "timed_out"}


@pytest.fixture
def environment(transactional_db: None, connection: redis.Redis) -> Iterator[dict[str, str]]:
    """What a worker needs to work for this test."""
    runtime.forget()
    dispatch.dispatcher.cache_clear()
    parts = urlsplit(os.environ["DATABASE_URL"])
    yield {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{database.settings_dict['NAME']}")),
        "FERMATA_CANVAS": "off",
        "FERMATA_LEASE_TTL_SECONDS": "2",
        "FERMATA_SWEEP_SECONDS": "0.2",
        "FERMATA_RERING_SECONDS": "1",
        "FERMATA_TASK_MODULES": "team_tasks",
        "FERMATA_PROCESS": "worker",
    }
    dispatch.dispatcher.cache_clear()
    runtime.forget()


def begin(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], **input_: Any) -> Execution:
    """Start an execution of a new workflow."""
    version = VersionFactory(definition=document(inputs={"type": "object"}, nodes=nodes, edges=edges))
    started = operations.start(
        workspace_id=version.workspace_id, version=version, input=input_, started_by="test"
    )
    return Execution.objects.get(id=started.id)


def finished(connection: redis.Redis, execution: Execution, *, seconds: float = 40) -> Execution:
    """The execution once it is final; looks when the stream says that something happened."""
    until, last = time.monotonic() + seconds, "0-0"
    while time.monotonic() < until:
        execution.refresh_from_db()
        if execution.status in FINAL:
            return execution
        for _, entries in connection.xread({"fermata:signals": last}, block=500) or ():
            last = entries[-1][0].decode()
    states = list(
        Step.objects.filter(execution_id=execution.id).values_list("node_id", "kind", "state", "error")
    )
    raise AssertionError(f"{execution.status} after {seconds} s: {states}")


def value(node: str, expression: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": expression}}


def states(execution: Execution) -> Counter[str]:
    return Counter(
        Step.objects.filter(execution_id=execution.id, kind="node").values_list("state", flat=True)
    )


def test_runs_what_an_empty_broker_forgot_and_what_comes_later(
    connection: redis.Redis, environment: dict[str, str], start: Callable[..., Any]
) -> None:
    branches = [f"b{number}" for number in range(20)]
    forgotten = begin(
        [
            value("a", "{{ inputs.n + 1 }}"),
            *(value(branch, "{{ steps.a.output * 2 }}") for branch in branches),
            value("z", "{{ steps.b0.output + steps.b19.output }}"),
        ],
        [{"from": "a", "to": branch} for branch in branches]
        + [{"from": branch, "to": "z"} for branch in branches],
        n=1,
    )
    assert connection.llen("wf:default") == 1
    connection.flushall()
    worker = start(*CELERY, "-c", "2", *QUIET, **environment)
    worker.said("ready.")
    assert finished(connection, forgotten).status == "succeeded"
    assert states(forgotten) == {"succeeded": 22}
    recorded = Counter(Event.objects.filter(execution_id=forgotten.id).values_list("type", "node_id"))
    assert set(Counter({key: n for key, n in recorded.items() if key[1]}).values()) == {1}

    later = begin(
        [
            {"id": "t", "type": "celery_task", "config": {"task": "team.asks", "effect": "idempotent"}},
            value("key", "{{ steps.t.output.key }}"),
        ],
        [{"from": "t", "to": "key"}],
    )
    assert finished(connection, later).status == "succeeded"
    assert (
        payloads.value(Step.objects.get(execution_id=later.id, node_id="key").output_digest)
        == f"{later.id}:t::1"
    )
    assert worker.stop() == 0
    assert broker.depth(["default"]) == {"default": 0}


def test_finishes_although_rings_are_lost_and_doubled(
    connection: redis.Redis, environment: dict[str, str], start: Callable[..., Any]
) -> None:
    start(*CELERY, "-c", "2", *QUIET, **environment | {"FERMATA_CANVAS": "chaos"}).said("ready.")
    nodes = [f"n{number}" for number in range(20)]
    execution = begin(
        [value(node, 1) for node in nodes],
        [{"from": one, "to": other} for one, other in pairwise(nodes)],
    )
    assert finished(connection, execution, seconds=60).status == "succeeded"
    assert states(execution) == {"succeeded": 20}


def test_goes_on_when_a_worker_was_killed_in_a_step(
    connection: redis.Redis, environment: dict[str, str], start: Callable[..., Any]
) -> None:
    once = Path(os.environ["FERMATA_HOME"]) / f"crash-{uuid7()}"
    worker = start(
        *CELERY, "-c", "1", *QUIET,
        **environment | {"FERMATA_CRASH_AT": "before_record", "FERMATA_CRASH_ONCE": str(once)},
    )  # fmt: skip
    worker.said("ready.")
    execution = begin([value("a", 1), value("b", 2)], [{"from": "a", "to": "b"}])
    assert finished(connection, execution).status == "succeeded"
    assert once.exists()
    assert states(execution) == {"succeeded": 2}


def test_beat_rings_what_was_lost_and_ends_in_order(
    connection: redis.Redis, environment: dict[str, str], start: Callable[..., Any]
) -> None:
    execution = begin([value("a", 1)], [])
    connection.flushall()
    beat = start("-m", "workers.beat", **environment)
    beat.said("ready")
    popped = connection.blpop("wf:default", timeout=30)
    assert popped is not None
    [step] = Step.objects.filter(execution_id=execution.id)
    assert str(step.id).encode() in popped[1]
    assert beat.stop(by=signal.SIGTERM) == 0


def test_never_puts_more_on_a_queue_than_its_window(
    connection: redis.Redis, environment: dict[str, str]
) -> None:
    window = runtime.ring_window()
    branches = [f"b{number}" for number in range(window + 60)]
    begin([value(branch, 1) for branch in branches], [])
    assert connection.llen("wf:default") == window
    Recovery(CeleryDispatcher(mode="off")).sweep()
    assert connection.llen("wf:default") == window
