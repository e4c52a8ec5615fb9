"""Lists of executions: every filter and what goes with it, orders and cursors, counts, and what they cost."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fermata.engine.models import Execution
from fermata.engine.queries import listing
from tests.factories import (
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    StepFactory,
    VersionFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db

LIST, COUNTS = "/workflows/executions", "/workflows/executions/counts"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def version(workspace):
    return VersionFactory(workflow__workspace=workspace)


@pytest.fixture
def made(version) -> dict[str, Execution]:
    """A dozen executions, a day apart, each with something of its own."""
    days = itertools.count()

    def make(**values: Any) -> Execution:
        return ExecutionFactory(of=version, created_at=START + timedelta(days=next(days)), **values)

    rows = {
        "plain": make(status="succeeded", finished_at=START + timedelta(days=30)),
        "keyed": make(workflow_key="order-7"),
        "tagged": make(tags=["nightly", "eu"]),
        "other tag": make(tags=["nightly"]),
        "by ana": make(started_by="user:ana"),
        "urgent": make(priority=1),
        "debugged": make(debug=True),
        "failed": make(status="failed", error={"class": "http_5xx"}, finished_at=START + timedelta(days=20)),
        "late": make(status="failed", error={"class": "timeout"}, finished_at=START + timedelta(days=40)),
        "older version": make(version=3),
        "draft": make(version=0),
    }
    parent = StepFactory(region=RegionFactory(execution=rows["plain"]))
    rows["child"] = make(root_id=rows["plain"].id, parent_step_id=parent.id, depth=1)
    inner = StepFactory(region=RegionFactory(execution=rows["child"]))
    rows["grandchild"] = make(root_id=rows["plain"].id, parent_step_id=inner.id, depth=2)
    return rows


def found(page: dict[str, Any], made: dict[str, Execution]) -> set[str]:
    names = {str(row.id): name for name, row in made.items()}
    return {names[row["id"]] for row in page["results"]}


FILTERS: dict[str, set[str]] = {
    "workflow_key=order-7": {"keyed"},
    "tags=nightly": {"tagged", "other tag"},
    "tags=nightly,eu": {"tagged"},
    "tags=night": set(),
    "started_by=user:ana": {"by ana"},
    "priority=1": {"urgent"},
    "debug=true": {"debugged"},
    "error=http_5xx": {"failed"},
    "status=failed": {"failed", "late"},
    "status=failed&error=timeout": {"late"},
    "status=succeeded,failed": {"plain", "failed", "late"},
    "status=succeeded&error=timeout": set(),
    "finished_since=2026-01-25T00:00:00Z": {"plain", "late"},
    "finished_until=2026-01-25T00:00:00Z": {"failed"},
    "finished_since=2026-01-25T00:00:00Z&status=failed": {"late"},
    "since=2026-01-12T00:00:00Z": {"child", "grandchild"},
    "until=2026-01-02T00:00:00%2B00:00": {"plain"},
    "since=2026-01-02T00:00:00Z&until=2026-01-03T00:00:00Z": {"keyed"},
    "since=2026-01-02T01:00:00%2B01:00&until=2026-01-03T00:00:00Z": {"keyed"},
}


class TestFilters:
    @pytest.mark.parametrize("query", FILTERS)
    def test_each_finds_what_fits_and_nothing_else(self, editor, made, query):
        ExecutionFactory(status="failed", error={"class": "http_5xx"}, tags=["nightly", "eu"], debug=True)
        assert found(editor.get(f"{LIST}?{query}"), made) == FILTERS[query]
        assert editor.get(f"{COUNTS}?{query}")["total"] == len(FILTERS[query])
        nested = f"/workflows/{made['plain'].workflow_id}/executions"
        assert found(editor.get(f"{nested}?{query}"), made) == FILTERS[query]

    def test_a_version_is_one_of_a_workflow(self, editor, made):
        workflow_id = made["plain"].workflow_id
        for version, names in (("3", {"older version"}), ("draft", {"draft"}), ("9", set())):
            page = editor.get(f"{LIST}?workflow={workflow_id}&version={version}")
            assert found(page, made) == names
        assert "workflow" in editor.get(f"{LIST}?version=3", 422)["cure"]
        assert len(editor.get(f"/workflows/{workflow_id}/executions?version=draft")["results"]) == 1

    def test_families_are_found_from_both_ends(self, editor, made):
        plain, child = made["plain"], made["child"]
        assert found(editor.get(f"{LIST}?root={plain.id}"), made) == {"plain", "child", "grandchild"}
        assert found(editor.get(f"{LIST}?parent={plain.id}"), made) == {"child"}
        assert found(editor.get(f"{LIST}?parent={child.id}"), made) == {"grandchild"}
        assert found(editor.get(f"{LIST}?parent_step={child.parent_step_id}"), made) == {"child"}
        assert editor.get(f"{COUNTS}?parent={plain.id}")["total"] == 1
        assert editor.get(f"{LIST}?parent={uuid.uuid4()}")["results"] == []

    def test_an_id_is_found_by_its_beginning(self, editor, made):
        text = str(made["failed"].id)
        for beginning in (text, text[:13], text[:8].upper(), text.replace("-", "")[:12], f" {text[:9]}"):
            assert found(editor.get(f"{LIST}?id={beginning}"), made) == {"failed"}
        assert editor.get(f"{LIST}?id=ffffffffffff")["results"] == []

    @pytest.mark.parametrize(
        "query",
        [
            "status=done",
            "status=failed,",
            "workspace=",
            "version=latest",
            "version=-1",
            "version=99999999999",
            "tags=",
            "tags=a,,b",
            "tags=" + ",".join(map(str, range(21))),
            "id=0192",
            "id=xyzxyzxyz",
            "id=" + "0" * 33,
            "root=1",
            "parent=x",
            "priority=10",
            "priority=high",
            "debug=maybe",
            "since=yesterday",
            "since=2026-01-01T00:00:00",
            "until=9999-12-31T23:59:59-23:59",
            "sort=name",
            "sort=-created_at,id",
            "limit=0",
            "limit=201",
            "error=a&error=b",
            "states=failed",
            "tags=%00",
        ],
    )
    def test_one_that_means_nothing_is_refused_with_a_cure(self, editor, version, query):
        refused = editor.call("GET", f"{LIST}?{query}")
        assert refused.status_code in {400, 404, 422}, refused.content
        assert refused.json()["cure"]

    def test_a_misspelt_name_is_corrected(self, editor, version):
        problem = editor.get(f"{LIST}?statsu=failed", 400)["problems"][0]
        assert (problem["pointer"], problem["cure"]) == ("/statsu", "Did you mean status?")


class TestPages:
    @pytest.mark.parametrize("sort", ["-created_at", "created_at", "-finished_at", "finished_at"])
    def test_every_order_is_walked_to_its_end_without_gap_or_repeat(self, editor, version, sort):
        moments = [START + timedelta(days=number // 2) for number in range(9)]  # pairs share a moment
        for number, moment in enumerate(moments):
            status = ("failed", "succeeded", "cancelled")[number % 3]
            ExecutionFactory(of=version, status=status, created_at=moment, finished_at=moment)
        ExecutionFactory(of=version, created_at=START + timedelta(days=2))
        seen: list[dict[str, Any]] = []
        for query in ("", "&status=failed,succeeded,cancelled"):
            following, seen = "", []
            while True:
                page = editor.get(f"{LIST}?sort={sort}&limit=2{query}{following}")
                seen += page["results"]
                if page["next"] is None:
                    break
                following = f"&cursor={page['next']}"
            ended = "finished" in sort or bool(query)
            assert len({row["id"] for row in seen}) == len(seen) == (9 if ended else 10)
            keys = [(row[sort.lstrip("-")], row["id"]) for row in seen]
            assert keys == sorted(keys, reverse=sort.startswith("-"))

    def test_rows_of_several_workspaces_are_one_list(self, version):
        user = MembershipFactory(workspace_id=version.workspace_id).user
        there = VersionFactory(
            workflow__workspace=MembershipFactory(user=user, workspace=WorkspaceFactory()).workspace
        )
        for number in range(6):
            of = version if number % 2 else there
            ExecutionFactory(of=of, created_at=START + timedelta(days=number), status="failed")
        client = Client()
        client.force_login(user)
        first = client.get(f"/api/v1{LIST}?limit=4&status=failed,succeeded").json()
        rest = client.get(f"/api/v1{LIST}?limit=4&status=failed,succeeded&cursor={first['next']}").json()
        created = [row["created_at"] for row in first["results"] + rest["results"]]
        assert created == sorted(created, reverse=True)
        assert len(created) == 6
        assert rest["next"] is None
        assert client.get(f"/api/v1{COUNTS}").json()["counts"] == {"failed": 6}

    def test_many_combinations_fall_back_to_one_query(self, editor, made, monkeypatch):
        monkeypatch.setattr(listing, "MOST_WALKS", 1)
        assert found(editor.get(f"{LIST}?status=succeeded,failed"), made) == {"plain", "failed", "late"}
        assert editor.get(f"{COUNTS}?status=succeeded,failed")["counts"] == {"succeeded": 1, "failed": 2}


class TestWaiting:
    @pytest.fixture
    def states(self, version) -> dict[str, Execution]:
        """Executions by what their steps do."""
        rows = {}
        for name, steps in {
            "moves": ["ready"],
            "runs": ["running", "waiting"],
            "retries": ["retrying", "waiting"],
            "waits": ["waiting", "succeeded"],
            "held": ["held", "waiting"],
            "bare": [],
        }.items():
            rows[name] = ExecutionFactory(of=version)
            region = RegionFactory(execution=rows[name])
            for state in steps:
                StepFactory(region=region, state=state)
        region = RegionFactory(execution=rows["waits"])
        StepFactory(region=region, state="ready", superseded=True)
        rows["over"] = ExecutionFactory(of=version, status="succeeded")
        rows["paused"] = ExecutionFactory(of=version, status="paused")
        StepFactory(region=RegionFactory(execution=rows["paused"]), state="waiting")
        return rows

    def test_an_execution_waits_when_each_of_its_live_steps_does(self, editor, states):
        page = editor.get(LIST)
        names = {str(row.id): name for name, row in states.items()}
        shown = {names[row["id"]]: row["status"] for row in page["results"]}
        waiting = {"waits", "held"}
        running = {"moves", "runs", "retries", "bare"}
        assert {name for name, status in shown.items() if status == "waiting"} == waiting
        recent = {
            cell["id"]: cell["status"]
            for row in editor.get("/workflows")["results"]
            for cell in row["recent"]
        }
        assert recent == {str(states[name].id): status for name, status in shown.items()}
        assert {name for name, status in shown.items() if status == "running"} == running
        for query, names_ in (
            ("waiting", waiting),
            ("running", running),
            ("running,waiting", running | waiting),
            ("waiting,succeeded", {*waiting, "over"}),
        ):
            assert found(editor.get(f"{LIST}?status={query}"), states) == names_
        assert editor.get(COUNTS)["counts"] == {"waiting": 2, "running": 4, "succeeded": 1, "paused": 1}
        assert editor.get(f"{COUNTS}?status=waiting,paused")["counts"] == {"waiting": 2, "paused": 1}
        for name, row in states.items():
            assert editor.get(f"{LIST}/{row.id}")["status"] == shown[name]


class TestCounts:
    def test_they_stop_at_the_cap_and_say_so(self, editor, version, monkeypatch):
        monkeypatch.setattr(listing, "COUNT_CAP", 4)
        monkeypatch.setattr(listing, "TAGGED_CAP", 2)
        for number in range(4):
            ExecutionFactory(of=version, status="failed", created_at=START, tags=["a"] if number else [])
        assert editor.get(COUNTS) == {"counts": {"failed": 4}, "total": 4, "capped": False}
        ExecutionFactory(of=version, status="succeeded", created_at=START + timedelta(days=1))
        assert editor.get(COUNTS) == {"counts": {"failed": 3, "succeeded": 1}, "total": 4, "capped": True}
        assert editor.get(f"{COUNTS}?tags=a") == {"counts": {"failed": 2}, "total": 2, "capped": True}

    def test_nothing_is_counted_where_nothing_fits(self, editor, stranger, made):
        nothing = {"counts": {}, "total": 0, "capped": False}
        assert editor.get(f"{COUNTS}?workflow=unknown") == nothing
        assert stranger.get(COUNTS) == nothing
        assert stranger.get(f"{COUNTS}?workflow={made['plain'].workflow_id}") == nothing
        assert stranger.get(f"{LIST}?root={made['plain'].id}")["results"] == []


class TestCost:
    """What does not depend on the number of rows cannot grow with it."""

    @pytest.mark.parametrize("rows", [3, 60])
    def test_a_page_takes_the_same_statements_however_many_rows_it_has(self, editor, version, rows):
        for number in range(rows):
            execution = ExecutionFactory(of=version, created_at=START + timedelta(hours=number))
            StepFactory(region=RegionFactory(execution=execution), state="waiting")
        editor.get(LIST)  # the token's use is noted once a minute
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = editor.get(f"{LIST}?limit=200")
        assert len(page["results"]) == rows
        # token with role, executions, workflow names; which of them wait is asked past Django's cursors
        assert len(captured) == 3, [entry["sql"][:90] for entry in captured]

    INDEXES = {
        "": "execution_of_workspace",
        "&since=2026-01-03T00:00:00Z": "execution_of_workspace",
        "&sort=created_at": "execution_of_workspace",
        "&status=failed": "execution_by_state",
        "&status=waiting": "step_resting",
        "&status=running": "step_moving",
        "&workflow={workflow}": "execution_of_workflow",
        "&workflow={workflow}&status=failed": "execution_workflow_state",
        "&workflow={workflow}&status=failed&since=2026-01-03T00:00:00Z": "execution_workflow_state",
        "&workflow={workflow}&version=1": "execution_of_version",
        "&workflow_key=order-7": "execution_by_key",
        "&started_by=user:ana": "execution_started_by",
        "&error=http_5xx": "execution_by_error",
        "&priority=1": "execution_by_priority",
        "&debug=true": "execution_debugged",
        "&tags=nightly": "execution_tags",
        "&sort=-finished_at": "execution_finished",
        "&finished_since=2026-01-25T00:00:00Z&sort=finished_at": "execution_finished",
        "&root={root}": "execution_family",
        "&id={root}": "fermata_execution_pkey",
        "&id={digits}": "fermata_execution_pkey",
    }

    @pytest.fixture
    def crowded(self, made, version) -> None:
        """Enough rows, and statistics of them, that the planner has a reason to choose."""
        with connection.cursor() as database:
            database.execute(CROWD, [made["plain"].id])
            database.execute(CROWD_STEPS)
            database.execute("ANALYZE fermata_execution, fermata_step")

    @pytest.mark.parametrize("query", INDEXES)
    def test_each_filter_is_walked_along_its_own_index(self, editor, made, crowded, query, plans_of):
        filled = query.format(
            workflow=made["plain"].workflow_id, root=made["plain"].id, digits=str(made["plain"].id)[:8]
        )
        [plan] = plans_of(lambda: editor.get(f"{LIST}?limit=20{filled}"))
        assert self.INDEXES[query] in plan, plan
        assert "Seq Scan on fermata_execution" not in plan, plan

    def test_several_statuses_are_merged_from_walks_no_longer_than_the_page(
        self, editor, made, crowded, plans_of
    ):
        [plan] = plans_of(lambda: editor.get(f"{LIST}?limit=20&status=failed,succeeded"))
        assert plan.count("Limit") == 3, plan
        assert plan.count("execution_by_state") == 2, plan


CROWD = """
INSERT INTO fermata_execution (id, workspace_id, workflow_id, version_id, version, status, root_id,
    parent_ordinal, parent_attempt, depth, tags, priority, debug, started_by, created_at, finished_at, rev)
SELECT gen_random_uuid(), x.workspace_id,
    CASE WHEN n %% 2 = 0 THEN x.workflow_id ELSE gen_random_uuid() END, x.version_id, 1 + n %% 40,
    CASE WHEN n %% 3 = 0 THEN 'failed' ELSE 'succeeded' END, x.id, 0, 1, 0, '{}', 5, false,
    'user:' || n %% 50, x.created_at + n * interval '1 minute', x.created_at + n * interval '2 minutes', 0
FROM fermata_execution x, generate_series(1, 6000) n WHERE x.id = %s
"""

CROWD_STEPS = """
INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run,
    superseded, state, attempt, fence, losses, refusals, effect, queue, priority, ready_at, rings, rev,
    due_absolute)
SELECT gen_random_uuid(), x.workspace_id, x.id, 'n' || n, 'node', gen_random_uuid(), 0, 1, false,
    CASE WHEN x.finished_at IS NULL THEN (ARRAY['waiting', 'ready'])[n] ELSE 'succeeded' END,
    1, 1, 0, 0, 'pure', 'default', 5, x.created_at, 0, 1, false
FROM fermata_execution x, generate_series(1, 2) n
"""
"""Two steps for each execution; live ones have a waiting and a ready one."""


@pytest.fixture
def plans_of() -> Callable[[Callable[[], Any]], list[str]]:
    """The plans of the statements on executions that a call sends."""

    def plans(call: Callable[[], Any]) -> list[str]:
        found: list[str] = []

        def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
            if 'FROM "fermata_execution"' in sql:
                execute(f"EXPLAIN {sql}", params, many, context)
                found.append("\n".join(line for (line,) in context["cursor"].fetchall()))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explained):
            call()
        return found

    return plans
