"""A worker of one process performs a step when it reads the message, and leaves Celery what is Celery's."""

from __future__ import annotations

import base64
import json
import logging
import signal
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import Celery, current_task
from celery.concurrency import prefork, solo
from celery.exceptions import Ignore, InvalidTaskError
from celery.worker import state

from fermata.coordination.broker import STEP_TASK
from fermata.engine.ledger import Ring
from workers import strategy
from workers.dispatcher import CeleryDispatcher
from workers.messages import template

STEP = str(uuid4())
app = Celery("another", set_as_current=False)
"""Of its own: a task registered with Fermata's application would change what other tests see of it."""


@app.task(name=STEP_TASK, shared=False)
def run_step(*_: Any) -> None:
    """Replaced by the tests."""


def message(*, embed: dict[str, Any] | None = None, **headers: Any) -> Any:
    """As kombu gives it to the consumer."""
    return SimpleNamespace(
        headers={"task": STEP_TASK, "id": STEP, **headers},
        payload=[["execution", STEP], {}, {"chain": None, "chord": None, **(embed or {})}],
        delivery_info={"redelivered": False},
    )


def test_the_task_sees_the_request_that_celery_would_give_it() -> None:
    link = {"task": STEP_TASK}
    found = strategy.plain_request(message(also=["other"], embed={"chain": [link]}), hostname="w@here")
    assert found is not None
    assert (found.id, found.hostname, found.args, found.chain) == (
        STEP,
        "w@here",
        ["execution", STEP],
        [link],
    )
    assert found.also == ["other"]
    assert (found.called_directly, found.chord, found.is_eager) == (False, None, False)


@pytest.mark.parametrize(
    "given",
    [
        message(embed={"chord": {"task": STEP_TASK}}),
        message(embed={"callbacks": [{}]}),
        message(group="g"),
        message(eta="2030-01-01T00:00:00+00:00"),
        message(expires="2030-01-01T00:00:00+00:00"),
        SimpleNamespace(headers={"task": STEP_TASK}, payload={"args": []}, delivery_info={}),
    ],
)
def test_what_celery_counts_or_delays_goes_its_usual_way(given: Any) -> None:
    assert strategy.plain_request(given, hostname="w@here") is None


@pytest.mark.parametrize("payload", [[], ["execution", STEP], [[], {}, None], [[], {}, [], 1]])
def test_a_forged_body_is_refused_in_a_way_that_the_consumer_survives(payload: Any) -> None:
    forged = SimpleNamespace(headers={"task": STEP_TASK}, payload=payload, delivery_info={})
    with pytest.raises(InvalidTaskError):
        strategy.plain_request(forged, hostname="w@here")


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[..., Any]]]:
    """What `run_step` does instead."""
    doing: list[Callable[..., Any]] = []

    def run(*args: Any, **kwargs: Any) -> Any:
        return doing[0](*args, **kwargs)

    monkeypatch.setattr(run_step, "run", run)
    yield doing
    assert current_task._get_current_object() is None
    assert run_step.request.id is None
    assert not state.reserved_requests


def test_the_watchdog_sees_a_worker_that_is_busy_and_how_many_messages_it_got(
    performed: list[Callable[..., Any]],
) -> None:
    before = state.total_count[STEP_TASK]
    seen: list[Any] = []
    performed.append(
        lambda *args: seen.append(
            (args, len(state.reserved_requests), run_step.request.id, current_task.name)
        )
    )
    request = strategy.plain_request(message(), hostname="w@here")
    assert request is not None
    strategy.perform(run_step, request)
    assert seen == [(("execution", STEP), 1, STEP, STEP_TASK)]
    assert state.total_count[STEP_TASK] == before + 1


def test_an_error_is_told_and_the_worker_goes_on(
    performed: list[Callable[..., Any]], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("the disk is gone")

    performed.append(fails)
    request = strategy.plain_request(message(), hostname="w@here")
    assert request is not None
    with caplog.at_level(logging.ERROR, "fermata.strategy"):
        strategy.perform(run_step, request)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert STEP in caplog.text
    assert "the disk is gone" in caplog.text


def test_a_message_without_work_is_no_error(
    performed: list[Callable[..., Any]], caplog: pytest.LogCaptureFixture
) -> None:
    def ignores(*_: Any) -> None:
        raise Ignore("not_ready")

    performed.append(ignores)
    request = strategy.plain_request(message(), hostname="w@here")
    assert request is not None
    with caplog.at_level(logging.INFO):
        strategy.perform(run_step, request)
    assert caplog.records == []


@pytest.mark.parametrize(("pool", "ours"), [(solo.TaskPool, True), (prefork.TaskPool, False)])
def test_only_a_worker_of_one_process_does_so(
    monkeypatch: pytest.MonkeyPatch, pool: Any, *, ours: bool
) -> None:
    usual: list[Any] = []
    monkeypatch.setattr(strategy, "default", lambda *_, **__: lambda *given, **__: usual.append(given))
    monkeypatch.setattr(strategy, "perform", lambda *_: None)
    consumer = SimpleNamespace(pool=object.__new__(pool), hostname="w@here")
    handle = strategy.at_once(run_step, app, consumer)
    handle(message(), None, None, None, None)
    assert bool(usual) is not ours
    handle(message(embed={"chord": {}}, group="g"), None, None, None, None)
    assert len(usual) == (1 if ours else 2)


def test_run_step_is_taken_so_by_a_real_worker(connection: redis.Redis, start: Callable[..., Any]) -> None:
    worker = start("-m", "plain_worker", "--pool", "solo")
    worker.said("ready.")
    CeleryDispatcher(mode="off").ring([Ring(str(uuid4()), STEP, "n", "node", queue="default", priority=5)])
    assert connection.blpop("callers", timeout=20)[1] == b"perform"
    assert worker.stop(by=signal.SIGTERM) == 0


def test_a_real_worker_goes_on_after_a_forged_message(
    connection: redis.Redis, start: Callable[..., Any]
) -> None:
    worker = start("-m", "plain_worker", "--pool", "solo")
    worker.said("ready.")
    CeleryDispatcher(mode="off").ring([Ring(str(uuid4()), STEP, "n", "node", queue="default", priority=5)])
    assert connection.blpop("callers", timeout=20)
    forged = json.loads(template("default").message(str(uuid4()), STEP))
    forged["body"] = base64.b64encode(b"[1]").decode()
    connection.lpush("wf:default", json.dumps(forged))
    CeleryDispatcher(mode="off").ring([Ring(str(uuid4()), STEP, "n", "node", queue="default", priority=5)])
    assert connection.blpop("callers", timeout=20)
    assert worker.stop(by=signal.SIGTERM) == 0
