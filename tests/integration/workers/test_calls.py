from __future__ import annotations

import importlib.util
import json
import threading
from pathlib import Path

import pytest
import redis

from fermata.engine.limits import wall_time
from fermata.nodes.celery_task import RetryRequested, TaskRefused, TaskUnknown
from workers.app import app
from workers.calls import call_task


@pytest.fixture(scope="module", autouse=True)
def team() -> object:
    """The team's module, registered as its own import would."""
    spec = importlib.util.spec_from_file_location("team_tasks", Path(__file__).with_name("team_tasks.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app.finalize()
    return module


@pytest.fixture(autouse=True)
def nothing_is_sent(connection: redis.Redis) -> redis.Redis:
    return connection


def sent(connection: redis.Redis) -> int:
    return int(connection.llen("wf:default"))


def test_gives_what_the_task_returned() -> None:
    assert call_task("team.add", [2], {"right": 5}, "k") == 7


def test_shows_the_task_a_request_as_of_a_delivery() -> None:
    seen = call_task("team.asks", [], {}, "execution:node::1")
    assert seen["key"] == "execution:node::1"
    assert seen["direct"] is False
    assert seen["current"] == "team.asks"
    assert seen["retries"] == 0
    assert call_task("team.asks", [], {}, "execution:node::1")["id"] == seen["id"]
    assert call_task("team.asks", [], {}, "execution:node::2")["id"] != seen["id"]


def test_takes_the_request_away_again() -> None:
    call_task("team.asks", [], {}, "k")
    with pytest.raises(Exception, match="really no"):
        call_task("team.leaves", ["declined"], {}, "k")
    assert app.current_worker_task is None
    assert app.tasks["team.asks"].request.called_directly is True
    assert app.tasks["team.leaves"].request.id is None


def test_keeps_the_base_class_of_a_task() -> None:
    assert call_task("team.audited", ["now"], {}, "k").startswith("audited ")
    with pytest.raises(RetryRequested) as caught:
        call_task("team.audited", ["retry"], {}, "k")
    assert caught.value.delay_seconds == 7


@pytest.mark.parametrize(
    ("how", "low", "high"), [("countdown", 12, 12), ("eta", 55, 60), ("default", 33, 33)]
)
def test_turns_a_retry_into_a_request(how: str, low: float, high: float, connection: redis.Redis) -> None:
    with pytest.raises(RetryRequested) as caught:
        call_task("team.retries", [how], {}, "k")
    assert caught.value.delay_seconds is not None
    assert low <= caught.value.delay_seconds <= high
    assert type(caught.value.cause).__name__ == "DeclinedError"
    assert connection.keys("*") == []


def test_takes_the_same_arguments_in_a_retry_but_no_others() -> None:
    with pytest.raises(RetryRequested):
        call_task("team.retries", ["same"], {}, "k")
    with pytest.raises(TaskRefused, match="other arguments"):
        call_task("team.retries", ["other"], {}, "k")


def test_answers_autoretry_too(connection: redis.Redis) -> None:
    with pytest.raises(RetryRequested) as caught:
        call_task("team.auto", ["fail"], {}, "k")
    assert caught.value.delay_seconds == 4
    assert type(caught.value.cause).__name__ == "DeclinedError"
    with pytest.raises(RetryRequested) as bound:
        call_task("team.auto_bound", [], {}, "k")
    assert bound.value.delay_seconds == 3
    with pytest.raises(TaskRefused, match="chain"):
        call_task("team.auto", ["canvas"], {}, "k")
    assert connection.keys("*") == []


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("chain", "chain"),
        ("pipe", "chain"),
        ("group", "group"),
        ("chord", "chord"),
        ("replace", "replace"),
        ("add_to_chord", "add_to_chord"),
        ("get", "waits"),
        ("result", "AsyncResult"),
        ("signature", "returned"),
        ("ignore", "Ignore"),
        ("reject", "Reject"),
    ],
)
def test_refuses_what_would_leave_the_step(how: str, word: str) -> None:
    with pytest.raises(TaskRefused, match=word):
        call_task("team.leaves", [how], {}, "k")


def test_lets_the_teams_own_errors_through() -> None:
    with pytest.raises(RuntimeError, match="mine"):
        call_task("team.leaves", ["runtime"], {}, "k")


def test_lets_a_plain_message_out(connection: redis.Redis) -> None:
    assert call_task("team.sends", [], {}, "k") == "sent"
    [message] = connection.lrange("wf:default", 0, -1)
    assert json.loads(message)["headers"]["task"] == "team.add"


@pytest.mark.parametrize("name", ["team.nobody", "celery.backend_cleanup", "celery.chord"])
def test_says_that_a_task_is_unknown(name: str) -> None:
    with pytest.raises(TaskUnknown):
        call_task(name, [], {}, "k")


def test_leaves_a_usual_delivery_as_it_was(connection: redis.Redis, team: object) -> None:
    call_task("team.add", [1], {}, "k")
    with pytest.raises(RetryRequested):
        call_task("team.auto", ["fail"], {}, "k")
    app.tasks["team.add"].apply_async((1,))
    (app.signature("team.add", (1,)) | app.signature("team.add", (1,))).apply_async()
    assert sent(connection) == 2
    with pytest.raises(Exception, match="again"):
        app.tasks["team.auto"].apply(("fail",), throw=True, retries=99)


def test_tells_threads_apart(connection: redis.Redis) -> None:
    """One thread performs in place while another uses the same task as usual."""
    inside, leave = threading.Event(), threading.Event()

    @app.task(name="team.waits")
    def waits() -> None:
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=call_task, args=("team.waits", [], {}, "k"))
    thread.start()
    assert inside.wait(10)
    (app.signature("team.add", (1,)) | app.signature("team.add", (1,))).apply_async()
    leave.set()
    thread.join()
    assert sent(connection) == 1


def test_ends_a_task_that_hangs_for_ever_unless_its_step_has_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.calls.TASK_TIME_LIMIT_SECONDS", 0.05)

    @app.task(name="team.hangs")
    def hangs(seconds: float) -> str:
        threading.Event().wait(seconds)
        return "done"

    with pytest.raises(TimeoutError):
        call_task("team.hangs", [5], {}, "k")
    with wall_time(30):
        assert call_task("team.hangs", [0.2], {}, "k") == "done"
