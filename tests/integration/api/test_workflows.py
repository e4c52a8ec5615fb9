"""Workflows, drafts and versions over HTTP."""

from __future__ import annotations

import pytest

from fermata.api import shapes
from fermata.workflows.models import Draft, Version, Workflow
from tests.factories import ExecutionFactory, VersionFactory, WorkflowFactory, document

pytestmark = pytest.mark.django_db


def test_a_created_workflow_is_read_listed_and_archived(editor, caller_of):
    made = editor.post("/workflows", {"name": "greet", "definition": document()}, status=201)
    assert made["name"] == "greet"
    assert made["latest_version"] is None
    shapes.Workflow.model_validate(editor.get(f"/workflows/{made['id']}"))
    assert [row["id"] for row in editor.get("/workflows")["results"]] == [made["id"]]

    assert editor.call("DELETE", f"/workflows/{made['id']}").status_code == 403
    admin = caller_of("admin")
    admin.call("DELETE", f"/workflows/{made['id']}", status=204)
    assert editor.get("/workflows")["results"] == []
    assert len(editor.get("/workflows?archived=true")["results"]) == 1
    assert editor.get(f"/workflows/{made['id']}")["can"]["start"] == "The workflow is archived."


def test_an_address_with_a_slash_at_its_end_works_too(editor):
    made = editor.post("/workflows/", {"name": "greet"}, status=201)
    assert editor.get(f"/workflows/{made['id']}/")["id"] == made["id"]


def test_a_name_is_taken_once_among_live_workflows(editor, caller_of):
    first = editor.post("/workflows", {"name": "greet"}, status=201)
    assert editor.post("/workflows", {"name": "greet"}, status=409)["pointer"] == "/name"
    caller_of("admin").call("DELETE", f"/workflows/{first['id']}", status=204)
    editor.post("/workflows", {"name": "greet"}, status=201)


def test_pages_of_a_list_follow_each_other_without_gap_or_repeat(editor):
    made = {str(WorkflowFactory(workspace=editor.workspace).id) for _ in range(7)}
    for sort in ("-updated_at", "name", "created_at"):
        seen: list[str] = []
        cursor = ""
        while True:
            page = editor.get(f"/workflows?sort={sort}&limit=3{cursor}")
            seen += [row["id"] for row in page["results"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert len(seen) == 7
        assert set(seen) == made


def test_search_looks_in_names_and_descriptions(editor):
    WorkflowFactory(workspace=editor.workspace, name="Pay invoices")
    WorkflowFactory(workspace=editor.workspace, name="other", description="about invoices")
    WorkflowFactory(workspace=editor.workspace, name="third")
    assert len(editor.get("/workflows?search=INVOICES")["results"]) == 2


def test_rows_carry_the_last_twenty_executions_in_a_bounded_number_of_queries(
    editor, django_assert_max_num_queries
):
    for _ in range(5):
        version = VersionFactory(workflow__workspace=editor.workspace)
        ExecutionFactory.create_batch(22, of=version, status="succeeded")
    with django_assert_max_num_queries(6):
        rows = editor.get("/workflows")["results"]
    assert [len(row["recent"]) for row in rows] == [20] * 5
    shapes.WorkflowPage.model_validate({"results": rows, "next": None})


def test_a_draft_accepts_any_object_and_validate_judges_it(editor):
    made = editor.post("/workflows", {"name": "odd", "definition": {"anything": [1, 2]}}, status=201)
    assert editor.get(f"/workflows/{made['id']}/draft")["definition"] == {"anything": [1, 2]}
    verdict = editor.post(f"/workflows/{made['id']}/validate")
    assert verdict["valid"] is False
    assert verdict["problems"]
    shapes.Validation.model_validate(verdict)
    assert editor.post(f"/workflows/{made['id']}/validate", {"definition": document()})["valid"] is True
    assert editor.post("/workflows/validate", {"definition": document()}) == {"valid": True, "problems": []}
    assert editor.post("/workflows/validate", {"definition": None})["valid"] is False


def test_a_patch_changes_the_draft_and_a_stale_one_gets_the_current_draft(editor, workflow):
    path = f"/workflows/{workflow.id}/draft"
    response = editor.call("GET", path, status=200)
    assert response["ETag"] == '"1"'
    assert response.json()["rev"] == 1
    patch = [{"op": "add", "path": "/definition/nodes/-", "value": {"id": "n2", "type": "note"}}]
    changed = editor.call("PATCH", path, patch, If_Match='"1"', status=200)
    assert changed.json()["rev"] == 2
    assert changed["ETag"] == '"2"'
    assert len(changed.json()["definition"]["nodes"]) == 2

    stale = editor.call("PATCH", path, patch, If_Match='"1"', status=412).json()
    assert stale["code"] == "draft_out_of_date"
    assert stale["draft"]["rev"] == 2
    assert Draft.objects.get(workflow=workflow).rev == 2

    as_patch = {"Content_Type": "application/json-patch+json", "If_Match": '"2"'}
    editor.call("PATCH", path, [{"op": "add", "path": "/editor/x", "value": 1}], **as_patch, status=200)


def test_a_patch_without_if_match_is_asked_for_it(editor, workflow):
    assert editor.call("PATCH", f"/workflows/{workflow.id}/draft", [], status=428).json()["cure"]


def test_saving_the_same_draft_changes_nothing(editor):
    text = "schema: fermata/1\nname: same\n# a comment\nnodes:\n  - {id: a, type: note}\n"
    path = f"/workflows/{editor.post('/workflows', {'name': 'same', 'source': text}, status=201)['id']}"
    editor.post(f"{path}/publish", status=201)
    same = editor.call("PUT", f"{path}/draft", {"source": text}, If_Match="*", status=200)
    nothing = editor.call("PATCH", f"{path}/draft", [], If_Match='"1"', status=200)
    assert same["ETag"] == nothing["ETag"] == '"1"'
    assert editor.get("/workflows")["results"][0]["changed"] is False
    other = editor.call(
        "PUT", f"{path}/draft", {"source": text.replace("a comment", "two")}, If_Match="*", status=200
    )
    assert other["ETag"] == '"2"'
    assert editor.get("/workflows")["results"][0]["changed"] is True


def test_an_unchanged_draft_is_not_sent_again(editor, workflow):
    assert editor.call("GET", f"/workflows/{workflow.id}/draft", If_None_Match='"1"').status_code == 304


@pytest.mark.parametrize(
    "patch",
    [
        {"op": "add"},
        ["x"],
        [{"op": "add", "path": "/other", "value": 1}],
        [{"op": "add", "path": "", "value": {}}],
        [{"op": "remove", "path": "/definition/nope"}],
        [{"op": "remove", "path": "/definition"}],
        [{"op": "replace", "path": "/definition", "value": [1]}],
        [{"op": "replace", "path": "/editor", "value": "x"}],
        [{"op": "add", "path": "/source", "value": 5}],
        [{"op": "add", "path": "/definition/nodes/99999999999", "value": 1}],
        [{"op": "add", "path": "/definition/name/x", "value": 1}],
        [{"op": "add", "path": "/definition/~2", "value": 1}],
        [{"op": "bogus", "path": "/definition/x"}],
        [{"op": "copy", "from": "/definition", "path": 7}],
        [{"op": "move", "from": "/definition", "path": "/definition/x"}],
        [{"op": "add", "path": "/definition/x"}],
    ],
)
def test_a_patch_that_cannot_be_applied_changes_nothing(editor, workflow, patch):
    response = editor.call("PATCH", f"/workflows/{workflow.id}/draft", patch, If_Match='"1"')
    assert response.status_code == 422, response.content
    draft = Draft.objects.get(workflow=workflow)
    assert draft.rev == 1
    assert draft.definition == document()


def test_a_patch_cannot_blow_the_draft_up_by_copying(editor, workflow):
    patch = [{"op": "add", "path": "/definition/a", "value": ["x" * 1000]}]
    patch += [{"op": "copy", "from": "/definition/a", "path": "/definition/a/-"} for _ in range(60)]
    response = editor.call("PATCH", f"/workflows/{workflow.id}/draft", patch, If_Match='"1"')
    assert response.status_code in {413, 422}
    assert Draft.objects.get(workflow=workflow).rev == 1


def test_the_yaml_source_is_kept_while_it_parses_to_the_definition(editor):
    source = "# a comment\nschema: fermata/1\nname: y\nnodes: []\nedges: []\n"
    made = editor.post("/workflows", {"name": "y", "source": source}, status=201)
    path = f"/workflows/{made['id']}/draft"
    assert editor.get(path)["source"] == source
    assert editor.get(path)["definition"]["name"] == "y"
    patch = [{"op": "replace", "path": "/definition/name", "value": "z"}]
    changed = editor.call("PATCH", path, patch, If_Match='"1"', status=200).json()
    assert "source" not in changed
    assert changed["definition"]["name"] == "z"
    text = editor.call("GET", f"/workflows/{made['id']}/export", status=200)
    assert text["Content-Type"].startswith("application/yaml")
    assert b"name: z" in text.content


def test_put_replaces_the_whole_draft(editor, workflow):
    path = f"/workflows/{workflow.id}/draft"
    changed = editor.call("PUT", path, {"definition": {"a": 1}}, If_Match="1", status=200).json()
    assert changed == {"rev": 2, "definition": {"a": 1}, "editor": {}}


def test_publishing_counts_versions_and_an_invalid_draft_is_refused_with_every_problem(editor, workflow):
    first = editor.post(f"/workflows/{workflow.id}/publish", status=201)
    assert first["version"] == 1
    assert len(first["digest"]) == 64
    second = editor.post(f"/workflows/{workflow.id}/publish", {"draft_rev": 1}, status=201)
    assert second["version"] == 2
    assert second["digest"] == first["digest"]

    broken = [{"op": "replace", "path": "/definition/nodes/0/type", "value": "no_such_type"}]
    editor.call("PATCH", f"/workflows/{workflow.id}/draft", broken, If_Match='"1"', status=200)
    refused = editor.post(f"/workflows/{workflow.id}/publish", status=422)
    assert refused["code"] == "invalid_document"
    assert refused["problems"][0]["pointer"].startswith("/nodes/0")
    editor.post(f"/workflows/{workflow.id}/publish", {"draft_rev": 1}, status=412)
    assert Version.objects.filter(workflow=workflow).count() == 2

    listed = editor.get(f"/workflows/{workflow.id}/versions?limit=1")
    assert [row["version"] for row in listed["results"]] == [2]
    rest = editor.get(f"/workflows/{workflow.id}/versions?cursor={listed['next']}")
    assert [row["version"] for row in rest["results"]] == [1]
    assert editor.get(f"/workflows/{workflow.id}/versions/1")["definition"] == document()
    editor.get(f"/workflows/{workflow.id}/versions/3", status=404)
    editor.get(f"/workflows/{workflow.id}/versions/99999999999999999999", status=404)


def test_the_draft_never_loses_key_order_or_the_form_of_numbers(editor):
    raw = b'{"name": "o", "definition": {"z": 1, "a": 10000.0, "m": {"y": 1e3, "b": []}}}'
    made = editor.call("POST", "/workflows", raw, status=201).json()
    text = editor.call("GET", f"/workflows/{made['id']}/draft").content.decode()
    assert text.index('"z"') < text.index('"a"') < text.index('"m"')
    assert "10000.0" in text


def test_a_duplicate_has_the_same_draft_and_a_free_name(editor, workflow):
    copy = editor.post(f"/workflows/{workflow.id}/duplicate", status=201)
    again = editor.post(f"/workflows/{workflow.id}/duplicate", status=201)
    assert copy["name"] == f"{workflow.name} copy"
    assert again["name"] == f"{workflow.name} copy 2"
    assert editor.get(f"/workflows/{copy['id']}/draft")["definition"] == document()


def test_renaming_keeps_what_is_left_out(editor, workflow):
    path = f"/workflows/{workflow.id}"
    assert editor.call("PATCH", path, {"description": "d"}, status=200).json()["name"] == workflow.name
    assert editor.call("PATCH", path, {"name": "new"}, status=200).json()["description"] == "d"
    editor.call("PATCH", path, {"name": " "}, status=422)
    other = WorkflowFactory(workspace=editor.workspace)
    editor.call("PATCH", path, {"name": other.name}, status=409)
    assert Workflow.objects.get(id=workflow.id).name == "new"


def test_a_document_over_two_mebibytes_is_refused(editor):
    big = {"name": "b", "definition": {"x": "y" * (2 * 1024 * 1024)}}
    assert editor.post("/workflows", big, status=413)["limit"] == 2 * 1024 * 1024
    assert not Workflow.objects.filter(name="b").exists()
