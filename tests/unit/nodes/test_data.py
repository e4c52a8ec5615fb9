"""transform, set_variables, condition, switch, join, fail, terminate, note."""

from __future__ import annotations

import pytest

from fermata.machine.outcomes import Done, Fail, Terminate, Write
from tests.unit.nodes.conftest import TYPES


@pytest.mark.parametrize("value", [None, 0, "text", [1, {"a": None}], {"deep": {"er": True}}])
def test_transform_gives_its_value(perform, value):
    assert perform("transform", {"output": value}) == Done(output=value)


def test_transform_needs_an_output(pointers):
    assert pointers("transform", {}) == {"/output"}
    assert pointers("transform", {"output": 1, "outptu": 2}) == {"/outptu"}


def test_set_variables_answers_with_writes_in_order(perform):
    config = {
        "merge": {"d": {"x": 1}},
        "set": {"a": [1]},
        "append": {"c": None},
        "increment": {"b": 2},
        "scope": "iteration",
    }
    done = perform("set_variables", config)
    assert done.output == {"written": ["a", "b", "c", "d"]}
    assert done.writes == (
        Write("a", [1], "set", "iteration"),
        Write("b", 2, "increment", "iteration"),
        Write("c", None, "append", "iteration"),
        Write("d", {"x": 1}, "merge", "iteration"),
    )
    assert type(done.writes[1].value) is int


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {""}),
        ({"set": {}}, {""}),
        ({"set": {"a b": 1}}, {"/set/a b"}),
        ({"set": {"{{ x }}": 1}}, {"/set/{{ x }}"}),
        ({"set": {"a": 1}, "append": {"a": 1}}, {"/set/a", "/append/a"}),
        ({"increment": {"a": "1"}}, {"/increment/a"}),
        ({"increment": {"a": True}}, {"/increment/a"}),
        ({"merge": {"a": [1]}}, {"/merge/a"}),
        ({"set": {"a": 1}, "scope": "world"}, {"/scope"}),
        ({"set": {"a": 1}, "scope": "{{ inputs.scope }}"}, {"/scope"}),
        ({"increment": {"a": "{{ inputs.n }}"}, "merge": {"b": "{{ inputs.o }}"}}, set()),
        ({"set": "{{ inputs.all }}"}, set()),
    ],
)
def test_set_variables_names_every_fault(pointers, config, expected):
    assert pointers("set_variables", config) == expected


@pytest.mark.parametrize(("when", "port"), [(True, "true"), (False, "false")])
def test_condition_goes_by_its_answer(perform, when, port):
    assert perform("condition", {"when": when}) == Done(output=when, port=port)


@pytest.mark.parametrize("when", [1, 0, "true", None, [], {}])
def test_condition_fails_when_the_answer_is_neither_true_nor_false(perform, when):
    outcome = perform("condition", {"when": when})
    assert isinstance(outcome, Fail)
    assert outcome.failure.kind == "expression_error"
    assert outcome.failure.data["problems"][0]["pointer"] == "/when"


def test_condition_refuses_a_text_without_an_expression(pointers):
    assert pointers("condition", {"when": "inputs.a > 1"}) == {"/when"}
    assert pointers("condition", {"when": "{{ inputs.a > 1 }}"}) == set()


def test_switch_takes_the_first_match(perform):
    cases = [{"name": "a", "equals": 1}, {"name": "b", "when": True}, {"name": "c", "when": True}]
    assert perform("switch", {"value": 1.0, "cases": cases}).port == "a"
    assert perform("switch", {"value": 2, "cases": cases}) == Done(output="b", port="b")
    assert perform("switch", {"value": 2, "cases": cases[:1]}).port == "default"


@pytest.mark.parametrize(
    ("value", "equals", "port"),
    [
        (True, 1, "default"),
        (0, False, "default"),
        (None, None, "a"),
        ([1, {"x": True}], [1, {"x": True}], "a"),
        ([1, {"x": True}], [1, {"x": 1}], "default"),
        ({"x": 1}, {"x": 1, "y": None}, "default"),
        ("1", 1, "default"),
    ],
)
def test_switch_compares_json_values(perform, value, equals, port):
    assert perform("switch", {"value": value, "cases": [{"name": "a", "equals": equals}]}).port == port


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/cases"}),
        ({"cases": []}, {"/cases"}),
        ({"cases": [{"name": "a"}]}, {"/cases/0"}),
        ({"value": 1, "cases": [{"name": "a", "equals": 1, "when": True}]}, {"/cases/0"}),
        ({"cases": [{"name": "a", "equals": 1}]}, {"/value"}),
        ({"cases": [{"name": "default", "when": True}]}, {"/cases/0/name"}),
        ({"cases": [{"name": "error", "when": True}]}, {"/cases/0/name"}),
        ({"cases": [{"name": "a", "when": True}, {"name": "a", "when": True}]}, {"/cases/1/name"}),
        ({"cases": [{"name": "{{ x }}", "when": True}]}, {"/cases/0/name"}),
        ({"cases": "{{ inputs.cases }}"}, set()),
    ],
)
def test_switch_names_every_fault(pointers, config, expected):
    assert pointers("switch", config) == expected


def test_the_ports_of_a_switch_are_its_cases():
    switch = TYPES.find("switch")
    assert switch.ports({"cases": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}) == (
        "a",
        "b",
        "default",
        "error",
    )


def test_join_gives_what_arrived(perform):
    arrivals = [{"node": "a", "port": "out", "path": [], "output": 1}]
    assert perform("join", {}, bindings={"arrivals": arrivals}) == Done(output={"arrivals": arrivals})
    assert perform("join", {}) == Done(output={})


def test_fail_fails_definitely_with_its_class(perform):
    outcome = perform("fail", {"error": "batch_refused", "message": "No.", "data": {"id": 7}})
    assert isinstance(outcome, Fail)
    assert (outcome.failure.kind, outcome.failure.message) == ("batch_refused", "No.")
    assert outcome.failure.definite
    assert not outcome.failure.retryable
    assert outcome.failure.data == {"id": 7}


def test_fail_names_every_fault(pointers):
    assert pointers("fail", {"error": "no spaces", "data": []}) == {"/error", "/data"}
    assert pointers("fail", {"error": "{{ error['class'] }}"}) == set()


def test_terminate_ends_with_an_output_or_an_error(perform):
    assert perform("terminate", {"output": {"a": 1}}) == Terminate(status="succeeded", output={"a": 1})
    ended = perform("terminate", {"status": "failed", "error": {"error": "too_late", "data": {"by": 3}}})
    assert ended.status == "failed"
    assert (ended.failure.kind, ended.failure.data) == ("too_late", {"by": 3})
    assert perform("terminate", {"status": "failed"}).failure.kind == "terminated"


def test_terminate_names_every_fault(pointers):
    assert pointers("terminate", {"error": {"error": "a"}}) == {"/error"}
    assert pointers("terminate", {"status": "failed", "error": {}}) == {"/error/error"}
    assert pointers("terminate", {"status": "cancelled"}) == {"/status"}
    assert pointers("terminate", {"status": "{{ x }}"}) == {"/status"}


def test_a_note_is_not_run():
    note = TYPES.find("note")
    assert not note.runnable
    assert note.ports({}) == ()
    assert not list(note.problems({"text": "see {{ here }}"}))
