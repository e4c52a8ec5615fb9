"""Rules of engine.md that one process alone can show."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from fermata.coordination.epoch import Epoch
from fermata.coordination.lease import Leases
from fermata.engine import wire
from fermata.engine.context import idempotency_key
from fermata.engine.ledger import NewExecution
from fermata.engine.store import call, run
from fermata.machine.decide import begin
from fermata.machine.outcomes import Sleep
from fermata.machine.view import Claim, ExecutionView, Frame, StepView
from tests.contracts.harness import Memory
from tests.integration.engine.worlds import Held, step, world

ROW = (
    "INSERT INTO fermata_step (id, workspace_id, execution_id, node_id, kind, region_id, iteration, run,"
    " superseded, state, attempt, fence, losses, refusals, effect, queue, priority, ready_at, started_at,"
    " rung_at, rings, due_absolute, rev) SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
    " 'n', 'node', gen_random_uuid(), 0, 1, false, %s, 1, 1, 0, 0, 'pure', %s, 5, now(),"
    " now() - %s * interval '1 second', {rung}, 0, false, 1 FROM generate_series(1, %s)"
)


def test_the_key_stays_while_the_outcome_is_unknown() -> None:
    view = StepView("s", "n", "node", 1, 2, 5, "running", [Frame("r", "root", "root", 0)], refusals=1)
    claim = Claim(view, ExecutionView("e", "w", "f", "v", "running"), "2026-01-01T00:00:00Z")
    lost = replace(claim, step=replace(view, attempt=3, fence=7, losses=1))
    assert idempotency_key(claim) == idempotency_key(lost)


@pytest.mark.django_db
@pytest.mark.parametrize("rung", ["NULL", "now() - interval '1 minute'"])
def test_a_queue_nobody_serves_does_not_hide_another(rung: str) -> None:
    run(ROW.format(rung=rung), ["ready", "a", 0, 4200])
    run(ROW.format(rung=rung), ["ready", "b", 0, 3])
    run("ANALYZE fermata_step")
    assert "b" in call("fermata_backlog", 30.0, 200)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"set": {"v": "abc"}}, {"increment": {"v": 1}}),
        ({"set": {"v": []}}, {"append": {"v": "{{ inputs.nul }}"}}),
    ],
    ids=["increment a text", "append a NUL"],
)
def test_both_ledgers_write_a_variable_alike(first: Any, then: Any) -> None:
    document = {
        "variables": {"v": 0},
        "nodes": [
            {"id": "a", "type": "set_variables", "config": first},
            {"id": "b", "type": "set_variables", "config": then},
        ],
        "edges": [{"from": "a", "to": "b"}],
    }
    for ledger in (Memory(), Held()):
        made = world(ledger, document, given={"nul": "x\0y"})
        made._perform_all()
        status = ledger.account(made.execution_id, made.plans.plan(made.plans.main)).status
        assert status == "succeeded", type(ledger).__name__


@pytest.mark.django_db
def test_a_while_tried_again_is_read_from_its_last_try() -> None:
    document = {
        "variables": {"n": 0},
        "nodes": [
            {
                "id": "w",
                "type": "while",
                "retry": {"max_attempts": 2, "initial": "1s", "on": ["boom"]},
                "config": {"until": "{{ true }}"},
            },
            {"id": "i", "type": "set_variables", "parent": "w", "config": {"increment": {"n": 1}}},
            {"id": "t", "type": "transform", "parent": "w", "config": {"output": "{{ vars.n }}"}},
            {"id": "q", "type": "condition", "parent": "w", "config": {"when": "{{ vars.n < 2 }}"}},
            {"id": "x", "type": "fail", "parent": "w", "config": {"error": "boom"}},
            {"id": "z", "type": "transform", "config": {"output": "{{ steps.t.output }}"}},
        ],
        "edges": [
            {"from": "i", "to": "t"},
            {"from": "t", "to": "q"},
            {"from": "q.true", "to": "x"},
            {"from": "w", "to": "z"},
        ],
    }
    for ledger in (Memory(), Held()):
        made = world(ledger, document)
        made._perform_all()
        made._ring(ledger.advance())
        made._perform_all()
        found = ledger.account(made.execution_id, made.plans.plan(made.plans.main))
        assert found.steps[("z", ())].output == 2, type(ledger).__name__


@pytest.mark.django_db
def test_a_sub_workflow_tried_again_has_a_child_of_its_own() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "nodes": [
                {
                    "id": "s",
                    "type": "sub_workflow",
                    "retry": {"max_attempts": 2, "initial": "1s", "on": ["weak"]},
                    "config": {"workflow": "weak"},
                }
            ]
        },
        documents={"weak": {"nodes": [{"id": "x", "type": "fail", "config": {"error": "weak"}}]}},
    )
    made._perform_all()
    made._ring(ledger.advance())
    made._perform_all()
    assert step("s")[1] == "failed"
    assert run("SELECT count(*) FROM fermata_execution WHERE parent_step_id IS NOT NULL") == [(2,)]


@pytest.mark.django_db
def test_a_pausing_execution_does_not_reach_its_deadline() -> None:
    ledger = Held()
    made = world(ledger, {"nodes": [{"id": "a", "type": "wait", "config": {"for": "1h"}}]})
    call("fermata_pause", made.execution_id, "u")
    run("UPDATE fermata_execution SET deadline_at = now() - interval '1 second'")
    assert run("SELECT fermata_expired(10)::text[]") == [([],)]


@pytest.mark.django_db
def test_a_timer_set_while_pausing_is_shifted_by_the_rest_of_the_pause() -> None:
    ledger = Held()
    made = world(ledger, {"nodes": [{"id": "a", "type": "wait", "config": {"for": "10s"}}]})
    claim = ledger.claim(step("a")[0], worker="x")
    call("fermata_pause", made.execution_id, "u")
    run("UPDATE fermata_execution SET paused_at = now() - interval '1 hour'")  # paused an hour ago
    assert isinstance(claim, Claim)
    plan = made.plans.plan(made.plans.main)
    decision = made.performer.decide(plan, claim, Sleep(seconds=10), None)  # type: ignore[arg-type]
    made.performer._record(claim, decision)
    call("fermata_resume", made.execution_id, "u")
    [(left,)] = run("SELECT extract(epoch FROM due_at - now()) FROM fermata_step WHERE node_id = 'a'")
    assert float(left) < 60


def test_no_lease_counts_as_lost_when_the_server_was_away_longer_than_a_lease(valkey: Any) -> None:
    ttl = 0.3
    epoch, leases = Epoch(), Leases()
    epoch.read(ttl)
    leases.acquire("review-step", token="t", ttl_seconds=ttl)
    time.sleep(ttl)
    leases.acquire("review-step", token="t", ttl_seconds=ttl)
    valkey.stop()
    time.sleep(ttl)
    valkey.start()
    state = epoch.read(ttl)
    assert leases.held(["review-step"]) == {"review-step"} or not state.trustworthy


@pytest.mark.django_db
def test_a_start_sent_again_after_a_lost_commit_does_not_cancel_itself() -> None:
    made = world(Held(), {"nodes": [{"id": "a", "type": "wait", "config": {"for": "1h"}}]})
    identity = "00000000-0000-7000-8000-000000000001"
    plan = made.plans.plan(made.plans.main)
    text = wire.start_text(
        NewExecution(
            id=identity,
            workspace_id=identity,
            workflow_id=identity,
            version_id=made.plans.main,
            version=1,
            beginning=begin(plan, execution_id=identity, priority=5),
            input={},
            workflow_key="order-1",
            on_conflict="cancel_old",
        )
    )
    call("fermata_start", text)
    call("fermata_start", text)  # the connection broke in COMMIT; the statement is run again
    assert run("SELECT status FROM fermata_execution WHERE id = %s", [identity]) == [("running",)]


@pytest.mark.django_db
def test_a_sub_workflow_whose_last_look_lost_its_worker_still_answers() -> None:
    ledger = Held()
    made = world(
        ledger,
        {"nodes": [{"id": "s", "type": "sub_workflow", "config": {"workflow": "one"}}]},
        documents={"one": {"nodes": [{"id": "x", "type": "transform", "config": {"output": 1}}]}},
    )
    made.performer.perform(step("s")[0])
    made.performer.perform(step("x")[0])
    run("UPDATE fermata_step SET rings = 1 WHERE node_id = 's'")  # its ring was lost and sent again
    claim = ledger.claim(step("s")[0], worker="dies")
    assert isinstance(claim, Claim)
    run("SELECT fermata_lost(%s, %s, 'retry')", [claim.step.id, claim.step.fence])
    made.performer.perform(claim.step.id)
    assert step("s")[1] == "succeeded"
