"""Steps of an execution: every filter and order, through loops in loops, as the engine made them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection

from fermata.engine import plans
from fermata.engine.dispatch import SilentDispatcher
from fermata.engine.models import Step
from fermata.engine.perform import Parts, Performer
from fermata.engine.store import PostgresLedger
from fermata.nodes.catalogue import catalogue
from tests.integration.api.test_whole import start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

NESTED = {
    "schema": "fermata/1",
    "name": "nested",
    "nodes": [
        {"id": "outer", "type": "foreach", "config": {"items": "{{ [10, 20, 30] }}"}},
        {"id": "inner", "type": "foreach", "parent": "outer", "config": {"items": "{{ [item, item + 1] }}"}},
        {"id": "leaf", "type": "transform", "parent": "inner", "config": {"output": "{{ item }}"}},
        {"id": "after", "type": "transform", "config": {"output": "done"}},
    ],
    "edges": [{"from": "outer", "to": "after"}],
}


@pytest.fixture
def execution(editor) -> str:
    """One that has run to its end."""
    execution_id = start(editor, NESTED)
    parts = Parts(ledger=PostgresLedger(), plans=plans, types=catalogue(), dispatcher=SilentDispatcher())
    performer = Performer(parts, worker="w1")
    for _ in range(50):
        ready = Step.objects.filter(execution_id=execution_id, state="ready").values_list("id", flat=True)
        for step_id in list(ready):
            performer.perform(str(step_id))
    return execution_id


@pytest.fixture
def rows(editor, execution):
    """The rows a query answers."""

    def ask(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = editor.get(f"/workflows/executions/{execution}/steps?{query}")[
            "results"
        ]
        return found

    return ask


def test_a_path_leads_to_one_passage(rows):
    assert {row["node_id"] for row in rows("path=")} == {"outer", "after"}
    assert [row["node_id"] for row in rows("path=outer:1")] == ["inner"]
    [leaf] = rows("path=outer:1/inner:0")
    assert leaf["output"] == 20
    assert leaf["path"] == [{"region": "outer", "iteration": 1}, {"region": "inner", "iteration": 0}]
    assert rows("path=outer:7") == rows("path=nowhere:0") == rows("path=outer:1/inner:9") == []


def test_the_inside_of_a_container_can_be_narrowed_to_an_iteration(rows):
    [outer] = rows("node_id=outer")
    assert len(rows(f"parent={outer['id']}")) == 3
    [second] = rows(f"parent={outer['id']}&iteration=1")
    assert [row["output"] for row in rows(f"parent={second['id']}")] == [20, 21]
    assert [row["output"] for row in rows("node_id=leaf&iteration=1")] == [11, 21, 31]
    assert rows(f"parent={uuid.uuid4()}") == []
    assert rows(f"parent={second['id']}&status=failed") == []


def test_values_can_be_left_out_and_are_named(rows):
    [leaf] = rows("path=outer:1/inner:0&max_bytes=1")
    assert (leaf["output"], leaf["truncated"]) == (None, ["output"])
    [after] = rows("node_id=after")
    assert after["output"] == "done"
    [without] = rows("node_id=after&max_bytes=0")
    assert without.pop("truncated") == ["output"]
    assert without == after | {"output": None}


@pytest.mark.parametrize(
    "sort", ["ready_at", "-ready_at", "finished_at", "-finished_at", "duration", "-duration"]
)
def test_every_order_is_walked_to_its_end(editor, execution, rows, sort):
    Step.objects.filter(execution_id=execution, node_id="after").update(finished_at=None, state="running")
    seen: list[str] = []
    following = ""
    while True:
        page = editor.get(f"/workflows/executions/{execution}/steps?sort={sort}&limit=2{following}")
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        following = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == (11 if "ready" in sort else 10)
    times = {str(row.id): row for row in Step.objects.filter(id__in=seen)}
    key = sort.lstrip("-")
    keys: list[Any] = [
        row.finished_at - (row.started_at or row.ready_at) if key == "duration" else getattr(row, key)
        for row in (times[step_id] for step_id in seen)
    ]
    assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    "query",
    [
        "path=outer",
        "path=outer:x",
        "path=outer:1/",
        "path=/outer:1",
        "path=outer:99999999999",
        "iteration=-1",
        "iteration=99999999999",
        "parent=x",
        "sort=node_id",
        "status=open",
        "limit=1001",
        "max_bytes=-1",
        "max_bytes=16385",
        "superseded=perhaps",
        "node=a",
        "sort=duration&cursor=WzEsMl0",
    ],
)
def test_a_query_that_means_nothing_is_refused_with_a_cure(editor, execution, query):
    refused = editor.get(
        f"/workflows/executions/{execution}/steps?{query}",
        status=422 if "cursor=" in query or "%00" in query else 400,
    )
    assert refused["cure"]


def test_a_cursor_of_one_order_is_none_of_another(editor, execution):
    address = f"/workflows/executions/{execution}/steps?limit=1"
    page = editor.get(f"{address}&sort=duration")
    refused = editor.get(f"{address}&sort=ready_at&cursor={page['next']}", status=422)
    assert refused["problems"][0]["code"] == "invalid_cursor"


def test_no_read_walks_through_the_regions_of_other_executions(editor, execution, rows):
    [outer] = rows("node_id=outer")
    seen: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        if 'FROM "fermata_region"' in sql:
            execute("SET LOCAL enable_seqscan = off", None, False, context)
            execute(f"EXPLAIN {sql}", params, many, context)
            seen.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        for address in (
            "",
            "/why",
            f"/steps?parent={outer['id']}",
            "/steps?path=outer:1/inner:0",
            "/snapshot",
        ):
            editor.get(f"/workflows/executions/{execution}{address}")
    assert len(seen) >= 4
    assert not [plan for plan in seen if "Seq Scan" in plan]
