"""Why an execution does not move: the engine reaches each waiting state, and the sentence says what is so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fermata.api import shapes
from fermata.coordination.lease import Leases
from fermata.engine import plans
from fermata.engine.dispatch import SilentDispatcher
from fermata.engine.models import Execution, Step
from fermata.engine.perform import Parts, Performer
from fermata.engine.store import PostgresLedger, run
from fermata.errors import ServerUnavailable
from fermata.nodes.catalogue import catalogue
from tests.factories import StepFactory
from tests.integration.api.test_whole import publish, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]


def document(*nodes: dict[str, Any], edges: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    return {
        "schema": "fermata/1",
        "name": "why",
        "nodes": list(nodes),
        "edges": [{"from": source, "to": target} for source, target in edges],
    }


def signal(node: str = "hear", **more: Any) -> dict[str, Any]:
    return {"id": node, "type": "signal", "config": {"name": "go", **more}}


def note(node: str, **more: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": node}, **more}


TASK = {"id": "charge", "type": "celery_task", "config": {"task": "shop.charge", "queue": "gpu"}}


def broken(*_: Any, **__: Any) -> None:
    """A task that fails."""
    raise ConnectionError("no route")


@pytest.fixture
def perform():
    """Perform what is ready until nothing is; tasks fail."""
    parts = Parts(
        ledger=PostgresLedger(),
        plans=plans,
        types=catalogue(),
        dispatcher=SilentDispatcher(),
        call_task=broken,
    )
    performer = Performer(parts, worker="w1")

    def until_rest(execution_id: str) -> None:
        for _ in range(50):
            ready = Step.objects.filter(execution_id=execution_id, state="ready")
            ids = list(ready.values_list("id", flat=True))
            for step_id in ids:
                performer.perform(str(step_id))
            if not ids:
                return

    return until_rest


@pytest.fixture
def why(editor):
    """The answer on an execution, checked against its shape."""

    def asked(execution_id: str) -> dict[str, Any]:
        answer = editor.get(f"/workflows/executions/{execution_id}/why")
        shapes.Why.model_validate(answer)
        return answer

    return asked


def only(answer: dict[str, Any]) -> dict[str, Any]:
    [row] = answer["waiting_for"]
    return row


def step_of(execution_id: str, node: str) -> Step:
    return Step.objects.get(execution_id=execution_id, node_id=node)


def sent(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class TestReady:
    def test_a_step_beyond_the_ring_window_counts_those_before_it(self, editor, why):
        execution = start(editor, document(note("a")))
        Step.objects.filter(execution_id=execution).update(rung_at=None, queue="slow", priority=5)
        assert "as soon as the queue has room" in only(why(execution))["sentence"]
        workflow = publish(editor, {**document(note("a")), "name": "others"})
        for priority in (1, 5, 9):
            other = editor.post(f"/workflows/{workflow}/executions", {}, status=202)["id"]
            moment = datetime.now(UTC) - timedelta(hours=1)
            Step.objects.filter(execution_id=other).update(
                rung_at=None, queue="slow", priority=priority, ready_at=moment
            )
        row = only(why(execution))
        assert row["reason"] == "queue"
        assert row["sentence"] == "It is ready and queues for slow: 2 others go first."

    def test_a_rung_step_waits_for_a_worker_of_its_queue(self, editor, why):
        execution = start(editor, document(TASK))
        assert step_of(execution, "charge").rung_at is not None
        row = only(why(execution))
        assert (row["reason"], row["status"]) == ("worker", "ready")
        assert "gpu" in row["sentence"]
        assert "gpu" in row["cure"]

    def test_a_step_that_a_worker_holds_is_under_way(self, editor, why):
        execution = start(editor, document(note("a")))
        step = step_of(execution, "a")
        Leases().acquire(str(step.id), token="t", ttl_seconds=30)
        assert only(why(execution))["reason"] == "running"
        Leases().release(str(step.id), token="t")
        assert only(why(execution))["reason"] == "worker"

    def test_a_paused_execution_says_so_for_each_step(self, editor, why, perform):
        execution = start(editor, document(note("a"), signal(), edges=()))
        Step.objects.filter(execution_id=execution, node_id="a").update(ready_at=datetime.now(UTC))
        perform_one = step_of(execution, "hear")
        Performer(
            Parts(ledger=PostgresLedger(), plans=plans, types=catalogue(), dispatcher=SilentDispatcher()),
            worker="w1",
        ).perform(str(perform_one.id))
        editor.post(f"/workflows/executions/{execution}/pause")
        answer = why(execution)
        assert answer["status"] == "paused"
        paused_at = Execution.objects.get(id=execution).paused_at
        assert paused_at is not None
        assert sent(paused_at) in answer["sentence"]
        rows = {row["node_id"]: row for row in answer["waiting_for"]}
        assert rows["a"]["reason"] == "pause"
        assert rows["a"]["cure"] == "Resume the execution."
        assert rows["hear"]["reason"] == "signal"
        assert "takes effect when it is resumed" in rows["hear"]["sentence"]
        perform(execution)
        assert step_of(execution, "a").state == "ready"
        editor.post(f"/workflows/executions/{execution}/resume")
        assert "paused" not in str(why(execution))


class TestRunning:
    @pytest.fixture
    def running(self, editor) -> str:
        """An execution whose unsafe step a worker has claimed, with its lease."""
        execution = start(editor, document(TASK))
        step = step_of(execution, "charge")
        Leases().acquire(str(step.id), token="t", ttl_seconds=30)
        PostgresLedger().claim(str(step.id), worker="w7")
        Step.objects.filter(id=step.id).update(started_at=datetime.now(UTC) - timedelta(hours=1))
        return execution

    def test_one_with_its_lease_is_performed_however_long_ago_it_began(self, running, why):
        row = only(why(running))
        assert (row["reason"], row["sentence"]) == ("running", "w7 is performing it.")

    def test_one_without_its_lease_has_lost_its_worker(self, running, why):
        step = step_of(running, "charge")
        Leases().release(str(step.id), token="t")
        row = only(why(running))
        assert row["reason"] == "worker_lost"
        assert "w7" in row["sentence"]
        Step.objects.filter(id=step.id).update(started_at=datetime.now(UTC))  # its lease may be on its way
        assert only(why(running))["reason"] == "running"

    def test_without_redis_nobody_is_called_lost(self, running, why, monkeypatch):
        def away(*_: Any) -> None:
            raise ServerUnavailable

        monkeypatch.setattr(Leases, "held", away)
        assert only(why(running))["reason"] == "running"

    def test_one_whose_effect_is_unknown_is_held_for_a_person(self, editor, running, why):
        step = step_of(running, "charge")
        Leases().release(str(step.id), token="t")
        run("SELECT fermata_lost(%s, %s, 'hold')", [step.id, step.fence])
        answer = why(running)
        assert answer["status"] == "waiting"
        row = only(answer)
        assert (row["reason"], row["status"]) == ("outcome_unknown", "held")
        assert "resolve" in row["cure"]
        address = f"/workflows/executions/{running}/steps/{row['step_id']}/resolve"
        editor.post(address, {"action": "retry"})
        assert only(why(running))["reason"] == "worker"


class TestWaiting:
    def test_a_timer_names_its_end(self, editor, why, perform):
        execution = start(editor, document({"id": "nap", "type": "wait", "config": {"for": "2h"}}))
        perform(execution)
        row = only(why(execution))
        due = step_of(execution, "nap").due_at
        assert due is not None
        assert (row["reason"], row["sentence"]) == ("timer", f"It waits until {sent(due)}.")

    def test_a_signal_is_named_and_sending_it_ends_the_waiting(self, editor, why, perform):
        execution = start(editor, document(signal(timeout="1h")))
        perform(execution)
        row = only(why(execution))
        assert row["reason"] == "signal"
        assert row["sentence"].startswith("It waits for the signal go, or until its time runs out at 2")
        editor.post(f"/workflows/executions/{execution}/signal", {"name": "go"}, status=202)
        perform(execution)
        assert why(execution)["sentence"] == "It has succeeded."

    def test_an_approval_names_who_is_asked_and_what_was_given(self, editor, caller_of, why, perform):
        asked = {"title": "Pay?", "assignees": ["role:editor"], "quorum": 2}
        execution = start(editor, document({"id": "ok", "type": "approval", "config": asked}))
        perform(execution)
        row = only(why(execution))
        assert row["reason"] == "approval"
        assert "“Pay?” by role:editor (0 of 2 given)" in row["sentence"]
        editor.post(f"/approvals/{row['approval_id']}/decide", {"decision": "approve"})
        assert "(1 of 2 given)" in only(why(execution))["sentence"]
        caller_of("editor").post(f"/approvals/{row['approval_id']}/decide", {"decision": "approve"})
        assert only(why(execution))["status"] == "ready"

    def test_a_child_is_named_with_its_status(self, editor, why, perform):
        child = {**document(signal()), "name": "child"}
        publish(editor, child)
        calls = {"id": "call", "type": "sub_workflow", "config": {"workflow": "child"}}
        execution = start(editor, document(calls))
        perform(execution)
        row = only(why(execution))
        assert row["sentence"] == "It waits for 1 started workflow to end."
        [below] = row["children"]
        assert Execution.objects.get(id=below["execution_id"]).parent_step_id == step_of(execution, "call").id

    def test_a_retry_names_what_went_wrong_and_when_it_is_tried_again(self, editor, why, perform):
        retry = {"max_attempts": 3, "initial": "1h", "max": "2h"}
        execution = start(editor, document({**TASK, "retry": retry}))
        perform(execution)
        step = step_of(execution, "charge")
        assert step.state == "retrying"
        assert step.due_at is not None
        row = only(why(execution))
        assert row["reason"] == "retry"
        assert step.error["class"] in row["sentence"]
        assert sent(step.due_at) in row["sentence"]

    def test_a_callback_is_waited_for_until_its_time_runs_out(self, editor, why):
        execution = start(editor, document(signal()))
        # no node type of today's awaits one without workers of its own
        due = datetime.now(UTC) + timedelta(hours=1)
        Step.objects.filter(execution_id=execution).update(state="waiting", reason="callback", due_at=due)
        row = only(why(execution))
        assert row["reason"] == "callback"
        assert sent(due) in row["sentence"]

    def test_a_container_tells_how_far_it_is(self, editor, why, perform):
        each = {"id": "each", "type": "foreach", "config": {"items": "{{ [1, 2, 3] }}", "concurrency": 2}}
        execution = start(editor, document(each, {**signal(), "parent": "each"}))
        perform(execution)
        rows = {row["node_id"]: row for row in why(execution)["waiting_for"]}
        assert rows["each"]["sentence"] == (
            "It waits for the steps inside it: 0 of 3 items have ended, 2 are under way."
        )
        editor.post(f"/workflows/executions/{execution}/signal", {"name": "go"}, status=202)
        perform(execution)
        rows = {row["node_id"]: row for row in why(execution)["waiting_for"]}
        assert ": 1 of 3 items have ended, 2 are under way." in rows["each"]["sentence"]

    def test_a_join_names_the_edges_that_are_missing(self, editor, why, perform):
        edges = (("a", "both"), ("hear", "both"), ("hear", "late"), ("late", "both"))
        execution = start(editor, document(note("a"), signal(), note("late"), note("both"), edges=edges))
        perform(execution)
        answer = why(execution)
        [join] = answer["joins"]
        assert join["node_id"] == "both"
        assert (join["settled"], join["total"]) == (1, 3)
        assert join["missing"] == [
            {"from": "hear", "port": "out", "status": "waiting"},
            {"from": "late", "port": "out", "status": None},
        ]
        assert "missing: hear.out (waiting), late.out (not started)" in join["sentence"]
        editor.post(f"/workflows/executions/{execution}/signal", {"name": "go"}, status=202)
        perform(execution)
        assert why(execution)["joins"] == []


class TestEnding:
    def test_a_scope_that_closes_says_why_and_its_steps_are_being_cancelled(self, editor, why, perform):
        execution = start(editor, document(signal(), signal("other")))
        perform(execution)
        editor.post(f"/workflows/executions/{execution}/cancel")
        answer = why(execution)
        assert answer["status"] == "cancelling"
        assert {row["reason"] for row in answer["waiting_for"]} == {"closing"}
        assert "the execution is being cancelled" in answer["waiting_for"][0]["sentence"]
        [scope] = answer["closing"]
        assert (scope["why"], scope["sentence"].split(",")[0]) == ("cancel", "The execution closes")
        perform(execution)
        answer = why(execution)
        assert (answer["status"], answer["waiting_for"], answer["closing"]) == ("cancelled", [], [])

    def test_one_hundred_steps_are_explained_and_the_others_counted(self, editor, why):
        execution = start(editor, document(note("a")))
        row = step_of(execution, "a")
        for number in range(105):
            StepFactory(
                execution_id=row.execution_id,
                workspace_id=row.workspace_id,
                region_id=row.region_id,
                node_id=f"n{number}",
                state="waiting",
                reason="signal:go",
            )
        answer = why(execution)
        assert len(answer["waiting_for"]) == 100
        assert answer["more"] == 6
