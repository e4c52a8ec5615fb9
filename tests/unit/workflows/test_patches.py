"""RFC 6902 on a draft."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermata.errors import Conflict, FermataError, InvalidInput, PayloadTooLarge
from fermata.workflows import patches

DRAFT = {"definition": {"name": "a", "nodes": [{"id": "n"}]}, "source": None, "editor": {}}


def test_operations_are_applied_in_order_and_the_argument_stays():
    before = copy.deepcopy(DRAFT)
    patch = [
        {"op": "test", "path": "/definition/name", "value": "a"},
        {"op": "replace", "path": "/definition/name", "value": "b"},
        {"op": "move", "from": "/definition/nodes/0", "path": "/editor/n"},
        {"op": "copy", "from": "/editor/n", "path": "/definition/nodes/-"},
        {"op": "remove", "path": "/editor/n"},
    ]
    after = patches.apply(DRAFT, patch)
    assert after == {"definition": {"name": "b", "nodes": [{"id": "n"}]}, "source": None, "editor": {}}
    assert before == DRAFT


def test_two_places_never_share_a_value():
    patch = [
        {"op": "add", "path": "/definition/x", "value": {"n": 1}},
        {"op": "copy", "from": "/definition/x", "path": "/definition/y"},
        {"op": "replace", "path": "/definition/y/n", "value": 2},
    ]
    assert patches.apply(DRAFT, patch)["definition"]["x"] == {"n": 1}


def test_a_failing_test_is_a_conflict():
    with pytest.raises(Conflict):
        patches.apply(DRAFT, [{"op": "test", "path": "/definition/name", "value": "other"}])


def test_copies_that_double_are_stopped():
    patch = [{"op": "add", "path": "/definition/a", "value": ["x" * 10_000]}]
    patch += [{"op": "copy", "from": "/definition/a", "path": f"/definition/a/{n}"} for n in range(1, 40)]
    with pytest.raises(PayloadTooLarge):
        patches.apply(DRAFT, patch)


def test_too_many_operations_are_refused():
    with pytest.raises(PayloadTooLarge):
        patches.apply(DRAFT, [{"op": "test", "path": "/editor", "value": {}}] * 10_001)


POINTERS = st.sampled_from(
    [
        "/definition",
        "/definition/nodes",
        "/definition/nodes/0",
        "/definition/nodes/-",
        "/editor",
        "/source",
        "/x",
        "",
        "/definition/~",
        "/definition/nodes/01",
    ]
)
JUNK = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
OPERATIONS = st.fixed_dictionaries(
    {},
    optional={
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]) | JUNK,
        "path": POINTERS | JUNK,
        "from": POINTERS | JUNK,
        "value": JUNK | st.dictionaries(st.text(max_size=3), JUNK, max_size=2),
    },
)


@given(st.lists(OPERATIONS | JUNK, max_size=5) | JUNK | OPERATIONS)
@settings(max_examples=400, deadline=None)
def test_any_patch_is_applied_or_refused(patch):
    refused = None
    try:
        after = patches.apply(DRAFT, patch)
    except FermataError as error:
        refused = error
    if refused is None:
        assert set(after) == {"definition", "source", "editor"}
    else:
        assert isinstance(refused, (InvalidInput, Conflict, PayloadTooLarge))
