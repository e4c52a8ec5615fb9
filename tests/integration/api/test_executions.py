"""Executions over HTTP: starting, reading, commands, steps, values, journal, approvals."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from fermata.api import frames, shapes
from fermata.engine.models import Event, Execution, IdempotencyKey
from fermata.engine.store import run, statement
from fermata.workflows.models import Draft, Version
from tests.factories import (
    ApprovalFactory,
    EventFactory,
    ExecutionFactory,
    RegionFactory,
    StepFactory,
    VersionFactory,
    payload,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(workspace):
    return VersionFactory(workflow__workspace=workspace)


@pytest.fixture
def execution(version):
    return ExecutionFactory(of=version)


@pytest.fixture
def root(execution):
    return RegionFactory(execution=execution)


def at(execution, rest=""):
    return f"/workflows/executions/{execution.id}{rest}"


class TestStarting:
    def test_a_start_is_accepted_and_can_be_read(self, editor, version):
        started = editor.post(
            f"/workflows/{version.workflow_id}/executions", {"input": {"who": "x"}}, status=202
        )
        shapes.Started.model_validate(started)
        read = editor.get(f"/workflows/executions/{started['id']}")
        shapes.Execution.model_validate(read)
        assert read["version"] == 1
        assert read["started_by"] == f"user:{editor.user.username}"

    def test_a_workflow_never_published_is_not_started(self, editor, workflow):
        refused = editor.post(f"/workflows/{workflow.id}/executions", status=404)
        assert refused["cure"] == "Publish the draft."
        assert Execution.objects.count() == 0

    def test_an_archived_workflow_is_not_started(self, editor, caller_of, version):
        caller_of("admin").call("DELETE", f"/workflows/{version.workflow_id}", status=204)
        editor.post(f"/workflows/{version.workflow_id}/executions", status=409)
        assert Execution.objects.count() == 0

    def test_the_same_key_starts_once_and_answers_the_same(self, editor, version):
        path, body = f"/workflows/{version.workflow_id}/executions", {"input": {"who": "x"}}
        first = editor.call("POST", path, body, Idempotency_Key="k1", status=202)
        again = editor.call("POST", path, body, Idempotency_Key="k1", status=202)
        assert first.json() == again.json()
        assert "Idempotent-Replay" not in first.headers
        assert again["Idempotent-Replay"] == "true"
        assert Execution.objects.count() == 1
        reused = editor.call("POST", path, {"input": {}}, Idempotency_Key="k1", status=409)
        assert reused.json()["code"] == "idempotency_key_reused"
        editor.call("POST", path, body, Idempotency_Key="k2", status=202)
        assert Execution.objects.count() == 2

    @pytest.mark.parametrize(("days", "executions"), [(6.9, 1), (7.1, 2)])
    def test_a_key_is_known_for_seven_days(self, editor, version, days, executions):
        path = f"/workflows/{version.workflow_id}/executions"
        editor.call("POST", path, {}, Idempotency_Key="k", status=202)
        long_ago = datetime.now(UTC) - timedelta(days=days)
        IdempotencyKey.objects.update(created_at=long_ago)
        run(statement("forget_keys"))
        again = editor.call("POST", path, {}, Idempotency_Key="k", status=202)
        assert Execution.objects.count() == executions
        assert again.headers.get("Idempotent-Replay") == ("true" if executions == 1 else None)

    def test_a_refused_start_leaves_its_key_free(self, editor, version):
        path = f"/workflows/{version.workflow_id}/executions"
        editor.call("POST", path, {"input": {"who": 5}}, Idempotency_Key="k", status=422)
        editor.call("POST", path, {"input": {"who": "x"}}, Idempotency_Key="k", status=202)
        assert Execution.objects.count() == 1

    def test_a_key_belongs_to_one_workflow(self, editor, version):
        other = VersionFactory(workflow__workspace=editor.workspace)
        for found in (version, other):
            started = editor.call(
                "POST", f"/workflows/{found.workflow_id}/executions", {}, Idempotency_Key="k", status=202
            )
            assert "Idempotent-Replay" not in started.headers
        assert Execution.objects.count() == 2

    def test_a_replay_does_not_look_at_what_has_changed_since(self, editor, version):
        path, body = f"/workflows/{version.workflow_id}/executions", {"version": "draft", "draft_rev": 1}
        first = editor.call("POST", path, body, Idempotency_Key="k", status=202).json()
        Draft.objects.filter(workflow_id=version.workflow_id).update(rev=9)
        assert editor.call("POST", path, body, Idempotency_Key="k", status=202).json() == first

    @pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
    def test_a_key_that_cannot_be_used_is_refused(self, editor, version, key):
        path = f"/workflows/{version.workflow_id}/executions"
        editor.call("POST", path, {}, Idempotency_Key=key, status=400)

    def test_a_draft_is_frozen_for_one_start_and_never_listed(self, editor, caller_of, workflow):
        path = f"/workflows/{workflow.id}/executions"
        started = editor.post(path, {"version": "draft", "draft_rev": 1}, status=202)
        assert started["version"] == "draft"
        editor.post(path, {"version": "draft"}, status=202)
        assert Version.objects.filter(workflow=workflow, listed=False).count() == 1
        assert editor.get(f"/workflows/{workflow.id}/versions")["results"] == []
        editor.post(path, {"version": "draft", "draft_rev": 2}, status=412)
        caller_of("operator").post(path, {"version": "draft"}, status=403)
        Draft.objects.filter(workflow=workflow).update(definition={"x": 1}, rev=2)
        before = Execution.objects.count()
        refused = editor.post(path, {"version": "draft"}, status=422)
        assert refused["problems"]
        assert Execution.objects.count() == before

    @pytest.mark.parametrize(
        "body",
        [
            {"version": "newest"},
            {"version": True},
            {"version": "1"},
            {"priority": 10},
            {"priority": -1},
            {"debug": "yes"},
            {"variables": []},
            {"inputs": {}},
            {"draft_rev": 1},
            {"tags": "x"},
            {"workflow_key": ""},
        ],
    )
    def test_a_start_that_means_nothing_is_refused(self, editor, version, body):
        status = 422 if "draft_rev" in body else 400
        editor.post(f"/workflows/{version.workflow_id}/executions", body, status=status)
        assert Execution.objects.count() == 0

    def test_a_version_that_is_not_there_is_not_found(self, editor, version):
        editor.post(f"/workflows/{version.workflow_id}/executions", {"version": 7}, status=404)


class TestReading:
    def test_a_list_is_filtered_and_paged(self, editor, version):
        other = VersionFactory(workflow__workspace=editor.workspace)
        base = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(5):
            ExecutionFactory(of=version, status="failed", created_at=base + timedelta(days=number))
        ExecutionFactory(of=other, status="succeeded", created_at=base)
        rows = editor.get("/workflows/executions")["results"]
        assert len(rows) == 6
        assert rows == sorted(rows, key=lambda row: row["created_at"], reverse=True)
        shapes.ExecutionPage.model_validate({"results": rows, "next": None})
        assert len(editor.get("/workflows/executions?status=failed")["results"]) == 5
        assert len(editor.get("/workflows/executions?status=failed,succeeded")["results"]) == 6
        assert len(editor.get(f"/workflows/executions?workflow={other.workflow_id}")["results"]) == 1
        by_name = editor.get("/workflows/executions", 200)["results"][0]["workflow_name"]
        assert editor.get(f"/workflows/executions?workflow={by_name}")["results"]
        since = "2026-01-03T00:00:00Z"
        assert len(editor.get(f"/workflows/executions?since={since}")["results"]) == 3
        assert len(editor.get(f"/workflows/{version.workflow_id}/executions")["results"]) == 5

        first = editor.get("/workflows/executions?limit=4")
        second = editor.get(f"/workflows/executions?limit=4&cursor={first['next']}")
        assert second["next"] is None
        assert [row["id"] for row in first["results"] + second["results"]] == [row["id"] for row in rows]

    def test_counts_use_the_same_filters(self, editor, version):
        ExecutionFactory.create_batch(3, of=version, status="failed")
        ExecutionFactory.create_batch(2, of=version, status="running")
        answer = editor.get("/workflows/executions/counts")
        assert answer == {"counts": {"failed": 3, "running": 2}, "total": 5, "capped": False}
        assert editor.get("/workflows/executions/counts?status=failed")["total"] == 3
        shapes.ExecutionCounts.model_validate(answer)

    def test_an_execution_in_which_every_live_step_waits_is_shown_as_waiting(self, editor, execution, root):
        StepFactory(region=root, state="waiting")
        StepFactory(region=root, state="succeeded")
        assert editor.get(at(execution))["status"] == "waiting"
        assert len(editor.get("/workflows/executions?status=waiting")["results"]) == 1
        assert editor.get("/workflows/executions?status=running")["results"] == []
        StepFactory(region=root, state="ready")
        assert editor.get(at(execution))["status"] == "running"
        assert editor.get("/workflows/executions?status=waiting")["results"] == []
        assert len(editor.get("/workflows/executions?status=running")["results"]) == 1

    def test_can_says_what_may_be_done_and_why_not(self, editor, caller_of, execution):
        assert editor.get(at(execution))["can"] == {
            "cancel": True,
            "pause": True,
            "resume": "The execution is running.",
            "signal": True,
        }
        Execution.objects.filter(id=execution.id).update(status="succeeded")
        assert editor.get(at(execution))["can"]["cancel"] == "The execution has ended: succeeded."
        assert "role" in caller_of("viewer").get(at(execution))["can"]["pause"]

    def test_values_are_read_with_the_execution(self, editor, execution):
        Execution.objects.filter(id=execution.id).update(
            input_digest=payload(execution.workspace_id, {"a": 1}),
            output_digest=payload(execution.workspace_id, "text"),
        )
        read = editor.get(at(execution))
        assert read["input"] == {"a": 1}
        assert read["output"] == "text"

    def test_the_graph_is_explained(self, editor, execution):
        graph = editor.get(at(execution, "/graph"))
        assert [row["id"] for row in graph["nodes"]] == ["hello"]
        assert graph["regions"]


class TestSteps:
    def test_rows_name_their_scope_and_carry_small_values(self, editor, execution, root):
        container = StepFactory(region=root, node_id="each")
        inside = RegionFactory(
            execution=execution, name="each", kind="foreach", parent_id=root.id, step_id=container.id
        )
        deep = RegionFactory(
            execution=execution, name="@again", kind="loop", path=[["each", 4]], parent_id=inside.id
        )
        StepFactory(
            region=inside, node_id="charge", iteration=4, output_digest=payload(root.workspace_id, {"n": 1})
        )
        StepFactory(region=deep, node_id="again", iteration=2)
        StepFactory(region=root, node_id="internal", kind="settle")
        page = editor.get(at(execution, "/steps"))
        shapes.StepPage.model_validate(page)
        rows = {row["node_id"]: row for row in page["results"]}
        assert set(rows) == {"each", "charge", "again"}
        assert rows["each"]["path"] == []
        assert rows["charge"]["path"] == [{"region": "each", "iteration": 4}]
        assert rows["again"]["path"] == [
            {"region": "each", "iteration": 4},
            {"region": "@again", "iteration": 2},
        ]
        assert rows["charge"]["output"] == {"n": 1}
        narrowed = editor.get(at(execution, f"/steps?parent={container.id}"))["results"]
        assert [row["node_id"] for row in narrowed] == ["charge"]
        assert len(editor.get(at(execution, "/steps?node_id=again"))["results"]) == 1
        assert editor.get(at(execution, "/steps?status=failed"))["results"] == []

    def test_pages_of_steps_follow_each_other_also_for_skipped_ones(self, editor, execution, root):
        made = [StepFactory(region=root) for _ in range(5)]
        made += [StepFactory(region=root, state="skipped", ready_at=None) for _ in range(4)]
        for sort in ("ready_at", "-ready_at"):
            seen: list[str] = []
            cursor = ""
            while True:
                page = editor.get(at(execution, f"/steps?limit=2&sort={sort}{cursor}"))
                seen += [row["id"] for row in page["results"]]
                if page["next"] is None:
                    break
                cursor = f"&cursor={page['next']}"
            assert sorted(seen) == sorted(str(row.id) for row in made)

    def test_a_large_value_is_left_out_of_the_row_and_read_by_slice(self, editor, execution, root):
        value = {"rows": [{"n": number, "pad": "x" * 100} for number in range(1000)], "a/b": "é" * 50}
        step = StepFactory(region=root, output_digest=payload(root.workspace_id, value))
        row = editor.get(at(execution, f"/steps/{step.id}"))
        assert row["output"] is None
        assert row["truncated"] == ["output"]
        path = at(execution, f"/steps/{step.id}/value")
        part = editor.get(f"{path}?pointer=/rows&offset=990&limit=100")
        shapes.ValueSlice.model_validate(part)
        assert [item["n"] for item in part["value"]] == list(range(990, 1000))
        assert part["size"] == 1000
        assert part["next_offset"] is None
        bounded = editor.get(f"{path}?pointer=/rows&max_bytes=1000")
        assert bounded["truncated"]
        assert 0 < len(bounded["value"]) < 10
        assert bounded["next_offset"] == len(bounded["value"])
        assert editor.get(f"{path}?pointer=/rows/7/n")["value"] == 7
        assert editor.get(f"{path}?pointer=/a~1b&offset=1&limit=3")["value"] == "ééé"
        assert editor.get(f"{path}?pointer=/rows&limit=1&max_bytes=5")["value"] is None
        for nowhere in ("/nope", "rows", "/rows/1000", "/rows/-1", "/rows/x", "/a~1b/0"):
            editor.get(f"{path}?pointer={nowhere}", status=422)
        editor.get(f"{path}?side=input", status=404)

    def test_a_held_step_is_resolved(self, editor, execution, root):
        step = StepFactory(region=root, state="held", reason="outcome_unknown")
        editor.post(at(execution, f"/steps/{step.id}/resolve"), {"action": "retry", "output": 1}, status=422)
        editor.post(at(execution, f"/steps/{step.id}/resolve"), {"action": "ignore"}, status=400)


class TestWhy:
    def test_every_waiting_state_is_a_sentence(self, editor, execution, root):
        soon = datetime.now(UTC) + timedelta(minutes=5)
        StepFactory(region=root, node_id="a", state="held", reason="outcome_unknown")
        StepFactory(region=root, node_id="b", state="waiting", reason="signal:go")
        StepFactory(region=root, node_id="c", state="waiting", due_at=soon, due_kind="timer")
        StepFactory(
            region=root, node_id="d", state="retrying", due_at=soon, error={"class": "http_5xx"}, attempt=2
        )
        StepFactory(region=root, node_id="e", state="ready")
        StepFactory(region=root, node_id="f", state="running", worker="w1")
        asked = StepFactory(region=root, node_id="g", state="waiting")
        ApprovalFactory(step=asked, assignees=["role:editor"])
        parent = StepFactory(region=root, node_id="h", state="waiting")
        ExecutionFactory(of__workflow__workspace=editor.workspace, parent_step_id=parent.id)
        answer = editor.get(at(execution, "/why"))
        shapes.Why.model_validate(answer)
        sentences = {row["node_id"]: row["sentence"] for row in answer["waiting_for"]}
        assert set(sentences) == set("abcdefgh")
        assert "unknown" in sentences["a"]
        assert "go" in sentences["b"]
        assert "until" in sentences["c"]
        assert "http_5xx" in sentences["d"]
        assert "queue" in sentences["e"]
        assert "w1" in sentences["f"]
        assert "Large batch" in sentences["g"]
        assert "1 started workflow to end" in sentences["h"]
        assert answer["more"] == 0

    def test_an_execution_without_live_steps_says_so(self, editor, execution):
        assert "No step is live" in editor.get(at(execution, "/why"))["sentence"]


class TestJournal:
    def test_events_are_read_by_cursor_without_gap_or_repeat(self, editor, execution):
        for number in range(7):
            EventFactory(execution=execution, node_id=f"n{number}", path=[["each", 1]])
        first = editor.get(at(execution, "/events?limit=3"))
        frames.Events.model_validate(first)
        rest = editor.get(at(execution, f"/events?after={first['cursor']}"))
        assert rest["after"] == first["cursor"]
        names = [row["node_id"] for row in first["events"] + rest["events"]]
        assert names == [f"n{number}" for number in range(7)]
        cursors = [row["cursor"] for row in first["events"] + rest["events"]]
        assert cursors == sorted(cursors)
        assert len(set(cursors)) == 7
        end = editor.get(at(execution, f"/events?after={rest['cursor']}"))
        assert end["events"] == []
        assert end["cursor"] == rest["cursor"]
        assert first["events"][0]["path"] == [{"region": "each", "iteration": 1}]

    def test_the_journal_pages_backwards_without_gap_or_repetition(self, editor, execution):
        EventFactory.create_batch(7, execution=execution)
        whole = editor.get(at(execution, "/events"))["events"]
        page = editor.get(at(execution, "/events?before=ffffffffffff&limit=2"))
        found = page["events"]
        assert [event["cursor"] for event in found] == [event["cursor"] for event in whole[-2:]]
        while page["after"] != "000000000000":
            page = editor.get(at(execution, f"/events?before={found[0]['cursor']}&limit=2"))
            assert page["cursor"] == page["events"][-1]["cursor"]
            found = page["events"] + found
        assert found == whole
        first = whole[0]["cursor"]
        assert editor.get(at(execution, f"/events?before={first}"))["events"] == []
        refused = editor.get(at(execution, "/events?before=x"), status=422)
        assert refused["problems"][0]["pointer"] == "/before"

    @pytest.mark.parametrize("cursor", ["x", "5", "0" * 13, "-00000000001", "%00" * 12, "é" * 12])
    def test_a_text_that_is_no_cursor_is_refused(self, editor, execution, cursor):
        assert editor.call("GET", at(execution, f"/events?after={cursor}")).status_code in {400, 422}

    def test_a_snapshot_holds_state_counts_and_the_cursor(self, editor, execution, root):
        EventFactory.create_batch(3, execution=execution)
        done = datetime.now(UTC)
        for iteration in range(2):
            StepFactory(region=root, node_id="a", state="succeeded", iteration=iteration, finished_at=done)
        StepFactory(region=root, node_id="a", state="running", iteration=2)
        StepFactory(region=root, node_id="a", state="failed", superseded=True, iteration=9, finished_at=done)
        found = editor.get(at(execution, "/snapshot"))
        frames.Snapshot.model_validate(found)
        assert found["nodes"] == [{"node_id": "a", "counts": {"running": 1, "succeeded": 2}}]
        assert len(found["steps"]) == 4
        assert found["steps"][0]["status"] == "running"
        assert found["cursor"] == editor.get(at(execution, "/events"))["cursor"]
        assert Event.objects.filter(execution_id=execution.id, seq=None).count() == 0


class TestCommands:
    def test_signals_need_a_name(self, editor, execution):
        editor.post(at(execution, "/signal"), {"payload": 1}, status=400)
        editor.post(at(execution, "/signal"), {"name": "go", "signal_id": "x"}, status=400)


class TestApprovals:
    def test_those_put_to_me_are_listed_and_decided_once(self, editor, caller_of, root):
        mine = ApprovalFactory(step__region=root, assignees=[f"user:{editor.user.username}"])
        by_role = ApprovalFactory(step__region=root, assignees=["role:editor", "group:x"])
        anybody = ApprovalFactory(step__region=root)
        other = ApprovalFactory(step__region=root, assignees=["user:else"])
        page = editor.get("/approvals")
        shapes.ApprovalPage.model_validate(page)
        assert {row["id"] for row in page["results"]} == {str(row.id) for row in (mine, by_role, anybody)}
        assert len(editor.get("/approvals?mine=false")["results"]) == 4
        assert editor.get(f"/approvals/{other.id}")["can"]["decide"] == "This was put to others."
        editor.post(f"/approvals/{other.id}/decide", {"decision": "approve"}, status=403)
        editor.post(f"/approvals/{mine.id}/decide", {"decision": "perhaps"}, status=400)

    def test_pages_of_approvals_follow_each_other(self, editor, root):
        ApprovalFactory.create_batch(5, step__region=root)
        first = editor.get("/approvals?limit=3")
        second = editor.get(f"/approvals?limit=3&cursor={first['next']}")
        seen = {row["id"] for row in first["results"] + second["results"]}
        assert len(seen) == 5
        assert second["next"] is None


def test_node_types_come_with_schemas_and_an_etag(editor):
    response = editor.call("GET", "/node-types", status=200)
    names = {row["name"] for row in response.json()["results"]}
    assert {"transform", "condition", "foreach", "approval"} <= names
    assert editor.call("GET", "/node-types", If_None_Match=response["ETag"]).status_code == 304


def test_health_is_public(anybody, redis_url):
    assert anybody.get("/healthz") == {"status": "ok"}
    assert anybody.get("/readyz") == {"status": "ok", "database": "ok", "redis": "ok"}
    assert anybody.client.get("/readyz").json() == anybody.get("/readyz")


def test_an_unknown_execution_is_not_found(editor):
    for rest in ("", "/steps", "/events", "/snapshot", "/why", "/graph"):
        editor.get(f"/workflows/executions/{uuid.uuid4()}{rest}", status=404)
