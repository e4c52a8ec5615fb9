"""celery_task: what comes back from the team's own code."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fermata.errors import LeaseLost
from fermata.machine.outcomes import Await, Done
from fermata.nodes.celery_task import RetryRequested, TaskRefused, TaskUnknown
from tests.unit.nodes.conftest import NOW, TYPES


def raising(error):
    def call(*_):
        raise error

    return call


def test_the_task_gets_its_arguments_and_the_key(perform):
    calls = []

    def call(*arguments):
        calls.append(arguments)
        return ({"ok": True}, 1)

    config = {"task": "shop.charge", "args": [1], "kwargs": {"a": "b"}}
    assert perform("celery_task", config, call_task=call) == Done(output=[{"ok": True}, 1])
    assert calls == [("shop.charge", [1], {"a": "b"}, "e:n::1")]


def test_the_lease_is_asked_before_the_effect(perform):
    def lost():
        raise LeaseLost

    calls = []
    with pytest.raises(LeaseLost):
        perform("celery_task", {"task": "t"}, call_task=calls.append, live=lost)
    assert calls == []


def test_a_lost_lease_inside_the_task_is_not_its_failure(perform):
    with pytest.raises(LeaseLost):
        perform("celery_task", {"task": "t"}, call_task=raising(LeaseLost()))


@pytest.mark.parametrize(
    ("error", "kind", "definite", "retryable"),
    [
        (TaskUnknown("t"), "task_unknown", True, False),
        (TaskRefused("replace is not for steps"), "task_refused", True, False),
        (ValueError("bad"), "task_failed", False, True),
        (TimeoutError("slow"), "task_failed", False, True),
    ],
)
def test_each_end_has_its_class(perform, error, kind, definite, retryable):
    failure = perform("celery_task", {"task": "t"}, call_task=raising(error)).failure
    assert (failure.kind, failure.definite, failure.retryable) == (kind, definite, retryable)


def test_an_exceptions_class_is_the_cause(perform):
    class HTTPCardDeclined(Exception):
        def __str__(self):
            return "no\x00 \ud800" + "x" * 5000

    failure = perform("celery_task", {"task": "t"}, call_task=raising(HTTPCardDeclined())).failure
    assert failure.cause["class"] == "http_card_declined"
    assert "\x00" not in failure.message
    failure.message.encode()
    assert len(failure.message) <= 2000


def test_an_exception_that_cannot_be_printed_is_still_a_failure(perform):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    assert perform("celery_task", {"task": "t"}, call_task=raising(Mute())).failure.cause["class"] == "mute"


def test_a_retry_asked_for_carries_its_delay(perform):
    request = RetryRequested(delay_seconds=30, cause=ConnectionResetError("gone"))
    outcome = perform("celery_task", {"task": "t"}, call_task=raising(request))
    assert outcome.delay_seconds == 30
    assert (outcome.failure.kind, outcome.failure.retryable) == ("task_retry", True)
    assert outcome.failure.cause["class"] == "connection_reset_error"


def test_the_steps_own_timeout_is_not_taken_for_the_tasks(perform):
    with pytest.raises(TimeoutError):
        perform("celery_task", {"task": "t"}, call_task=raising(TimeoutError()), deadline=NOW)
    later = NOW + timedelta(seconds=60)
    outcome = perform("celery_task", {"task": "t"}, call_task=raising(TimeoutError()), deadline=later)
    assert outcome.failure.cause["class"] == "timeout_error"


@pytest.mark.parametrize(
    "result", [object(), {1: 2}, float("nan"), 2**63, "nul \x00", "\ud800", {"set": {1}}, b"bytes", [[[NOW]]]]
)
def test_a_result_that_is_not_json_fails(perform, result):
    assert (
        perform("celery_task", {"task": "t"}, call_task=lambda *_: result).failure.kind == "result_not_json"
    )


def test_a_result_nested_too_deeply_fails(perform):
    deep = []
    for _ in range(5000):
        deep = [deep]
    assert perform("celery_task", {"task": "t"}, call_task=lambda *_: deep).failure.kind == "result_not_json"


def test_a_worker_without_celery_knows_no_task(perform):
    assert perform("celery_task", {"task": "t"}).failure.kind == "task_unknown"


def test_a_remote_task_is_sent_and_waited_for(perform):
    config = {"task": "t", "args": [1], "remote": True, "queue": "far", "timeout": "1h"}
    sent = {"task": "t", "args": [1], "kwargs": {}, "queue": "far"}
    assert perform("celery_task", config) == Await(kind="callback", name="t", data=sent, due_seconds=3600)
    assert perform("celery_task", config, resume={"kind": "callback", "payload": {"x": 1}}) == Done(
        output={"x": 1}
    )
    assert perform("celery_task", config, resume={"kind": "timeout"}).failure.kind == "timeout"
    error = {"error": {"class": "declined", "message": "No."}}
    failure = perform("celery_task", config, resume={"kind": "callback", "payload": error}).failure
    assert (failure.kind, failure.cause["class"]) == ("task_failed", "declined")


def test_effect_and_queue_are_as_declared():
    task = TYPES.find("celery_task")
    assert (task.effect({}), task.queue({})) == ("unsafe", "default")
    assert (task.effect({"effect": "pure"}), task.queue({"queue": "gpu"})) == ("pure", "gpu")
    assert (task.effect({"effect": ["x"]}), task.queue({"queue": 3})) == ("unsafe", "default")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/task"}),
        ({"task": "{{ x }}"}, {"/task"}),
        ({"task": "os; rm"}, {"/task"}),
        ({"task": "t", "effect": "{{ x }}", "queue": "{{ x }}"}, {"/effect", "/queue"}),
        ({"task": "t", "args": {}, "kwargs": []}, {"/args", "/kwargs"}),
        ({"task": "t", "args": "{{ inputs.args }}", "kwargs": {"a": "{{ x }}"}}, set()),
    ],
)
def test_celery_task_names_every_fault(pointers, config, expected):
    assert pointers("celery_task", config) == expected
