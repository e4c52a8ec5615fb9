"""Previews of expressions: what they see, who may ask, and what is refused."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from fermata.api.expression_shapes import Preview
from fermata.engine.previews import preview as module
from fermata.engine.previews.pool import Pool
from fermata.errors import PreviewsBusy
from fermata.graph import expression
from fermata.workflows.models import Draft, Workflow
from tests.factories import VersionFactory, WorkflowFactory, document
from tests.integration.api.conftest import Caller
from tests.integration.api.executed import executed

NO_NODE, NO_FIELD = ("unknown_node", "/node_id"), ("no_expression_field", "/pointer")
CHARGE, URL = "{{ item.id * vars.rate }}", "https://{{ secrets.host }}/"
SHOP = document(
    inputs={
        "type": "object",
        "properties": {
            "orders": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": {"type": "integer", "examples": [7]}}},
            },
            "who": {"type": "string", "default": "Ada"},
        },
    },
    variables={"rate": 2, "note": None},
    nodes=[
        {"id": "first", "type": "transform", "config": {"output": {"n": "{{ size(inputs.orders) }}"}}},
        {"id": "each", "type": "foreach", "config": {"items": "{{ inputs.orders }}"}},
        {
            "id": "charge",
            "type": "transform",
            "parent": "each",
            "config": {"output": "{{ item.id * vars.rate }}"},
        },
        {"id": "big", "type": "condition", "config": {"when": "{{ steps.first.output.n > 1 }}"}},
        {"id": "yes", "type": "transform", "config": {"output": 1}},
        {"id": "no", "type": "transform", "config": {"output": 2}},
        {"id": "last", "type": "transform", "config": {"output": "{{ size(steps.each.output.results) }}"}},
        {
            "id": "post",
            "type": "http_request",
            "config": {"method": "GET", "url": "https://{{ secrets.host }}/"},
        },
        {"id": "note", "type": "note", "config": {"text": "{{ 1 }}"}},
    ],
    edges=[
        {"from": "first", "to": "each"},
        {"from": "each", "to": "big"},
        {"from": "big.true", "to": "yes"},
        {"from": "big.false", "to": "no"},
        {"from": "yes", "to": "last", "when": "{{ steps.yes.output == 1 }}"},
        {"from": "no", "to": "last"},
        {"from": "last", "to": "post"},
    ],
)
RUNS = {**SHOP, "nodes": SHOP["nodes"][:7], "edges": SHOP["edges"][:6]}


@pytest.fixture
def shop(editor: Caller) -> Workflow:
    return WorkflowFactory(workspace=editor.workspace, definition=SHOP)


@pytest.fixture
def run(shop: Workflow) -> Any:
    version = VersionFactory(workflow=shop, definition=RUNS)
    return executed(version, {"orders": [{"id": 3}, {"id": 4}]})


def body(node: str | None, text: str, pointer: str = "/config/output", **more: Any) -> dict[str, Any]:
    return {"draft_rev": 1, "node_id": node, "pointer": pointer, "expression": text, **more}


def previewed(caller: Caller, workflow: Workflow, *given: Any, status: int = 200, **more: Any) -> Any:
    answer = caller.post(f"/workflows/{workflow.id}/expressions/preview", body(*given, **more), status=status)
    if status == 200:
        Preview.model_validate(answer)
        assert answer["ok"] == (answer["error"] is None)
    return answer


def test_values_are_those_the_execution_recorded(editor, shop, run):
    answer = previewed(editor, shop, "last", "{{ steps.each.output.results }}", execution_id=str(run.id))
    assert (answer["ok"], answer["value"], answer["type"]) == (True, [6, 8], "array")
    step = answer["from"]["step_id"]
    assert answer["from"] == {"execution_id": str(run.id), "step_id": step, "path": []}
    shown = editor.get(f"/workflows/executions/{run.id}/steps/{step}")
    assert shown["node_id"] == "last"


@pytest.mark.parametrize("index", [0, 1])
def test_an_item_is_the_one_of_the_path(editor, shop, run, index):
    path = [{"region": "each", "iteration": index}]
    answer = previewed(
        editor, shop, "charge", "item.id * vars.rate + index", execution_id=str(run.id), path=path
    )
    assert answer["value"] == (6, 9)[index]
    assert answer["from"]["path"] == path
    row = editor.get(f"/workflows/executions/{run.id}/steps/{answer['from']['step_id']}")
    assert row["path"] == path


def test_without_a_path_the_first_item_is_seen(editor, shop, run):
    answer = previewed(editor, shop, "charge", "{{ item }}", execution_id=str(run.id))
    assert answer["value"] == {"id": 3}
    assert answer["from"]["path"] == [{"region": "each", "iteration": 0}]


def test_a_skipped_step_is_absent(editor, shop, run):
    def seen(text: str) -> Any:
        return previewed(editor, shop, "last", text, execution_id=str(run.id))

    assert seen("has(steps.yes)")["value"] is True
    assert seen("has(steps.no)")["value"] is False
    error = seen("a {{ steps.no.output }}")["error"]
    assert error["code"] == "expression_error"
    assert (error["offset"], error["length"]) == (5, len("steps.no.output"))


def test_a_node_that_has_not_run_sees_what_ran_before_it(editor, shop, run):
    answer = previewed(
        editor, shop, "post", "n: {{ steps.last.output }}", "/config/url", execution_id=str(run.id)
    )
    assert answer["value"] == "n: 2"
    assert answer["from"]["step_id"] is None


def test_what_arrived_is_seen_by_the_node_where_edges_meet(editor):
    nodes = [{"id": name, "type": "transform", "config": {"output": name}} for name in "ab"]
    nodes.append({"id": "m", "type": "transform", "join": "all", "config": {"output": "{{ arrivals }}"}})
    meeting = document(nodes=nodes, edges=[{"from": "a", "to": "m"}, {"from": "b", "to": "m"}])
    workflow = WorkflowFactory(workspace=editor.workspace, definition=meeting)
    run = executed(VersionFactory(workflow=workflow, definition=meeting))
    text = "{{ sort(pluck(arrivals, 'output')) }}"
    assert previewed(editor, workflow, "m", text, execution_id=str(run.id))["value"] == ["a", "b"]


def test_what_a_loop_collects_is_seen_from_its_inside(editor, shop, run):
    path = [{"region": "each", "iteration": 1}]
    answer = previewed(
        editor,
        shop,
        "each",
        "{{ steps.charge.output }}",
        "/config/collect",
        execution_id=str(run.id),
        path=path,
    )
    assert answer["value"] == 8


def test_guards_and_the_workflows_output_are_fields_too(editor, shop, run):
    guard = previewed(
        editor, shop, "yes", "{{ steps.yes.output + 1 }}", "/edges/4/when", execution_id=str(run.id)
    )
    assert guard["value"] == 2
    output = previewed(editor, shop, None, "{{ steps.last.output }}", "/output/n", execution_id=str(run.id))
    assert output["value"] == 2
    key = previewed(editor, shop, None, "{{ inputs.who }}", "/settings/concurrency/key")
    assert key["value"] == "Ada"
    early = previewed(editor, shop, None, "{{ steps.last }}", "/settings/concurrency/key")
    assert early["error"]["code"] == "not_known_yet"


def test_a_sample_stands_in_for_an_execution(editor, shop):
    sample = {"inputs": {"orders": [{"id": 9}]}, "steps": {"first": {"output": {"n": 5}}}, "item": {"id": 1}}
    answer = previewed(
        editor, shop, "charge", "{{ [inputs.orders[0].id, steps.first.output.n, item.id, vars.rate] }}",
        sample=sample,
    )  # fmt: skip
    assert (answer["value"], answer["from"]) == ([9, 5, 1, 2], "sample")


def test_without_values_they_are_made_up_from_schemas(editor, shop):
    answer = previewed(
        editor, shop, "charge", "{{ [inputs.who, item.id, steps.first.output, index, vars.rate] }}"
    )
    assert answer["from"] is None
    assert answer["value"][:2] == ["Ada", 7]
    assert answer["value"][2:] == [{"n": None}, 0, 2]


def test_the_draft_need_be_neither_valid_nor_published(editor):
    broken = document(
        nodes=[
            {"id": "a", "type": "transform", "config": {"output": "{{ unfinished( }}"}},
            {"id": "b", "type": "http_request", "config": {"nonsense": 1}, "retry": {"max_attempts": "many"}},
            {"id": "c", "type": "of a kind nobody knows"},
        ],
        edges=[{"from": "a", "to": "b"}, {"from": "c", "to": "nowhere"}],
    )
    workflow = WorkflowFactory(workspace=editor.workspace, definition=broken)
    sample = {"steps": {"a": {"output": 4}}}
    assert (
        previewed(editor, workflow, "b", "{{ steps.a.output }}", "/config/url", sample=sample)["value"] == 4
    )
    row = previewed(editor, workflow, "c", "1", status=422)["problems"][0]
    assert (row["code"], row["pointer"]) == ("unknown_node", "/node_id")


def test_a_document_that_is_none_is_told_so(editor):
    deep: Any = []
    for _ in range(120):
        deep = [deep]
    workflow = WorkflowFactory(workspace=editor.workspace)
    Draft.objects.filter(workflow=workflow).update(definition={"nodes": deep})
    assert previewed(editor, workflow, "a", "1", status=422)["problems"][0]["code"] == "unreadable_draft"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("{{ secrets.host }}", "secret_not_shown", "secrets.host"),
        ("{{ vars.rat }}", "undeclared_variable", "vars.rat"),
        ("{{ steps.nobody.output }}", "unknown_step", "steps.nobody.output"),
        ("{{ steps.post.output }}", "reads_itself", "steps.post.output"),
        ("{{ item }}", "outside_foreach", "item"),
        ("{{ error.message }}", "unknown_name", "error.message"),
        ("ok {{ 1 }} {{ nothing }}", "expression_error", "nothing"),
        ("{{ 1 + }}", "expression_error", ""),
        ("{{ sum( }}", "expression_error", ""),
        ("{{ 'open", "expression_error", "{{ 'open"),
        ("{{ steps[inputs.a] }}", "expression_error", "steps"),
    ],
)
def test_what_may_not_be_read_is_told_with_its_place(editor, shop, text, code, place):
    answer = previewed(editor, shop, "post", text, "/config/url")
    error = answer["error"]
    assert error["code"] == code
    assert text[error["offset"] :].startswith(place)
    assert (answer["ok"], answer["value"], answer["type"]) == (False, None, None)


def test_an_expression_has_at_most_4000_characters_and_a_text_16000(editor, shop):
    error = previewed(editor, shop, "last", "'" + "x" * 4000 + "'")["error"]
    assert (error["code"], error["offset"]) == ("expression_error", 4000)
    assert previewed(editor, shop, "last", "{{ 1 }}" + "x" * 15_000)["ok"]
    assert (
        previewed(editor, shop, "last", "x" * 16_001, status=400)["problems"][0]["pointer"] == "/expression"
    )
    many = previewed(editor, shop, "last", "{{ 1 }}" * 101)["error"]
    assert "101 expressions" in many["message"]


def test_a_value_beyond_16_kib_is_cut(editor, shop):
    answer = previewed(editor, shop, "last", "range(100000)")
    assert answer["truncated"]
    assert answer["value"] == list(range(len(answer["value"])))
    assert 1000 < len(answer["value"]) < 16 * 1024


def test_values_too_large_for_a_preview_are_not_loaded(editor, shop, run, monkeypatch):
    monkeypatch.setattr(module, "READ_BYTES", 4)
    answer = previewed(editor, shop, "last", "{{ steps.each.output }}", execution_id=str(run.id))
    assert answer["error"]["code"] == "values_too_large"
    assert previewed(editor, shop, "last", "{{ 1 }}", execution_id=str(run.id))["ok"]


@pytest.mark.parametrize(
    ("node", "pointer", "refusal"),
    [
        ("nobody", "/config/output", NO_NODE),
        ("note", "/config/text", NO_NODE),
        ("last", "/type", NO_FIELD),
        ("last", "/config", NO_FIELD),
        ("last", "/config/nothing", NO_FIELD),
        ("last", "/nodes/0/config/output", NO_FIELD),
        ("last", "config/output", NO_FIELD),
        ("last", "", NO_FIELD),
        ("last", "/" * 60, NO_FIELD),
        ("each", "/config/on_error/mode", NO_FIELD),
        ("last", "/edges/4/when", NO_FIELD),
        ("yes", "/edges/99/when", NO_FIELD),
        ("yes", "/edges/4/to", NO_FIELD),
        (None, "/name", NO_FIELD),
        (None, "/nodes/0/config/output", NO_FIELD),
    ],
)
def test_a_place_without_an_expression_is_refused(editor, shop, node, pointer, refusal):
    row = previewed(editor, shop, node, "1", pointer, status=422)["problems"][0]
    assert (row["code"], row["pointer"]) == refusal
    assert row["cure"]


def test_a_field_is_named_from_the_top_or_from_the_node(editor, shop):
    for pointer in ("/nodes/6/config/output", "/config/output", "/config/output/a/b"):
        assert previewed(editor, shop, "last", "1", pointer)["value"] == 1


def test_a_stale_draft_gets_the_current_one(editor, shop):
    Draft.objects.filter(workflow=shop).update(rev=3)
    refused = previewed(editor, shop, "last", "1", status=412)
    assert (refused["code"], refused["draft"]["rev"]) == ("draft_out_of_date", 3)
    answer = editor.post(f"/workflows/{shop.id}/expressions/preview", {**body("last", "1"), "draft_rev": 3})
    assert answer["ok"]


def test_each_rev_is_looked_at_anew(editor, shop):
    assert previewed(editor, shop, "last", "vars.rate")["value"] == 2
    Draft.objects.filter(workflow=shop).update(rev=2, definition={**SHOP, "variables": {"rate": 5}})
    answer = editor.post(
        f"/workflows/{shop.id}/expressions/preview", {**body("last", "vars.rate"), "draft_rev": 2}
    )
    assert answer["value"] == 5


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"sample": {"secrets": {}}}, "/sample/secrets"),
        ({"sample": {"unknown": 1}}, "/sample/unknown"),
        ({"sample": {"steps": []}}, "/sample/steps"),
        ({"sample": {"inputs": 1}}, "/sample/inputs"),
    ],
)
def test_a_sample_of_no_use_is_refused(editor, shop, more, pointer):
    refused = previewed(editor, shop, "last", "1", status=422, **more)
    assert refused["problems"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "more",
    [
        {"execution_id": str(uuid.uuid4()), "sample": {}},
        {"path": []},
        {"execution_id": "no id"},
        {"draft_rev": 0},
        {"draft_rev": "1"},
        {"expression": None},
        {"node_id": 5},
        {"path": [{"region": "each"}], "execution_id": str(uuid.uuid4())},
        {"path": [{"region": "each", "iteration": -1}], "execution_id": str(uuid.uuid4())},
        {"more": 1},
    ],
)
def test_malformed_requests_are_refused(editor, shop, more):
    together = more.keys() in ({"execution_id", "sample"}, {"path"})
    status = 422 if together else 400
    editor.post(f"/workflows/{shop.id}/expressions/preview", {**body("last", "1"), **more}, status=status)


@pytest.mark.parametrize(
    "path",
    [
        [{"region": "each", "iteration": 2}],
        [{"region": "nothing", "iteration": 0}],
        [{"region": "each", "iteration": 0}, {"region": "each", "iteration": 0}],
    ],
)
def test_a_path_that_leads_nowhere_is_refused(editor, shop, run, path):
    refused = previewed(editor, shop, "charge", "1", status=422, execution_id=str(run.id), path=path)
    assert refused["problems"][0]["code"] == "no_such_passage"


def test_executions_of_others_do_not_exist_and_those_of_other_workflows_do_not_fit(editor, shop, stranger):
    theirs = executed(VersionFactory(workflow__workspace=stranger.workspace))
    for execution_id in (theirs.id, uuid.uuid4()):
        previewed(editor, shop, "last", "1", status=404, execution_id=str(execution_id))
    other = executed(VersionFactory(workflow__workspace=editor.workspace))
    refused = previewed(editor, shop, "last", "1", status=422, execution_id=str(other.id))
    assert refused["problems"][0]["pointer"] == "/execution_id"


def test_every_member_may_preview_and_only_readers_of_executions_name_one(caller_of, stranger, shop, run):
    for role in ("viewer", "operator", "editor", "admin", "owner"):
        assert previewed(caller_of(role), shop, "last", "1", execution_id=str(run.id))["value"] == 1
    narrow = caller_of("owner", scopes=("workflows:read",))
    assert previewed(narrow, shop, "last", "1")["value"] == 1
    previewed(narrow, shop, "last", "1", status=403, execution_id=str(run.id))
    previewed(caller_of("owner", scopes=("executions:read",)), shop, "last", "1", status=403)
    previewed(stranger, shop, "last", "1", status=404)


def test_a_costly_expression_is_an_answer_and_the_next_one_is_too(editor, shop):
    costly = "range(1000).map(a, range(1000).map(b, range(1000).map(c, a * b * c)))"
    answer = previewed(editor, shop, "last", costly)
    assert answer["error"]["code"] == "expression_too_costly"
    assert (answer["error"]["offset"], answer["error"]["length"]) == (0, len(costly))
    assert previewed(editor, shop, "last", "1 + 1")["value"] == 2


def test_busy_previews_say_when_to_come_again(editor, shop, monkeypatch):
    def busy(*_: Any) -> None:
        raise PreviewsBusy

    monkeypatch.setattr(Pool, "evaluate", busy)
    response = editor.call("POST", f"/workflows/{shop.id}/expressions/preview", body("last", "1"), status=503)
    assert response["Retry-After"] == "1"
    assert response.json()["code"] == "previews_busy"


def test_the_web_process_evaluates_nothing(editor, shop, run, monkeypatch):
    def evaluated(*_: Any, **__: Any) -> None:
        raise AssertionError("evaluated in the web process")

    for name in ("evaluate", "render", "compile_expression"):
        monkeypatch.setattr(expression, name, evaluated)
    monkeypatch.setattr(expression.Compiled, "evaluate", evaluated)
    for more in ({"execution_id": str(run.id)}, {"sample": {}}, {}):
        assert previewed(editor, shop, "last", "{{ size(inputs.orders) }} of {{ vars.rate }}", **more)["ok"]


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_answered_or_told_to_come_again(caller_of):
    caller = caller_of("viewer")
    workflow = WorkflowFactory(workspace=caller.workspace, definition=SHOP)
    texts = [f"{{{{ 1 + {n} }}}}" if n % 5 else "range(100000)" for n in range(50)]

    def ask(text: str) -> tuple[str, int, Any]:
        try:
            own = Caller(token=caller.token)
            response = own.call("POST", f"/workflows/{workflow.id}/expressions/preview", body("last", text))
            return text, response.status_code, response.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(ask, texts))
    assert {status for _, status, _ in answers} <= {200, 503}
    answered = [(text, answer) for text, status, answer in answers if status == 200]
    assert len(answered) >= 2
    for text, answer in answered:
        assert answer["ok"], answer
        if text.startswith("{{"):
            assert answer["value"] == 1 + int(text[7:-3])
    assert previewed(caller, workflow, "last", "{{ 1 }}")["value"] == 1
