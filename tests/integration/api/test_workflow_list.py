"""The list of workflows: search, filters, order, and its cost among ten thousand."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from django.db import connection

from fermata.api import shapes
from fermata.workflows import operations
from tests.factories import ExecutionFactory, VersionFactory, WorkflowFactory, document

pytestmark = pytest.mark.django_db

BROKEN = {"schema": "fermata/1", "name": "b", "nodes": [{"id": "a", "type": "no_such_type"}], "edges": []}
MANY = """
INSERT INTO fermata_workflow (id, workspace_id, name, description, created_at, updated_at)
SELECT gen_random_uuid(), %(workspace)s, 'Flow ' || n, 'about invoices ' || n %% 7,
       now() - n * interval '1 minute', now() - n * interval '1 second' FROM generate_series(1, 10000) n;
INSERT INTO fermata_draft (workflow_id, rev, definition, editor, errors, updated_at)
SELECT id, 1, '{}', '{}', 0, now() FROM fermata_workflow WHERE workspace_id = %(workspace)s;
INSERT INTO fermata_version
(id, workflow_id, workspace_id, number, digest, definition, plan, listed, draft_rev, created_at)
SELECT gen_random_uuid(), w.id, w.workspace_id, n, 'x', '{}', '{}', true, n, now()
FROM fermata_workflow w, generate_series(1, 3) n WHERE w.workspace_id = %(workspace)s;
ANALYZE fermata_workflow; ANALYZE fermata_draft; ANALYZE fermata_version;
"""


def named(caller, query: str) -> list[str]:
    return sorted(row["name"] for row in caller.get(f"/workflows?{query}")["results"])


def made(caller, name: str, **more):
    return WorkflowFactory(workspace=caller.workspace, name=name, **more)


def test_every_word_of_a_search_must_stand_in_name_or_description(editor):
    made(editor, "Pay invoices", description="every night")
    made(editor, "Pay people", description="monthly")
    made(editor, "100%_sure")
    assert named(editor, "search=NIGHT%20pay") == ["Pay invoices"]
    assert named(editor, "search=pay") == ["Pay invoices", "Pay people"]
    assert named(editor, "search=%25_") == ["100%_sure"]
    assert named(editor, "search=%C3%9Cber") == []
    made(editor, "überweisung")
    assert named(editor, f"search={quote('ÜBER')}") == ["überweisung"]


def test_a_name_is_found_exactly(editor):
    made(editor, "Pay")
    made(editor, "Pay people")
    assert named(editor, "name=Pay") == ["Pay"]
    assert named(editor, "name=pay") == []


def test_filters_tell_published_changed_and_broken_drafts(editor):
    fresh = made(editor, "fresh")
    operations.freeze_draft(fresh.id, by=None)
    held = made(editor, "held")
    edited = made(editor, "edited")
    for workflow in (held, edited):
        operations.publish(workflow.id, by=None)
    operations.save_draft(edited.id, patch=[{"op": "add", "path": "/editor/x", "value": 1}], rev=1, by=None)
    broken = editor.post("/workflows", {"name": "broken", "definition": BROKEN}, status=201)
    assert broken["draft_errors"] > 0
    assert named(editor, "published=false") == ["broken", "fresh"]
    assert named(editor, "published=true") == ["edited", "held"]
    assert named(editor, "changed=true") == ["broken", "edited", "fresh"]
    assert named(editor, "changed=false") == ["held"]
    assert named(editor, "errors=true") == ["broken"]
    assert named(editor, "errors=false") == ["edited"], "those of the factory were never judged"
    assert named(editor, "published=true&changed=true&errors=false&search=edi") == ["edited"]
    assert named(editor, f"created_by={editor.user.username}") == ["broken"]
    assert editor.get(f"/workflows/{fresh.id}")["changed"] is True
    assert editor.get(f"/workflows/{fresh.id}")["latest_version"] is None
    assert editor.get(f"/workflows/{held.id}")["changed"] is False


def test_mending_a_draft_clears_its_errors(editor):
    broken = editor.post("/workflows", {"name": "broken", "definition": BROKEN}, status=201)
    path = f"/workflows/{broken['id']}/draft"
    editor.call("PUT", path, {"definition": document()}, If_Match='"1"', status=200)
    assert editor.get(f"/workflows/{broken['id']}")["draft_errors"] == 0


def test_the_status_of_the_last_execution_filters(editor):
    for name, statuses in {
        "good": ["failed", "succeeded"],
        "bad": ["succeeded", "failed"],
        "idle": [],
    }.items():
        version = VersionFactory(workflow__workspace=editor.workspace, workflow__name=name)
        for status in statuses:
            ExecutionFactory(of=version, status=status)
    assert named(editor, "last_status=failed") == ["bad"]
    assert named(editor, "last_status=succeeded,none") == ["good", "idle"]
    assert named(editor, "last_status=none&search=idle") == ["idle"]
    refused = editor.get("/workflows?last_status=odd", status=400)
    assert "timed_out" in refused["problems"][0]["message"]


@pytest.mark.parametrize(
    "query",
    [
        "published=maybe",
        "errors=2",
        "archived=x",
        "sort=digest",
        "limit=0",
        "limit=201",
        "created_by=",
        "tag=x",
    ],
)
def test_a_filter_that_means_nothing_is_refused(editor, query):
    if query == "created_by=":
        assert named(editor, query) == []
    else:
        assert editor.get(f"/workflows?{query}", status=400)["problems"][0]["cure"]


def test_a_viewer_reads_why_they_may_do_nothing(caller_of, editor):
    made(editor, "seen")
    [row] = caller_of("viewer").get("/workflows")["results"]
    shapes.WorkflowRow.model_validate(row)
    assert set(row["can"]) == {
        "edit",
        "publish",
        "archive",
        "unarchive",
        "duplicate",
        "start",
        "start_draft",
    }
    assert all(isinstance(reason, str) for reason in row["can"].values())


def test_ten_thousand_workflows_are_listed_searched_and_filtered_at_once(editor):
    with connection.cursor() as database:
        database.execute(MANY.replace("%(workspace)s", f"'{editor.workspace.id}'").replace("%%", "%"))
    slowest = 0.0
    for query in (
        "",
        "search=invoices%203",
        "sort=name",
        "published=true",
        "changed=true",
        "last_status=none",
        "errors=false&sort=created_at",
    ):
        took = []
        while len(took) < 3 and min(took, default=2) >= 2:  # the best of three: the machine may do much else
            began = time.perf_counter()
            page = editor.get(f"/workflows?limit=50&{query}")
            took.append(time.perf_counter() - began)
        slowest = max(slowest, min(took))
        assert len(page["results"]) == 50
        following = editor.get(f"/workflows?limit=50&{query}&cursor={page['next']}")["results"]
        assert not {row["id"] for row in page["results"]} & {row["id"] for row in following}
    assert slowest < 2, "an index or a sub-query is missing"
