"""From a document to its result, over HTTP, with the real engine performing beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fermata.api import frames, shapes
from fermata.engine import plans
from fermata.engine.dispatch import SilentDispatcher
from fermata.engine.models import Execution, Step
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.engine.store import PostgresLedger
from fermata.nodes.catalogue import catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

CHAIN = {
    "schema": "fermata/1",
    "name": "chain",
    "inputs": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
    "variables": {"factor": 10},
    "nodes": [
        {"id": "first", "type": "transform", "config": {"output": {"n": "{{ inputs.n + 1 }}"}}},
        {"id": "left", "type": "transform", "config": {"output": "{{ steps.first.output.n * vars.factor }}"}},
        {"id": "right", "type": "transform", "config": {"output": "r"}},
    ],
    "edges": [{"from": "first", "to": "left"}, {"from": "first", "to": "right"}],
}
APPROVAL = {
    "schema": "fermata/1",
    "name": "ask",
    "nodes": [
        {
            "id": "ok",
            "type": "approval",
            "config": {"title": "Pay?", "assignees": ["role:editor"], "quorum": 1},
        },
        {"id": "yes", "type": "transform", "config": {"output": "paid"}},
        {"id": "no", "type": "transform", "config": {"output": "not paid"}},
    ],
    "edges": [{"from": "ok.approved", "to": "yes"}, {"from": "ok.rejected", "to": "no"}],
}
SIGNAL = {
    "schema": "fermata/1",
    "name": "hear",
    "nodes": [{"id": "hear", "type": "signal", "config": {"name": "go"}}],
    "edges": [],
}


@pytest.fixture
def perform() -> Callable[[str], None]:
    """Perform every step of an execution that is ready, until none is."""
    parts = Parts(ledger=PostgresLedger(), plans=plans, types=catalogue(), dispatcher=SilentDispatcher())
    performer = Performer(parts, worker="test")

    def run(execution_id: str) -> None:
        for _ in range(50):
            ready = list(
                Step.objects.filter(execution_id=execution_id, state="ready").values_list("id", flat=True)
            )
            if not ready:
                return
            for step_id in ready:
                performer.perform(str(step_id))
        raise AssertionError("the execution does not come to rest")

    return run


def publish(caller, definition: dict[str, Any]) -> str:
    made = caller.post("/workflows", {"name": definition["name"], "definition": definition}, status=201)
    caller.post(f"/workflows/{made['id']}/publish", status=201)
    return made["id"]


def start(caller, definition: dict[str, Any], **body: Any) -> str:
    started = caller.post(f"/workflows/{publish(caller, definition)}/executions", body, status=202)
    return started["id"]


def test_a_workflow_runs_and_its_default_output_is_that_of_the_last_nodes(editor, perform):
    started = start(editor, CHAIN, input={"n": 4}, variables={"factor": 3})
    perform(started)
    read = editor.get(f"/workflows/executions/{started}")
    shapes.Execution.model_validate(read)
    assert read["status"] == "succeeded"
    assert read["output"] == {"left": 15, "right": "r"}
    assert read["input"] == {"n": 4}
    assert read["variables"] == {"factor": 3}
    rows = editor.get(f"/workflows/executions/{started}/steps")["results"]
    assert {row["node_id"]: row["output"] for row in rows} == {"first": {"n": 5}, "left": 15, "right": "r"}
    frames.Snapshot.model_validate(editor.get(f"/workflows/executions/{started}/snapshot"))
    events = editor.get(f"/workflows/executions/{started}/events")
    frames.Events.model_validate(events)
    assert events["events"][0]["type"] == "ExecutionStarted"
    assert len({row["cursor"] for row in events["events"]}) == len(events["events"]) > 3


def test_an_input_that_does_not_fit_starts_nothing(editor):
    workflow = publish(editor, CHAIN)
    refused = editor.post(f"/workflows/{workflow}/executions", {"input": {"n": "x"}}, status=422)
    assert refused["problems"][0]["pointer"] == "/input/n"
    editor.post(
        f"/workflows/{workflow}/executions", {"input": {"n": 1}, "variables": {"other": 1}}, status=422
    )
    editor.post(f"/workflows/{workflow}/executions", {"input": 5}, status=422)
    assert Execution.objects.count() == 0


def test_a_person_decides_once_and_the_execution_goes_on(editor, caller_of, perform):
    started = start(editor, APPROVAL)
    perform(started)
    assert editor.get(f"/workflows/executions/{started}")["status"] == "waiting"
    why = editor.get(f"/workflows/executions/{started}/why")
    shapes.Why.model_validate(why)
    assert "Pay?" in why["waiting_for"][0]["sentence"]
    [asked] = editor.get("/approvals")["results"]
    assert asked["can"]["decide"] is True
    assert why["waiting_for"][0]["approval_id"] == asked["id"]
    body = {"decision": "approve", "comment": "fine"}
    caller_of("operator").post(f"/approvals/{asked['id']}/decide", body, status=403)
    decided = editor.post(f"/approvals/{asked['id']}/decide", body)
    shapes.Approval.model_validate(decided)
    assert decided["status"] == "approved"
    assert decided["decisions"][0]["comment"] == "fine"
    late = caller_of("editor").post(f"/approvals/{asked['id']}/decide", {"decision": "reject"}, status=409)
    assert late["decision"]["decision"] == "approve"
    perform(started)
    assert editor.get(f"/workflows/executions/{started}")["output"] == {"yes": "paid"}
    assert editor.get("/approvals")["results"] == []
    assert (
        editor.get("/approvals?status=approved")["results"][0]["can"]["decide"] == "The approval is approved."
    )


def test_a_signal_is_heard(editor, perform):
    started = start(editor, SIGNAL)
    perform(started)
    assert "go" in editor.get(f"/workflows/executions/{started}/why")["waiting_for"][0]["sentence"]
    editor.post(f"/workflows/executions/{started}/signal", {"name": "go", "payload": {"x": 1}}, status=202)
    perform(started)
    read = editor.get(f"/workflows/executions/{started}")
    assert read["status"] == "succeeded"
    assert read["output"] == {"hear": {"payload": {"x": 1}}}
    refused = editor.post(f"/workflows/executions/{started}/signal", {"name": "go"}, status=409)
    assert refused["object_status"] == "succeeded"


def test_pause_resume_and_cancel(editor, perform):
    started = start(editor, CHAIN, input={"n": 1})
    path = f"/workflows/executions/{started}"
    assert editor.post(f"{path}/pause")["status"] in {"pausing", "paused"}
    assert editor.get(path)["can"]["resume"] is True
    assert editor.post(f"{path}/resume")["status"] == "running"
    editor.post(f"{path}/cancel")
    perform(started)
    assert editor.get(path)["status"] == "cancelled"
    for verb in ("pause", "resume", "cancel"):
        editor.post(f"{path}/{verb}", status=409)


def test_a_held_step_is_resolved_by_a_person(editor, perform):
    started = start(editor, SIGNAL)
    perform(started)
    step = Step.objects.get(execution_id=started, node_id="hear")
    path = f"/workflows/executions/{started}/steps/{step.id}/resolve"
    editor.post(path, {"action": "retry"}, status=409)
    Step.objects.filter(id=step.id).update(state="held", reason="outcome_unknown")
    resolved = editor.post(path, {"action": "succeed", "output": {"by": "hand"}})
    shapes.StepRow.model_validate(resolved)
    perform(started)
    assert editor.get(f"/workflows/executions/{started}")["output"] == {"hear": {"by": "hand"}}
