"""What differs between two documents."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonpointer import resolve_pointer

from fermata.workflows.content import same
from fermata.workflows.diff import MOST_CHANGES, compare
from tests.factories import document
from tests.pace import within

NODES = [{"id": "a", "type": "wait"}, {"id": "b", "type": "note", "config": {"text": "x"}}]
EDGES = [{"from": "a", "to": "b"}, {"from": "a.error", "to": "b", "when": "{{ true }}"}]
OLD = document(nodes=NODES, edges=EDGES, settings={"timeout": "1h"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([1.0, "a", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "/"]), inner),
    max_leaves=8,
)
PARTS = st.lists(st.fixed_dictionaries({"id": st.sampled_from("abc"), "config": JSON}), max_size=3) | JSON


def changed(**members: Any) -> dict[str, Any]:
    return {**deepcopy(OLD), **members}


def test_equal_documents_differ_in_nothing():
    found = compare(OLD, dict(reversed(deepcopy(OLD).items())))
    nothing = {"added": [], "removed": [], "changed": [], "reordered": False}
    assert found == {"equal": True, "nodes": nothing, "edges": nothing, "document": [], "truncated": False}


def test_nodes_are_told_apart_by_id_wherever_they_stand():
    new = {"id": "c", "type": "wait"}
    found = compare(OLD, changed(nodes=[new, {**NODES[1], "config": {"text": "y"}}]))["nodes"]
    assert found["added"] == [{"id": "c", "type": "wait", "pointer": "/nodes/0", "new": new}]
    assert found["removed"] == [{"id": "a", "type": "wait", "pointer": "/nodes/0", "old": NODES[0]}]
    assert found["changed"] == [
        {
            "id": "b",
            "type": "note",
            "pointer": "/nodes/1",
            "old_pointer": "/nodes/1",
            "changes": [{"op": "replace", "pointer": "/nodes/1/config/text", "old": "x", "new": "y"}],
        }
    ]
    assert found["reordered"] is False


def test_another_order_is_no_change_of_any_node_but_not_equal():
    found = compare(OLD, changed(nodes=NODES[::-1]))
    assert found["nodes"] == {"added": [], "removed": [], "changed": [], "reordered": True}
    assert found["equal"] is False


def test_edges_are_told_apart_by_their_ends_and_twins_by_number():
    twin = {"from": "a", "to": "b", "label": "again"}
    found = compare(OLD, changed(edges=[EDGES[0], twin, {**EDGES[1], "when": "{{ false }}"}]))["edges"]
    assert [(row["from"], row["to"], row["pointer"]) for row in found["added"]] == [("a", "b", "/edges/1")]
    assert found["removed"] == []
    [row] = found["changed"]
    assert (row["from"], row["old_pointer"], row["pointer"]) == ("a.error", "/edges/1", "/edges/2")
    assert row["changes"] == [
        {"op": "replace", "pointer": "/edges/2/when", "old": "{{ true }}", "new": "{{ false }}"}
    ]


def test_the_rest_is_compared_by_pointer():
    found = compare(OLD, changed(settings={"timeout": "2h", "priority": 5}, variables={"a/b": 1}, inputs={}))
    assert found["document"] == [
        {"op": "remove", "pointer": "/inputs/type", "old": "object"},
        {"op": "remove", "pointer": "/inputs/properties", "old": {"who": {"type": "string"}}},
        {"op": "replace", "pointer": "/settings/timeout", "old": "1h", "new": "2h"},
        {"op": "add", "pointer": "/settings/priority", "new": 5},
        {"op": "add", "pointer": "/variables", "new": {"a/b": 1}},
    ]


def test_numbers_and_flags_that_python_takes_for_equal_are_not():
    for old, new in ((1, True), (1, 1.0), (0, False), (0.0, -0.0)):
        assert compare({"x": old}, {"x": new})["document"] == [
            {"op": "replace", "pointer": "/x", "old": old, "new": new}
        ]


def test_an_element_put_in_front_changes_no_other():
    assert compare({"x": [1, 2, 3]}, {"x": [0, 1, 2, 3]})["document"] == [
        {"op": "add", "pointer": "/x/0", "new": 0}
    ]
    assert compare({"x": [1, 2, 3]}, {"x": [1, 3]})["document"] == [
        {"op": "remove", "pointer": "/x/1", "old": 2}
    ]


@pytest.mark.parametrize("nodes", [5, None, {"a": 1}, [1], [{"id": 5}], [{"id": "a"}, {"id": "a"}], [[]]])
def test_nodes_that_are_none_are_compared_like_any_value(nodes):
    found = compare(OLD, changed(nodes=nodes))
    assert found["nodes"]["added"] == found["nodes"]["removed"] == []
    assert all(row["pointer"].startswith("/nodes") for row in found["document"])
    assert found["document"]
    assert compare(changed(nodes=nodes), OLD)["document"]


@given(*[st.fixed_dictionaries({"nodes": PARTS, "edges": PARTS, "x": JSON})] * 2)
@settings(max_examples=120, deadline=None)
def test_every_pointer_leads_to_the_value_that_is_shown(old, new):
    found = compare(old, new)
    rows = [*found["document"]]
    for parts in (found["nodes"], found["edges"]):
        rows += [*parts["added"], *parts["removed"], *(c for row in parts["changed"] for c in row["changes"])]
    for row in rows:
        document_ = new if "new" in row else old
        assert same(resolve_pointer(document_, row["pointer"]), row["new" if "new" in row else "old"])
    reordered = found["nodes"]["reordered"] or found["edges"]["reordered"]
    assert found["equal"] == (not rows and not reordered) == same(old, new)


def test_a_comparison_ends_and_says_that_there_is_more():
    many = {"x": [0] * 100_000, "nodes": [{"id": str(at)} for at in range(5_000)]}
    other = {"x": [1] * 100_000, "nodes": []}
    with within(10):
        found = compare(many, other)
    assert found["truncated"] is True
    assert len(found["nodes"]["removed"]) + len(found["document"]) == MOST_CHANGES


def test_long_keys_do_not_multiply():
    key = "k" * 100_000
    found = compare({key: {"a": 1, "b": 2}}, {key: {"a": 2, "b": 3}})
    assert [row["op"] for row in found["document"]] == ["replace"]
