"""Values that look harmless until somebody reads, checks or stores them."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest

from fermata.engine.models import Execution
from fermata.workflows.models import Draft
from tests.factories import WorkflowFactory, document
from tests.pace import within

pytestmark = pytest.mark.django_db

PATCH = {"Content_Type": "application/json-patch+json", "If_Match": "*"}
TODAY = "2026-01-01T00:00:00+00:00"


def cursor(parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", ["/workflows", "/workflows/executions", "/approvals"])
@pytest.mark.parametrize(
    "parts",
    [
        [TODAY, 5],
        [TODAY, [1]],
        [TODAY, {}],
        [TODAY, None],
        [5, str(uuid.UUID(int=1))],
        ["0001-01-01T00:00:00+23:59", str(uuid.UUID(int=1))],
        ["9999-12-31T23:59:59-23:59", str(uuid.UUID(int=1))],
    ],
    ids=str,
)
def test_a_forged_cursor_is_refused(editor, path, parts):
    answer = editor.get(f"{path}?cursor={cursor(parts)}", status=422)
    assert answer["problems"][0]["code"] == "invalid_cursor"


@pytest.mark.parametrize("given", [[], "x", 5, True])
def test_an_input_that_is_no_object_starts_nothing(editor, given):
    undeclared = {key: value for key, value in document().items() if key != "inputs"}
    workflow = WorkflowFactory(workspace=editor.workspace, definition=undeclared)
    editor.post(f"/workflows/{workflow.id}/publish", status=201)
    answer = editor.post(f"/workflows/{workflow.id}/executions", {"input": given}, status=422)
    assert answer["problems"][0]["pointer"] == "/input"
    assert Execution.objects.count() == 0


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/x"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/nope"},
        {"$ref": 5},
        {"$dynamicRef": "#x"},
        {"$id": "http://example.org/x"},
        {"$schema": "http://json-schema.org/draft-04/schema#"},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"pattern": "(?=a)b"}}},
        {"properties": {"a": {"pattern": "(a{1000}){1000}"}}},
        {"patternProperties": {"(": {}}},
        {"properties": {"a": {"multipleOf": 0}}},
        {"properties": {"a": {"minimum": "x"}}},
        {"allOf": 5},
    ],
    ids=json.dumps,
)
def test_a_schema_of_inputs_that_cannot_be_trusted_is_not_published(editor, schema):
    definition = document(inputs={"type": "object", **schema})
    workflow = WorkflowFactory(workspace=editor.workspace, definition=definition)
    answer = editor.post(f"/workflows/{workflow.id}/publish", status=422)
    assert answer["problems"][0]["code"] == "invalid_inputs_schema"
    assert answer["problems"][0]["pointer"].startswith("/inputs")


def laughs(levels: int) -> dict[str, Any]:
    """A schema whose cost doubles with each level."""
    named = {f"n{at}": {"allOf": [{"$ref": f"#/$defs/n{at + 1}"}] * 2} for at in range(levels)}
    return {"type": "object", "$defs": {**named, f"n{levels}": {}}, "$ref": "#/$defs/n0"}


@pytest.mark.parametrize(
    ("schema", "given"),
    [
        ({"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 50_000 + "!"}),
        ({"type": "object", "properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": 1}] * 20_000}),
        ({"type": "object", "patternProperties": {"^(a+)+$": False}}, {"a" * 5_000: 1}),
        ({"type": "object", "$ref": "#"}, {}),
        (laughs(40), {}),
    ],
    ids=["backtracking", "unique", "names", "circle", "doubling"],
)
def test_checking_an_input_takes_a_bounded_time(editor, schema, given):
    workflow = WorkflowFactory(workspace=editor.workspace, definition=document(inputs=schema))
    editor.post(f"/workflows/{workflow.id}/publish", status=201)
    with within(6):
        editor.post(f"/workflows/{workflow.id}/executions", {"input": given}, status=422)
    assert Execution.objects.count() == 0


def test_an_ordinary_schema_still_lets_input_through_and_refuses_the_rest(editor):
    schema = {
        "type": "object",
        "$defs": {"sku": {"type": "string", "pattern": "^[A-Z]{2}-\\d+$"}},
        "properties": {"skus": {"type": "array", "items": {"$ref": "#/$defs/sku"}, "uniqueItems": True}},
        "additionalProperties": False,
    }
    workflow = WorkflowFactory(workspace=editor.workspace, definition=document(inputs=schema))
    editor.post(f"/workflows/{workflow.id}/publish", status=201)
    path = f"/workflows/{workflow.id}/executions"
    editor.post(path, {"input": {"skus": ["AB-1", "AB-2"]}}, status=202)
    for wrong in ({"skus": ["ab"]}, {"skus": ["AB-1", "AB-1"]}, {"other": 1}):
        editor.post(path, {"input": wrong}, status=422)


DEEP: dict[str, Any] = {}
for _ in range(90):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([{"op": "add", "path": "/definition" + "/a" * level, "value": {}} for level in range(1, 1500)], 422),
        (
            [{"op": "add", "path": "/definition/d", "value": DEEP}]
            + [{"op": "copy", "from": "/definition", "path": "/definition/d" + "/a" * 89}] * 8,
            422,
        ),
        (
            [{"op": "add", "path": "/definition/b", "value": ["x" * 1000] * 900}]
            + [{"op": "copy", "from": "/definition/b", "path": "/definition/c"}] * 9000,
            413,
        ),
        ([{"op": "move", "from": "/definition", "path": "/definition/x"}], 422),
        ([{"op": "replace", "path": "/definition", "value": 5}], 422),
        ([{"op": [], "path": "/definition"}], 422),
        ([{"op": "add", "path": 5}], 422),
        ({}, 422),
    ],
    ids=[
        "deep path",
        "deep copies",
        "many copies",
        "into itself",
        "no object",
        "no op",
        "no path",
        "no list",
    ],
)
def test_a_patch_that_would_do_harm_changes_nothing(editor, workflow, patch, status):
    before = Draft.objects.get(workflow=workflow)
    with within(6):
        editor.call("PATCH", f"/workflows/{workflow.id}/draft", patch, status=status, **PATCH)
    after = Draft.objects.get(workflow=workflow)
    assert (after.rev, after.definition) == (before.rev, before.definition)


def nested(depth: int) -> dict[str, Any]:
    nodes = [{"id": f"n{at}", "type": "foreach", "config": {"items": "{{ [1] }}"}} for at in range(depth)]
    return document(nodes=[{**node, "parent": f"n{at - 1}"} if at else node for at, node in enumerate(nodes)])


@pytest.mark.parametrize(
    "definition",
    [
        nested(10_000),
        document(nodes=[{"id": "x" * 1_000_000, "type": "note"}]),
        document(nodes=[{"id": f"n{at}", "type": "zzz"} for at in range(10_000)]),
        document(**{f"k{at}": 1 for at in range(5_000)}),
        document(
            nodes=[
                {"id": "a", "type": "transform", "config": {"output": "{{ " + "1" + "+1" * 20_000 + " }}"}}
            ]
        ),
        document(nodes=[{"id": "a", "type": "transform", "config": {"output": "{{ " + "(" * 9_000 + " }}"}}]),
        {"schema": "fermata/1", "nodes": [1] * 10_000},
        [],
        5,
    ],
    ids=[
        "nested",
        "long id",
        "unknown types",
        "unknown keys",
        "operators",
        "parentheses",
        "no nodes",
        "list",
        "int",
    ],
)
def test_a_hostile_document_is_judged_in_a_bounded_time(editor, definition):
    with within(8):
        answer = editor.post("/workflows/validate", {"definition": definition})
        assert not answer["valid"]
        assert all(row["cure"] for row in answer["problems"])


def test_a_definition_no_draft_could_hold_is_not_judged(editor):
    body = {"definition": document(nodes=[{"id": "a", "type": "note", "config": {"text": "(" * 3_000_000}}])}
    editor.post("/workflows/validate", body, status=413)
