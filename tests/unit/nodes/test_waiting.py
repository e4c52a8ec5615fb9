"""wait, signal, approval."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fermata.machine.outcomes import Await, Done, Sleep
from tests.unit.nodes.conftest import TYPES


def test_wait_sleeps_and_is_done_when_the_timer_has_fired(perform):
    assert perform("wait", {"for": "5m"}) == Sleep(seconds=300)
    assert perform("wait", {"for": "PT1H30M"}) == Sleep(seconds=5400)
    assert perform("wait", {"for": "5m"}, resume={"kind": "timer"}) == Done()
    assert perform("wait", {"for": "0s"}) == Done()


def test_wait_sleeps_until_an_instant_of_any_zone(perform):
    until = perform("wait", {"until": "2030-01-31T14:00:00+01:00"}).until
    assert until == datetime(2030, 1, 31, 13, 0, tzinfo=UTC)
    assert perform("wait", {"until": "2030-01-31T13:00:00Z"}) == Sleep(until=until)
    assert perform("wait", {"until": "2030-01-31T11:59:59Z"}) == Done()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {""}),
        ({"for": "1s", "until": "2030-01-31T14:00:00Z"}, {""}),
        ({"for": 5}, {"/for"}),
        ({"for": "5 minutes"}, {"/for"}),
        ({"for": "-5m"}, {"/for"}),
        ({"for": "99999d"}, {"/for"}),
        ({"until": "2030-01-31T14:00:00"}, {"/until"}),
        ({"until": "2030-01-31"}, {"/until"}),
        ({"until": "soon"}, {"/until"}),
        ({"for": "{{ inputs.delay }}"}, set()),
        ({"until": "{{ inputs.at }}"}, set()),
    ],
)
def test_wait_names_every_fault(pointers, config, expected):
    assert pointers("wait", config) == expected


def test_wait_fails_when_an_expression_gave_no_duration(perform):
    failure = perform("wait", {"for": "tomorrow"}).failure
    assert failure.kind == "expression_error"
    assert "tomorrow" not in failure.message


def test_signal_waits_for_its_name_and_gives_the_payload(perform):
    assert perform("signal", {"name": "paid"}) == Await(kind="signal", name="paid")
    assert perform("signal", {"name": "paid", "timeout": "2d"}).due_seconds == 172_800
    sent = {"kind": "signal", "payload": {"amount": 3}}
    assert perform("signal", {"name": "paid"}, resume=sent) == Done(output={"payload": {"amount": 3}})
    assert perform("signal", {"name": "paid"}, resume={"kind": "timeout"}) == Done(port="timeout")
    assert "timeout" in TYPES.find("signal").ports({})


def test_signal_names_every_fault(pointers):
    assert pointers("signal", {"name": "", "timeout": "x"}) == {"/name", "/timeout"}


ASKED = {"title": "Large batch", "assignees": ["group:finance", "role:operator", "user:ada"], "quorum": 2}


def test_approval_asks_first(perform):
    asked = perform("approval", {**ASKED, "due": "24h"})
    assert asked == Await(kind="approval", data={**ASKED, "description": None}, due_seconds=86_400)


@pytest.mark.parametrize(("decision", "port"), [("approve", "approved"), ("reject", "rejected")])
def test_approval_goes_by_the_decision(perform, decision, port):
    payload = {"decision": decision, "by": "ada", "comment": "ok", "decisions": [{"by": "ada"}], "other": 1}
    done = perform("approval", ASKED, resume={"kind": "approval", "payload": payload})
    expected = {"decision": decision, "by": "ada", "comment": "ok", "decisions": [{"by": "ada"}]}
    assert done == Done(output=expected, port=port)


def test_approval_answers_timeout_when_nobody_decided(perform):
    assert perform("approval", ASKED, resume={"kind": "timeout"}) == Done(port="timeout")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/title", "/assignees"}),
        ({"title": "t", "assignees": []}, {"/assignees"}),
        ({"title": "t", "assignees": ["ada"]}, {"/assignees/0"}),
        ({"title": "t", "assignees": ["user:"]}, {"/assignees/0"}),
        ({"title": "t", "assignees": ["user:ada", "user:ada"], "quorum": 2}, {"/quorum"}),
        ({"title": "t", "assignees": ["user:ada"], "quorum": 0}, {"/quorum"}),
        ({"title": "t", "assignees": ["group:g"], "quorum": 9}, set()),
        ({"title": "t", "assignees": ["user:{{ inputs.boss }}", "{{ inputs.other }}"], "quorum": 2}, set()),
    ],
)
def test_approval_names_every_fault(pointers, config, expected):
    assert pointers("approval", config) == expected
