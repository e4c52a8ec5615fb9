"""Archive, unarchive, duplicate, restore, export over HTTP."""

from __future__ import annotations

import json

import pytest

from fermata.engine.models import Execution
from fermata.workflows import formats, operations
from fermata.workflows.models import Draft, Version, Workflow
from tests.factories import VersionFactory, WorkflowFactory, document

pytestmark = pytest.mark.django_db

SOURCE = "# why we greet\nschema: fermata/1\nname: y # short\nnodes: []\nedges: []\n"


@pytest.fixture
def admin(caller_of):
    return caller_of("admin")


@pytest.fixture
def published(editor):
    """A workflow with two versions and a third content in its draft."""
    workflow = WorkflowFactory(workspace=editor.workspace)
    path = f"/workflows/{workflow.id}"
    editor.post(f"{path}/publish", status=201)
    for text in ("two", "three"):
        patch = [{"op": "replace", "path": "/definition/nodes/0/config/output/text", "value": text}]
        editor.call("PATCH", f"{path}/draft", patch, If_Match="*", status=200)
        if text == "two":
            editor.post(f"{path}/publish", status=201)
    return workflow


def text_of(draft) -> str:
    return draft["definition"]["nodes"][0]["config"]["output"]["text"]


class TestArchive:
    def test_an_archived_workflow_refuses_to_change_or_start_and_says_how_to_go_on(self, admin, published):
        path = f"/workflows/{published.id}"
        before = Draft.objects.get(workflow=published)
        admin.call("DELETE", path, status=204)
        admin.call("DELETE", path, status=204)
        for method, below, body in (
            ("POST", "/executions", {}),
            ("POST", "/executions", {"version": "draft"}),
            ("POST", "/publish", {}),
            ("POST", "/restore", {"version": 1}),
            ("PATCH", "/draft", []),
            ("PUT", "/draft", {"definition": {}}),
            ("PATCH", "", {"name": "other"}),
        ):
            answer = admin.call(method, f"{path}{below}", body, If_Match="*", status=409).json()
            assert answer["detail"] == "The workflow is archived.", below
            assert "Unarchive" in answer["cure"]
        assert Execution.objects.count() == 0
        assert Version.objects.filter(workflow=published).count() == 2
        assert Draft.objects.get(workflow=published).rev == before.rev
        admin.get(f"{path}/draft")
        admin.get(f"{path}/versions/1")
        admin.call("GET", f"{path}/export", status=200)
        can = admin.get(path)["can"]
        assert can["unarchive"] is True
        assert can["duplicate"] is True
        assert can["start"] == can["edit"] == can["archive"] == "The workflow is archived."

    def test_an_archived_workflow_comes_back_as_it_was(self, admin, published):
        path = f"/workflows/{published.id}"
        assert admin.get(path)["can"]["unarchive"] == "The workflow is not archived."
        admin.call("DELETE", path, status=204)
        back = admin.post(f"{path}/unarchive")
        assert back["archived_at"] is None
        assert (back["name"], back["latest_version"]) == (published.name, 2)
        assert admin.post(f"{path}/unarchive", {"name": "other"})["name"] == published.name
        admin.post(f"{path}/executions", {}, status=202)

    def test_a_name_that_was_taken_meanwhile_asks_for_another(self, admin, published):
        path = f"/workflows/{published.id}"
        admin.call("DELETE", path, status=204)
        other = WorkflowFactory(workspace=admin.workspace, name=published.name)
        refused = admin.post(f"{path}/unarchive", status=409)
        assert refused["pointer"] == "/name"
        assert refused["workflow_id"] == str(other.id)
        assert "name" in refused["cure"]
        assert Workflow.objects.get(id=published.id).archived_at is not None
        admin.post(f"{path}/unarchive", {"name": " "}, status=422)
        assert admin.post(f"{path}/unarchive", {"name": "back again"})["name"] == "back again"

    def test_an_editor_neither_archives_nor_unarchives(self, editor, published):
        editor.call("DELETE", f"/workflows/{published.id}", status=403)
        assert "admin" in editor.post(f"/workflows/{published.id}/unarchive", status=403)["detail"]


class TestDuplicate:
    def test_a_version_can_be_the_draft_of_the_copy(self, editor, published):
        path = f"/workflows/{published.id}/duplicate"
        for version, text in ((1, "hello"), ("latest", "two"), ("draft", "three")):
            copy = editor.post(path, {"version": version}, status=201)
            assert text_of(editor.get(f"/workflows/{copy['id']}/draft")) == text
            assert copy["latest_version"] is None
        editor.post(path, {"version": 9}, status=404)
        editor.post(path, {"version": 0}, status=400)
        assert Workflow.objects.count() == 4

    def test_an_archived_workflow_is_copied_and_the_answer_says_where(self, admin, published):
        admin.call("DELETE", f"/workflows/{published.id}", status=204)
        answer = admin.call("POST", f"/workflows/{published.id}/duplicate", {}, status=201)
        assert admin.get(answer["Location"].removeprefix("/api/v1"))["archived_at"] is None

    def test_a_name_given_is_not_replaced_by_a_free_one(self, editor, published):
        path = f"/workflows/{published.id}/duplicate"
        editor.post(path, {"name": published.name}, status=409)
        editor.post(path, {"name": ""}, status=422)
        assert editor.post(path, {"name": "mine"}, status=201)["name"] == "mine"

    def test_a_free_name_taken_at_the_same_moment_is_passed_over(self, editor, published, monkeypatch):
        taken = f"{published.name} copy"
        WorkflowFactory(workspace=editor.workspace, name=taken)
        offered = iter([taken, f"{taken} 2"])
        monkeypatch.setattr("fermata.workflows.naming.free_copy", lambda _: next(offered))
        assert editor.post(f"/workflows/{published.id}/duplicate", status=201)["name"] == f"{taken} 2"


class TestRestore:
    def test_a_version_becomes_the_draft_as_a_new_rev(self, editor, published):
        path = f"/workflows/{published.id}"
        layout = [{"op": "add", "path": "/editor/hello", "value": {"x": 1}}]
        rev = editor.call("PATCH", f"{path}/draft", layout, If_Match="*", status=200).json()["rev"]
        answer = editor.call("POST", f"{path}/restore", {"version": 1}, If_Match=f'"{rev}"', status=200)
        assert answer["ETag"] == f'"{rev + 1}"'
        draft = answer.json()
        assert (draft["rev"], text_of(draft), draft["editor"]) == (rev + 1, "hello", {"hello": {"x": 1}})
        assert editor.get(f"{path}/draft") == draft
        again = editor.post(f"{path}/publish", status=201)
        assert again["version"] == 3
        assert again["digest"] == editor.get(f"{path}/versions/1")["digest"]

    def test_a_stale_rev_gets_the_current_draft_and_a_missing_one_is_asked_for(self, editor, published):
        path = f"/workflows/{published.id}/restore"
        stale = editor.call("POST", path, {"version": 1}, If_Match='"1"', status=412).json()
        assert stale["draft"]["rev"] == 3
        editor.call("POST", path, {"version": 1}, status=428)
        editor.call("POST", path, {"version": 7}, If_Match="*", status=404)
        for body in ({}, {"version": "1"}, {"version": 0}, {"version": 1, "x": 1}):
            editor.call("POST", path, body, If_Match="*", status=400)
        assert Draft.objects.get(workflow=published).rev == 3

    def test_a_frozen_draft_is_no_version_to_go_back_to(self, editor, published):
        operations.freeze_draft(published.id, by=None)
        editor.call("POST", f"/workflows/{published.id}/restore", {"version": 0}, If_Match="*", status=400)


class TestExport:
    def test_comments_come_with_the_draft_and_with_the_version_made_from_it(self, editor):
        made = editor.post("/workflows", {"name": "y", "source": SOURCE}, status=201)
        path = f"/workflows/{made['id']}"
        nodes = [{"op": "add", "path": "/definition/nodes/-", "value": document()["nodes"][0]}]
        assert editor.call("GET", f"{path}/export").content.decode() == SOURCE
        editor.call("PATCH", f"{path}/draft", nodes, If_Match="*", status=200)
        text = editor.call("GET", f"{path}/export").content.decode()
        assert "# why we greet" not in text
        source = f"# kept\n{text}"
        editor.call("PUT", f"{path}/draft", {"source": source}, If_Match="*", status=200)
        editor.post(f"{path}/publish", status=201)
        for version in ("draft", "latest", "1"):
            answer = editor.call("GET", f"{path}/export?version={version}", status=200)
            assert answer.content.decode() == source
        other = {"source": "# of another document\na: 1\n"}
        editor.call("PUT", f"{path}/draft", other, If_Match="*", status=200)
        assert editor.call("GET", f"{path}/export?version=1").content.decode() == text

    @pytest.mark.parametrize("format_", ["yaml", "json"])
    def test_what_is_exported_reads_back_the_same(self, editor, published, format_):
        answer = editor.call(
            "GET", f"/workflows/{published.id}/export?version=1&format={format_}", status=200
        )
        read = formats.from_yaml(answer.content.decode()) if format_ == "yaml" else json.loads(answer.content)
        assert read == document()
        assert list(read) == list(document())
        assert answer["Content-Type"].startswith(f"application/{format_}")
        assert answer["Content-Disposition"] == f'attachment; filename="{published.name}-v1.{format_}"'

    @pytest.mark.parametrize(
        ("name", "header"),
        [
            ('a/b\\c:"d"', 'attachment; filename="a-b-c-d-.yaml"'),
            ("../etc", 'attachment; filename="-etc.yaml"'),
            ("…ü", "attachment; filename*=utf-8''%E2%80%A6%C3%BC.yaml"),
            ("...", 'attachment; filename="workflow.yaml"'),
        ],
    )
    def test_a_name_becomes_a_safe_file_name(self, editor, name, header):
        workflow = WorkflowFactory(workspace=editor.workspace, name=name)
        answer = editor.call("GET", f"/workflows/{workflow.id}/export", status=200)
        assert answer["Content-Disposition"] == header

    def test_what_cannot_be_exported_is_refused(self, editor, workflow):
        path = f"/workflows/{workflow.id}/export"
        for query in ("format=xml", "version=0", "version=x", "version=99999999999", "version=%C2%B2"):
            editor.get(f"{path}?{query}", status=400)
        editor.get(f"{path}?version=latest", status=404)
        editor.get(f"{path}?version=1", status=404)


def test_source_that_says_true_is_not_kept_for_a_definition_that_says_one(editor):
    made = editor.post("/workflows", {"name": "y", "source": "a: true\nb: 1.0\n"}, status=201)
    path = f"/workflows/{made['id']}/draft"
    for member, value in (("a", 1), ("b", 1)):
        source = editor.call("PUT", path, {"source": "a: true\nb: 1.0\n"}, If_Match="*", status=200).json()
        assert source["source"]
        patch = [{"op": "replace", "path": f"/definition/{member}", "value": value}]
        assert "source" not in editor.call("PATCH", path, patch, If_Match="*", status=200).json()


def test_a_version_of_another_workflow_is_not_found(editor, published):
    other = VersionFactory(workflow__workspace=editor.workspace, number=7).workflow
    editor.get(f"/workflows/{published.id}/versions/7", status=404)
    editor.get(f"/workflows/{other.id}/versions/7")


def test_a_problem_points_at_what_was_sent_and_not_at_the_choices_there_were(editor, published):
    path = f"/workflows/{published.id}/duplicate"
    for sent in ("newest", {}, 1.5, []):
        found = editor.post(path, {"version": sent}, status=400)["problems"]
        assert {row["pointer"] for row in found} == {"/version"}
    missing = editor.call("POST", f"/workflows/{published.id}/restore", {}, If_Match="*", status=400).json()
    assert [row["pointer"] for row in missing["problems"]] == ["/version"]


def test_a_fix_offered_by_validation_mends_the_draft(editor):
    definition = document(nodes=[{"id": "a", "type": "transfrom", "config": {"output": 1}, "extra": True}])
    made = editor.post("/workflows", {"name": "y", "definition": definition}, status=201)
    path = f"/workflows/{made['id']}"
    verdict = editor.post(f"{path}/validate")
    fixes = [step for row in verdict["problems"] for step in row.get("fix", ())]
    assert {row["code"] for row in verdict["problems"]} == {"unknown_type", "unknown_key"}
    patch = [{**step, "path": f"/definition{step['path']}"} for step in fixes]
    editor.call("PATCH", f"{path}/draft", patch, If_Match='"1"', status=200)
    assert editor.post(f"{path}/validate") == {"valid": True, "problems": []}
    assert editor.get(path)["draft_errors"] == 0


def test_a_start_of_a_draft_that_moved_on_gets_the_current_one(editor, published):
    path = f"/workflows/{published.id}/executions"
    stale = editor.post(path, {"version": "draft", "draft_rev": 1}, status=412)
    assert stale["draft"] == editor.get(f"/workflows/{published.id}/draft")
    assert Execution.objects.count() == 0
