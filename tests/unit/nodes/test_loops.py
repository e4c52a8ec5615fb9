"""foreach, while, break, continue, sub_workflow."""

from __future__ import annotations

import pytest

from fermata.errors import ExpressionError
from fermata.machine.outcomes import Again, Break, Child, Continue, Done, Fail, FanOut, Spawn
from tests.unit.nodes.conftest import TYPES

FAILURE = {
    "class": "http_5xx",
    "message": "500",
    "data": {"status": 500},
    "node": "a",
    "cause": {"class": "x"},
}


def test_foreach_fans_out_over_a_list(perform):
    config = {"items": ["a", "b"], "concurrency": 5.0, "on_error": {"mode": "drain", "max_percent": 10}}
    assert perform("foreach", config) == FanOut(
        total=2, items=["a", "b"], concurrency=5, mode="drain", max_percent=10
    )


def test_foreach_fans_out_over_a_range_without_making_it(perform):
    config = {
        "items": {"range": 1_000_000},
        "on_error": {"mode": "continue", "max_count": 0},
        "ordered": False,
    }
    out = perform("foreach", config)
    assert out == FanOut(total=1_000_000, items=None, mode="continue", max_count=0, ordered=False)


@pytest.mark.parametrize("items", [[], {"range": 0}])
@pytest.mark.parametrize(
    ("collect", "results"),
    [
        ("all", []),
        ("none", []),
        ("{{ 1 }}", []),
        ({"count": "{{ 1 }}"}, 0),
        ({"sum": "{{ 1 }}"}, 0),
        ({"max": "{{ 1 }}"}, None),
    ],
)
def test_foreach_over_nothing_is_done_at_once(perform, items, collect, results):
    done = perform("foreach", {"items": items, "collect": collect})
    counts = {"total": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
    assert done == Done(output={"results": results, "errors": [], "counts": counts})


@pytest.mark.parametrize(
    ("collect", "reducer"),
    [("none", "none"), ("{{ 1 }}", "all"), ({"min": "{{ 1 }}"}, "min"), ({"count": "{{ 1 }}"}, "count")],
)
def test_foreach_says_how_to_collect(perform, collect, reducer):
    assert perform("foreach", {"items": [1], "collect": collect}).collect == reducer


@pytest.mark.parametrize("name", ["foreach", "while"])
def test_a_container_answers_with_its_regions_result(perform, name):
    config = {"items": [1]} if name == "foreach" else {"until": "{{ true }}"}
    ended = {"kind": "region", "result": {"output": {"x": 1}}}
    assert perform(name, config, resume=ended) == Done(output={"x": 1})
    failed = perform(name, config, resume={"kind": "region", "result": {"failure": FAILURE}})
    assert isinstance(failed, Fail)
    assert failed.failure.to_json() == FAILURE


@pytest.mark.parametrize("items", ["text", None, 3, {"rang": 3}, {"range": -1}, {"range": 1_000_001}])
def test_foreach_fails_when_the_items_are_no_list(perform, items):
    assert perform("foreach", {"items": items}).failure.kind == "expression_error"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/items"}),
        ({"items": "abc"}, {"/items"}),
        ({"items": {"range": "three"}}, {"/items/range"}),
        ({"items": [], "concurrency": 0}, {"/concurrency"}),
        ({"items": [], "concurrency": 1001}, {"/concurrency"}),
        ({"items": [], "concurrency": "5"}, {"/concurrency"}),
        ({"items": [], "on_error": {"max_count": 1, "max_percent": 1}}, {"/on_error"}),
        (
            {"items": [], "on_error": {"mode": "{{ x }}", "max_percent": 101}},
            {"/on_error/mode", "/on_error/max_percent"},
        ),
        ({"items": [], "collect": "some"}, {"/collect"}),
        ({"items": [], "collect": {"sum": 1}}, {"/collect"}),
        ({"items": [], "collect": {"sum": "{{ 1 }}", "min": "{{ 1 }}"}}, {"/collect"}),
        ({"items": "{{ inputs.items }}", "concurrency": "{{ 3 }}", "on_error": "{{ inputs.policy }}"}, set()),
        ({"items": {"range": "{{ size(inputs.all) }}"}, "collect": {"sum": "{{ 1 }}"}}, set()),
    ],
)
def test_foreach_names_every_fault(pointers, config, expected):
    assert pointers("foreach", config) == expected


def test_a_predicate_on_failures_is_not_in_this_release():
    problems = list(TYPES.find("foreach").problems({"items": [], "on_error": {"when": "{{ true }}"}}))
    assert [(row.pointer, row.code) for row in problems] == [("/on_error/when", "not_in_this_release")]
    assert "max_count" in problems[0].cure


def test_while_asks_its_condition_before_the_first_passage(perform):
    asked = []

    def evaluate(text):
        asked.append(text)
        return text == "{{ yes }}"

    assert perform("while", {"condition": "{{ yes }}"}, evaluate=evaluate) == Again()
    assert perform("while", {"condition": "{{ no }}"}, evaluate=evaluate) == Done(output=None)
    assert perform("while", {"until": "{{ no }}"}, evaluate=evaluate) == Again()
    assert asked == ["{{ yes }}", "{{ no }}"]


def test_while_fails_when_its_condition_cannot_be_answered(perform):
    def broken(text):
        raise ExpressionError("There is no field 'x'.", offset=3)

    failed = perform("while", {"condition": "{{ x }}"}, evaluate=broken).failure
    assert (failed.kind, failed.message, failed.data["offset"]) == (
        "expression_error",
        "There is no field 'x'.",
        3,
    )
    odd = perform("while", {"condition": "{{ 1 }}"}, evaluate=lambda _: 1).failure
    assert odd.kind == "expression_error"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {""}),
        ({"output": 1}, {""}),
        ({"condition": "vars.n < 3"}, {"/condition"}),
        ({"until": 3}, {"/until"}),
        ({"until": "{{ true }}", "max_iterations": 0}, {"/max_iterations"}),
        ({"condition": True, "until": "{{ index > 3 }}"}, set()),
    ],
)
def test_while_names_every_fault(pointers, config, expected):
    assert pointers("while", config) == expected


def test_break_and_continue_leave_the_passage(perform, pointers):
    assert perform("break", {}) == Break(running="drain")
    assert perform("break", {"running": "cancel"}) == Break(running="cancel")
    assert perform("continue", {}) == Continue()
    assert TYPES.find("break").leaves_passage
    assert TYPES.find("continue").leaves_passage
    assert pointers("break", {"running": "{{ x }}"}) == {"/running"}
    assert pointers("continue", {"x": 1}) == {"/x"}


def test_sub_workflow_starts_one_child(perform):
    assert perform("sub_workflow", {"workflow": "w"}) == Spawn((Child("w", "latest", {}),))
    config = {"workflow": "w", "version": 3, "input": {"a": 1}, "wait": False}
    assert perform("sub_workflow", config) == Spawn((Child("w", 3, {"a": 1}),), wait=False)


def test_sub_workflow_starts_one_child_for_each_item(perform):
    many = perform("sub_workflow", {"workflow": "w", "items": [{"n": 1}, {"n": 2}]})
    assert [child.input for child in many.children] == [{"n": 1}, {"n": 2}]
    with_input = perform("sub_workflow", {"workflow": "w", "items": ["a", "b"], "input": {"k": 0}})
    assert [child.input for child in with_input.children] == [
        {"k": 0, "item": "a", "index": 0},
        {"k": 0, "item": "b", "index": 1},
    ]
    assert perform("sub_workflow", {"workflow": "w", "items": []}) == Done(output={"results": []})
    none = perform("sub_workflow", {"workflow": "w", "items": [], "wait": False})
    assert none == Done(output={"executions": []})


def children(*states):
    return {
        "kind": "children",
        "children": [
            {
                "id": f"c{n}",
                "status": state,
                "output": n,
                "error": {"class": "boom"} if state == "failed" else None,
            }
            for n, state in enumerate(states)
        ],
    }


def test_sub_workflow_answers_with_its_childrens_outputs(perform):
    assert perform("sub_workflow", {"workflow": "w"}, resume=children("succeeded")) == Done(output=0)
    many = {"workflow": "w", "items": [1, 2]}
    done = perform("sub_workflow", many, resume=children("succeeded", "succeeded"))
    assert done == Done(output={"results": [0, 1]})


@pytest.mark.parametrize(
    ("states", "kind"),
    [
        (("failed",), "child_failed"),
        (("cancelled",), "child_cancelled"),
        (("timed_out",), "child_timed_out"),
        (("succeeded", "cancelled", "failed"), "child_failed"),
    ],
)
def test_sub_workflow_fails_with_the_childs_end(perform, states, kind):
    config = {"workflow": "w"} if len(states) == 1 else {"workflow": "w", "items": list(states)}
    failure = perform("sub_workflow", config, resume=children(*states)).failure
    assert failure.kind == kind
    assert failure.cause == ({"class": "boom"} if "failed" in states else None)
    assert failure.data["total"] == sum(state != "succeeded" for state in states)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/workflow"}),
        ({"workflow": "w", "version": 0}, {"/version"}),
        ({"workflow": "w", "version": "newest"}, {"/version"}),
        ({"workflow": "w", "items": [1], "input": [1]}, {"/input"}),
        ({"workflow": "w", "items": [0] * 1001}, {"/items"}),
        ({"workflow": "{{ inputs.w }}", "version": "{{ inputs.v }}", "items": "{{ inputs.i }}"}, set()),
    ],
)
def test_sub_workflow_names_every_fault(pointers, config, expected):
    assert pointers("sub_workflow", config) == expected
