"""Comparing versions and drafts over HTTP."""

from __future__ import annotations

import pytest

from fermata.api.diffs import Diff
from tests.factories import WorkflowFactory, document

pytestmark = pytest.mark.django_db

MORE = {"id": "more", "type": "note", "config": {"text": "…"}}


@pytest.fixture
def path(editor) -> str:
    """A workflow of two versions and a draft, each a little different."""
    workflow = WorkflowFactory(workspace=editor.workspace)
    address = f"/workflows/{workflow.id}"
    for value in ("two", "three"):
        editor.post(f"{address}/publish", status=201)
        patch = [{"op": "replace", "path": "/definition/nodes/0/config/output/text", "value": value}]
        patch += [{"op": "add", "path": "/definition/nodes/-", "value": MORE}] if value == "three" else []
        editor.call("PATCH", f"{address}/draft", patch, If_Match="*", status=200)
    return address


def test_the_draft_is_compared_with_the_newest_version(editor, path):
    found = editor.get(f"{path}/diff")
    Diff.model_validate(found)
    assert (found["from"]["version"], found["to"]) == (
        2,
        {"version": "draft", "draft_rev": 3, "digest": None},
    )
    assert found["from"]["digest"] == editor.get(f"{path}/versions/2")["digest"]
    assert found["nodes"]["added"] == [{"id": "more", "type": "note", "pointer": "/nodes/1", "new": MORE}]
    [changed] = found["nodes"]["changed"]
    assert changed["changes"] == [
        {"op": "replace", "pointer": "/nodes/0/config/output/text", "old": "two", "new": "three"}
    ]
    lines = found["text"]["unified"].splitlines()
    assert lines[:2] == ["--- version 2", "+++ draft 3"]
    assert {"-      text: two", "+      text: three"} <= set(lines)


def test_any_two_are_compared_in_both_directions(editor, path):
    one = editor.get(f"{path}/diff?from=1&to=2&text=false")
    assert "text" not in one
    assert one["nodes"]["changed"][0]["changes"][0]["new"] == "two"
    back = editor.get(f"{path}/diff?from=draft&to=1")
    assert back["nodes"]["removed"] == [{"id": "more", "type": "note", "pointer": "/nodes/1", "old": MORE}]
    same = editor.get(f"{path}/diff?from=2&to=latest")
    assert same["equal"] is True
    assert same["text"] == {"unified": "", "truncated": False}


def test_comments_and_layout_are_no_difference(editor):
    source = "# a comment\nschema: fermata/1\nname: y\nnodes: [] # none\nedges: []\n"
    made = editor.post("/workflows", {"name": "y", "source": source, "editor": {"a": 1}}, status=201)
    address = f"/workflows/{made['id']}"
    with_node = {"definition": document(), "editor": {"a": 2}}
    editor.call("PUT", f"{address}/draft", with_node, If_Match="*", status=200)
    editor.post(f"{address}/publish", status=201)
    found = editor.get(f"{address}/diff")
    assert found["equal"] is True
    assert found["text"]["unified"] == ""


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=9", 404),
        ("from=0", 400),
        ("from=first", 400),
        ("to=-1", 400),
        ("to=%C2%B3", 400),
        ("to=99999999999999999999", 400),
        ("text=perhaps", 400),
        ("form=1", 400),
        ("from=1&from=2", 400),
    ],
)
def test_sides_that_are_none_are_refused(editor, path, query, status):
    answer = editor.get(f"{path}/diff?{query}", status=status)
    assert answer["cure"] or answer["problems"][0]["cure"]


def test_a_workflow_without_versions_has_nothing_to_compare_with(editor, workflow):
    assert "Publish" in editor.get(f"/workflows/{workflow.id}/diff", status=404)["cure"]
    assert editor.get(f"/workflows/{workflow.id}/diff?from=draft")["equal"] is True


def test_drafts_that_are_no_documents_are_compared_too(editor, path):
    odd = {"nodes": {"a": [1]}, "edges": [7], "settings": None}
    editor.call("PUT", f"{path}/draft", {"definition": odd}, If_Match="*", status=200)
    found = editor.get(f"{path}/diff")
    Diff.model_validate(found)
    assert "/nodes" in {row["pointer"] for row in found["document"]}
