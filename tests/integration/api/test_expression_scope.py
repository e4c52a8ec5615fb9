"""What an expression may use at its place, with examples of an execution."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from fermata.api.expression_shapes import ExpressionScope
from fermata.engine.previews import drafts
from fermata.engine.previews import names as module
from fermata.workflows.models import Draft, Workflow
from tests.factories import VersionFactory, WorkflowFactory
from tests.integration.api.conftest import Caller
from tests.integration.api.executed import executed
from tests.integration.api.test_expressions import RUNS, SHOP


@pytest.fixture
def shop(editor: Caller) -> Workflow:
    return WorkflowFactory(workspace=editor.workspace, definition=SHOP)


@pytest.fixture
def run(shop: Workflow) -> Any:
    return executed(VersionFactory(workflow=shop, definition=RUNS), {"orders": [{"id": 3}, {"id": 4}]})


def scope(caller: Caller, workflow: Workflow, status: int = 200, **query: Any) -> Any:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = caller.get(f"/workflows/{workflow.id}/expressions/scope?{text}", status)
    if status == 200:
        ExpressionScope.model_validate(answer)
        answer["names"] = {row["name"]: row for row in answer["names"]}
    return answer


def test_names_have_schemas_and_values_of_the_execution(editor, shop, run):
    found = scope(editor, shop, node_id="last", execution_id=run.id)
    assert found["from"]["execution_id"] == str(run.id)
    each = found["names"]["steps.each.output"]
    assert each["recorded"]
    assert each["example"]["results"] == [6, 8]
    assert each["schema"]["properties"]["results"]["items"] == {"type": "integer"}
    assert not each["optional"]
    assert found["names"]["steps.yes.output"]["optional"]
    absent = found["names"]["steps.no.output"]
    assert (absent["optional"], absent["recorded"], absent["schema"]) == (True, False, {"type": "integer"})
    assert found["names"]["inputs"]["example"] == {"orders": [{"id": 3}, {"id": 4}]}
    assert found["names"]["vars.rate"]["example"] == 2
    assert found["names"]["execution"]["example"]["id"] == str(run.id)
    assert {row["name"] for row in found["functions"]} >= {"sum", "size", "map", "contains"}


def test_a_draft_that_is_saved_meanwhile_is_told_of_as_it_is_now(editor, shop, monkeypatch):
    now = Draft.objects.get(workflow=shop).rev
    monkeypatch.setattr(drafts.queries, "draft_rev", lambda _: now - 1)
    assert scope(editor, shop, node_id="last")["draft_rev"] == now


def test_an_item_is_the_one_of_the_path(editor, shop, run):
    path = json.dumps([{"region": "each", "iteration": 1}])
    found = scope(editor, shop, node_id="charge", execution_id=run.id, path=path)
    assert found["names"]["item"]["example"] == {"id": 4}
    assert found["names"]["item"]["schema"]["properties"]["id"]["type"] == "integer"
    assert found["names"]["index"]["example"] == 1
    assert found["from"]["path"] == [{"region": "each", "iteration": 1}]


def test_without_an_execution_the_last_one_serves(editor, shop, run):
    assert scope(editor, shop, node_id="last")["from"]["execution_id"] == str(run.id)
    newer = executed(VersionFactory(workflow=shop, definition=RUNS, number=2), {"orders": []})
    found = scope(editor, shop, node_id="last")
    assert found["from"]["execution_id"] == str(newer.id)
    assert found["names"]["steps.first.output"]["example"] == {"n": 0}


def test_before_any_execution_types_and_configs_tell(editor, shop):
    found = scope(editor, shop, node_id="last")
    assert found["from"] is None
    assert found["draft_rev"] == 1
    assert not any(row["recorded"] for row in found["names"].values())
    assert found["names"]["inputs"]["example"] == {"orders": [{"id": 7}], "who": "Ada"}
    assert found["names"]["steps.big.output"]["schema"] == {"type": "boolean"}


def test_fields_evaluated_inside_see_the_inside(editor, shop, run):
    outside = scope(editor, shop, node_id="each")["names"]
    assert "steps.charge.output" not in outside
    inside = scope(editor, shop, node_id="each", pointer="/config/collect")["names"]
    assert inside["steps.charge.output"]["example"] == 6
    own = scope(editor, shop)["names"]
    assert own["steps.last.output"]["example"] == 2
    assert "secrets" in scope(editor, shop, node_id="post")["names"]


def test_large_values_are_left_where_they_are(editor, shop, run, monkeypatch):
    monkeypatch.setattr(module, "LARGEST_BYTES", 12)
    found = scope(editor, shop, node_id="last", execution_id=run.id)["names"]
    assert not found["steps.each.output"]["recorded"]
    assert not found["inputs"]["recorded"]
    assert found["steps.first.output"]["example"] == {"n": 2}


def test_without_the_right_to_read_executions_none_is_shown(caller_of, shop, run):
    narrow = caller_of("viewer", scopes=("workflows:read",))
    found = scope(narrow, shop, node_id="last")
    assert found["from"] is None
    assert not any(row["recorded"] for row in found["names"].values())
    scope(narrow, shop, 403, node_id="last", execution_id=run.id)
    assert scope(caller_of("viewer"), shop, node_id="last")["from"]


def test_a_draft_that_is_not_valid_still_tells_what_it_can(editor):
    broken = {
        "schema": "fermata/1",
        "nodes": [
            {"id": "a", "type": "http_request", "config": {"bad": 1}},
            {"id": "b", "type": "transform", "config": {}},
            {"id": "c", "type": "nothing known", "config": {}},
        ],
        "edges": [{"from": "a", "to": "b"}, {"from": "c", "to": "b"}],
    }
    workflow = WorkflowFactory(workspace=editor.workspace, definition=broken)
    found = scope(editor, workflow, node_id="b")["names"]
    assert found["steps.a.output"]["schema"]["properties"]["status"]["type"] == "integer"
    assert "steps.c.output" not in found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"node_id": "nobody"}, 422),
        ({"node_id": "note"}, 422),
        ({"node_id": "last", "pointer": "/type"}, 422),
        ({"node_id": "last", "path": "[]"}, 422),
        ({"node_id": "last", "execution_id": "x"}, 400),
        ({"node_id": "last", "execution_id": uuid.uuid4()}, 404),
        ({"more": 1}, 400),
        ({"node_id": "last", "node": "last"}, 400),
    ],
)
def test_bad_requests(editor, shop, query, status):
    scope(editor, shop, status, **query)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("no json", 422),
        ('{"region": "each"}', 422),
        ('[{"region": "each", "iteration": true}]', 422),
        ('[{"region": "each", "iteration": 99}]', 422),
        ("[" * 500, 422),
        ("null", 422),
    ],
)
def test_bad_paths(editor, shop, run, path, status):
    scope(editor, shop, status, node_id="charge", execution_id=run.id, path=path)


def test_executions_of_others_and_of_other_workflows(editor, shop, stranger):
    theirs = executed(VersionFactory(workflow__workspace=stranger.workspace))
    scope(editor, shop, 404, node_id="last", execution_id=theirs.id)
    other = executed(VersionFactory(workflow__workspace=editor.workspace))
    scope(editor, shop, 422, node_id="last", execution_id=other.id)
    scope(stranger, shop, 404, node_id="last")


def test_what_is_listed_is_what_a_preview_takes(editor, shop, run):
    for node_id in ("charge", "big", "last"):
        found = scope(editor, shop, node_id=node_id, execution_id=run.id)["names"]
        for name, row in found.items():
            answer = editor.post(
                f"/workflows/{shop.id}/expressions/preview",
                {
                    "draft_rev": 1,
                    "node_id": node_id,
                    "pointer": "/config/when" if node_id == "big" else "/config/output",
                    "expression": name,
                    "execution_id": str(run.id),
                },
            )
            assert answer["ok"] == row["recorded"], (node_id, name, answer)


def test_a_new_rev_is_told(editor, shop):
    Draft.objects.filter(workflow=shop).update(rev=4)
    assert scope(editor, shop, node_id="last")["draft_rev"] == 4
