"""Importing documents over HTTP, as new workflows and onto drafts; previews keep nothing."""

from __future__ import annotations

import json

import pytest

from fermata.api.imports import Imported
from fermata.workflows import formats
from fermata.workflows.models import Draft, Workflow
from tests.factories import WorkflowFactory, document

pytestmark = pytest.mark.django_db

YAML = "# why\n" + formats.to_yaml(document(name="greet everybody"))
YAML_TYPES = [
    "application/yaml",
    "application/x-yaml",
    "text/yaml; charset=utf-8",
    "text/x-yaml",
    "text/plain",
]
BROKEN = "name: broken\nnodes:\n- {id: a, type: no_such_type}\nedges: []\n"


def send(
    caller, path: str, text: str | bytes, *, status: int, kind: str = "application/yaml", **headers: str
):
    body = text if isinstance(text, bytes) else text.encode()
    return caller.call("POST", path, body, status=status, Content_Type=kind, **headers)


class TestNew:
    @pytest.mark.parametrize("kind", YAML_TYPES)
    def test_yaml_becomes_a_workflow_with_its_comments(self, editor, kind):
        answer = send(editor, "/workflows/import", YAML, kind=kind, status=201)
        made = answer.json()
        Imported.model_validate(made)
        assert (made["name"], made["action"], made["draft_rev"]) == ("greet everybody", "create", 1)
        assert made["valid"] is True
        assert made["source_kept"] is True
        assert made["outline"] == {
            "nodes": 1,
            "edges": 0,
            "node_types": {"transform": 1},
            "inputs": ["who"],
        }
        assert answer["Location"] == f"/api/v1/workflows/{made['workflow']['id']}"
        draft = editor.get(f"/workflows/{made['workflow']['id']}/draft")
        assert draft["source"] == YAML
        assert draft["definition"] == document(name="greet everybody")

    @pytest.mark.parametrize("kind", ["application/json", "text/plain"])
    def test_json_becomes_one_too(self, editor, kind):
        body = json.dumps(document())
        made = send(editor, "/workflows/import?name=other", body, kind=kind, status=201).json()
        assert made["name"] == "other"
        assert made["source_kept"] is False
        draft = Draft.objects.get(workflow_id=made["workflow"]["id"])
        assert draft.definition == document(), "the document keeps its own name"

    def test_what_is_exported_can_be_imported(self, editor, workflow):
        for kind in ("yaml", "json"):
            text = editor.call("GET", f"/workflows/{workflow.id}/export?format={kind}").content
            path = f"/workflows/import?name=from-{kind}"
            made = send(editor, path, text, kind=f"application/{kind}", status=201).json()
            again = editor.call("GET", f"/workflows/{made['workflow']['id']}/export?format={kind}").content
            assert again == text

    def test_an_unfinished_document_is_taken_with_its_problems(self, editor):
        made = send(editor, "/workflows/import", BROKEN, status=201).json()
        assert made["valid"] is False
        assert made["problems"][0]["cure"]
        assert made["workflow"]["draft_errors"] == sum(r["severity"] == "error" for r in made["problems"])

    def test_a_preview_answers_all_that_and_keeps_nothing(self, editor):
        found = send(editor, "/workflows/import?dry_run=true", BROKEN, status=200).json()
        Imported.model_validate(found)
        assert (found["dry_run"], found["workflow"], found["valid"]) == (True, None, False)
        assert found["outline"]["node_types"] == {"no_such_type": 1}
        assert Workflow.objects.count() == 0

    @pytest.mark.parametrize("dry_run", ["true", "false"])
    def test_a_taken_name_is_refused_by_the_preview_too(self, editor, dry_run):
        holder = WorkflowFactory(workspace=editor.workspace, name="greet everybody")
        refused = send(editor, f"/workflows/import?dry_run={dry_run}", YAML, status=409).json()
        assert refused["workflow_id"] == str(holder.id)
        assert refused["pointer"] == "/name"
        assert Workflow.objects.count() == 1

    @pytest.mark.parametrize(
        ("text", "kind", "status", "word"),
        [
            ("", "application/yaml", 422, "document"),
            ("", "application/json", 422, "document"),
            ("# nothing\n", "application/yaml", 422, "one object"),
            ("- 1", "application/yaml", 422, "one object"),
            ("[1]", "application/json", 422, "document"),
            ("{}", "application/json", 422, "document"),
            ("nodes: []", "application/yaml", 422, "name"),
            ("name: 5", "application/yaml", 422, "name"),
            ("name: ' '", "application/yaml", 422, "name"),
            ("a: *x", "application/yaml", 422, "aliases"),
            ("a: !!python/name:os.system", "text/plain", 422, "tags"),
            ("a: [", "application/yaml", 422, "line"),
            ("{a: 1", "text/plain", 400, "JSON"),
            ("name: 99999999999999999999", "application/yaml", 422, "stored"),
            ("name: a\0b", "application/yaml", 422, "NUL"),
            (b"name: \xff", "application/yaml", 400, "UTF-8"),
            ("name: x", "application/x-www-form-urlencoded", 415, "media type"),
            ("name: " + "x" * 1_100_000, "application/yaml", 413, "larger"),
            ("name: " + "x" * 9_000_000, "application/yaml", 413, "larger"),
            (json.dumps({"name": "x", "y": "z" * 2_100_000}), "application/json", 413, "larger"),
            ("a: " + "[" * 200, "application/yaml", 422, "deeper"),
        ],
    )
    def test_what_is_no_document_is_refused(self, editor, text, kind, status, word):
        for query in ("", "?dry_run=true"):
            answer = send(editor, f"/workflows/import{query}", text, kind=kind, status=status).json()
            assert word in json.dumps(answer, ensure_ascii=False)
            assert answer.get("cure") or answer["problems"][0]["cure"]
        assert Workflow.objects.count() == 0

    def test_who_may_not_create_imports_nothing_not_even_for_show(self, caller_of):
        for role in ("viewer", "operator"):
            send(caller_of(role), "/workflows/import?dry_run=true", YAML, status=403)
        send(caller_of("owner", scopes=("workflows:read",)), "/workflows/import", YAML, status=403)


class TestOntoADraft:
    def test_the_document_becomes_a_new_rev_and_the_layout_stays(self, editor, workflow):
        path = f"/workflows/{workflow.id}"
        layout = [{"op": "add", "path": "/editor/hello", "value": {"x": 1}}]
        editor.call("PATCH", f"{path}/draft", layout, If_Match="*", status=200)
        answer = send(editor, f"{path}/import", YAML, If_Match='"2"', status=200)
        done = answer.json()
        Imported.model_validate(done)
        assert answer["ETag"] == '"3"'
        assert (done["action"], done["draft_rev"], done["workflow"]["draft_rev"]) == ("replace", 3, 3)
        assert done["name"] == workflow.name
        assert done["diff"]["document"] == [
            {"op": "replace", "pointer": "/name", "old": "greet", "new": "greet everybody"}
        ]
        draft = editor.get(f"{path}/draft")
        assert (draft["rev"], draft["source"], draft["editor"]) == (3, YAML, {"hello": {"x": 1}})

    def test_a_preview_shows_what_differs_and_changes_nothing(self, editor, workflow):
        path = f"/workflows/{workflow.id}/import?dry_run=true"
        answer = send(editor, path, BROKEN, If_Match='"1"', status=200)
        found = answer.json()
        assert answer["ETag"] == '"1"'
        assert (found["draft_rev"], found["workflow"]["draft_rev"]) == (2, 1)
        assert [row["id"] for row in found["diff"]["nodes"]["removed"]] == ["hello"]
        assert "+- id: a" in found["diff"]["text"]["unified"]
        assert Draft.objects.get(workflow=workflow).rev == 1

    @pytest.mark.parametrize("query", ["", "?dry_run=true"])
    def test_a_stale_rev_a_missing_one_and_an_archived_workflow_are_refused(
        self, editor, caller_of, workflow, query
    ):
        path = f"/workflows/{workflow.id}/import{query}"
        send(editor, path, YAML, status=428)
        stale = send(editor, path, YAML, If_Match='"7"', status=412).json()
        assert stale["draft"]["rev"] == 1
        caller_of("admin").call("DELETE", f"/workflows/{workflow.id}", status=204)
        assert "Unarchive" in send(editor, path, YAML, If_Match="*", status=409).json()["cure"]
        assert Draft.objects.get(workflow=workflow).rev == 1

    def test_viewers_and_strangers_are_kept_out(self, caller_of, stranger, workflow):
        path = f"/workflows/{workflow.id}/import?dry_run=true"
        send(caller_of("viewer"), path, YAML, If_Match="*", status=403)
        send(stranger, path, YAML, If_Match="*", status=404)
