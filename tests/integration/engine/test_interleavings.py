"""Interleavings that READ COMMITTED allows; each test states what must hold afterwards."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from fermata.engine import wire
from fermata.engine.ledger import Ending, Recorded
from fermata.engine.store import call, run
from fermata.machine.view import Claim, Refusal, StepView
from tests.integration.engine.worlds import Held, session, step, world

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "SELECT status FROM fermata_execution WHERE id = %s"


def test_a_region_opened_while_its_passage_is_cancelled_dies_with_the_passage() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "nodes": [
                {"id": "w", "type": "while", "config": {"until": "{{ index >= 1 }}"}},
                {"id": "c", "type": "continue", "parent": "w"},
                {"id": "f", "type": "foreach", "parent": "w", "config": {"items": [1]}},
                {"id": "t", "type": "transform", "parent": "f", "config": {"output": 1}},
            ],
        },
    )
    made.performer.perform(step("w")[0])
    ledger.hold = {"f"}
    made.performer.perform(step("f")[0])  # past its closing check, not yet committed
    ledger.commit_soon()
    made.performer.perform(step("c")[0])
    inner, state = step("t")
    assert run("SELECT passage FROM fermata_region WHERE name = 'w'") == [(1,)]
    assert state == "cancelled" or isinstance(ledger.claim(inner, worker="x"), Refusal)


def test_a_child_started_while_its_parent_is_cancelled_is_cancelled_too() -> None:
    ledger = Held()
    made = world(
        ledger,
        {"nodes": [{"id": "s", "type": "sub_workflow", "config": {"workflow": "slow"}}]},
        documents={"slow": {"nodes": [{"id": "p", "type": "wait", "config": {"for": "1h"}}]}},
    )
    ledger.hold = {"s"}
    made.performer.perform(step("s")[0])
    _, _, rings = ledger.end(made.execution_id, why="cancel", by="user:a")
    ledger.commit_soon()
    made.performer.perform(rings[0].step_id)
    [(parent,)] = run(ANSWER, [made.execution_id])
    [(child,)] = run("SELECT status FROM fermata_execution WHERE parent_step_id IS NOT NULL")
    assert not (parent == "cancelled" and child == "running")


class TwoSettlers(Held):
    """Another worker has claimed ``other`` before, and cancels right after this one did."""

    other = ""

    def cancel_live(self, step: StepView) -> Ending:
        left = super().cancel_live(step)
        if self.other:
            call("fermata_cancel_live", self.other, None, 500)
            self.other = ""
        return left


def test_two_reasons_to_leave_one_passage_do_not_cancel_each_other() -> None:
    ledger = TwoSettlers()
    made = world(
        ledger,
        {
            "nodes": [
                {"id": "w", "type": "while", "config": {"condition": "{{ true }}"}},
                {"id": "b", "type": "break", "parent": "w"},
                {"id": "x", "type": "fail", "parent": "w", "config": {"error": "boom"}},
                {"id": "p", "type": "wait", "parent": "w", "config": {"for": "1h"}},
            ],
        },
    )
    made.performer.perform(step("w")[0])
    made.performer.perform(step("p")[0])
    ledger.hold = {"b"}
    held = made.performer._perform_one(step("b")[0])
    ledger.other = next(ring.step_id for ring in held.rings if ring.kind == "settle")
    ledger.commit_soon()
    made.performer.perform(step("x")[0])  # waits for the region, then makes a settle row of its own
    settles = run("SELECT node_id, state FROM fermata_step WHERE kind = 'settle'")
    made.dispatcher.ring(held.rings)
    made._perform_all()
    ledger.advance()
    made._perform_all()
    [(status,)] = run(ANSWER, [made.execution_id])
    assert status != "running", settles
    assert len(settles) == 1, settles


def test_cancelling_beside_the_last_record_does_not_deadlock() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "nodes": [
                {"id": "a", "type": "transform", "config": {"output": 1}},
                {"id": "b", "type": "transform", "config": {"output": 1}},
            ],
        },
    )
    made.performer.perform(step("a")[0])
    told: list[Any] = []
    texts: list[str] = []

    def keep(decision: Any, **_: Any) -> Recorded:
        texts.append(wire.decision_text(decision))
        return Recorded("stale")

    ledger.record = keep  # type: ignore[method-assign]
    made.performer.perform(step("b")[0])
    gate = session()
    gate.execute("SELECT FROM fermata_execution WHERE id = %s FOR UPDATE", [made.execution_id])

    def work(query: str, *arguments: str) -> None:
        with session() as mine:
            try:
                told.append(mine.execute(query, arguments).fetchone())
            except psycopg.errors.DeadlockDetected as error:
                told.append(error)

    ending = threading.Thread(target=work, args=("SELECT fermata_end(%s, 'cancel', 'u')", made.execution_id))
    ending.start()
    threading.Event().wait(0.15)
    recording = threading.Thread(target=work, args=("SELECT fermata_record(%s)", texts[0]))
    recording.start()
    threading.Event().wait(0.15)
    gate.commit()
    gate.close()
    ending.join()
    recording.join()
    assert not [one for one in told if isinstance(one, Exception)]


def test_cancelling_beside_an_ending_item_does_not_deadlock() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "variables": {"v": 0},
            "nodes": [
                {"id": "f", "type": "foreach", "config": {"items": [1, 2], "concurrency": 2}},
                {"id": "t", "type": "set_variables", "parent": "f", "config": {"increment": {"v": 1}}},
            ],
        },
    )
    made.performer.perform(step("f")[0])
    texts: list[str] = []
    real = ledger.record

    def keep(decision: Any, **_: Any) -> Recorded:
        texts.append(wire.decision_text(decision))
        return Recorded("stale")

    rows = run("SELECT id::text FROM fermata_step WHERE node_id = 't' ORDER BY iteration")
    made.performer.perform(rows[0][0])
    ledger.record = keep  # type: ignore[method-assign]
    made.performer.perform(rows[1][0])
    ledger.record = real  # type: ignore[method-assign]
    _, _, rings = ledger.end(made.execution_id, why="cancel", by="u")
    run("UPDATE fermata_region SET state = 'open' WHERE kind = 'root'")  # as before the record's check
    told: list[Any] = []
    gate = session()
    gate.execute("SELECT FROM fermata_variable WHERE name = 'v' FOR UPDATE")

    def work(query: str, *arguments: str) -> None:
        with session() as mine:
            try:
                told.append(mine.execute(query, arguments).fetchone())
            except psycopg.errors.DeadlockDetected as error:
                told.append(error)

    recording = threading.Thread(target=work, args=("SELECT fermata_record(%s)", texts[0]))
    recording.start()
    threading.Event().wait(0.15)
    settling = threading.Thread(
        target=work, args=("SELECT fermata_cancel_live(%s, NULL, 500)", rings[0].step_id)
    )
    settling.start()
    threading.Event().wait(0.15)
    gate.commit()
    gate.close()
    recording.join()
    settling.join()
    assert not [one for one in told if isinstance(one, Exception)]


def test_an_exit_taken_while_a_break_settles_stays_live() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "variables": {"v": 0},
            "nodes": [
                {"id": "a", "type": "set_variables", "config": {"set": {"v": 1}}},
                {"id": "h", "type": "transform", "config": {"output": 1}},
                {"id": "r", "type": "set_variables", "config": {"increment": {"v": 1}}},
                {"id": "b", "type": "break"},
                {"id": "z", "type": "transform", "config": {"output": 1}},
            ],
            "edges": [
                {"from": "a", "to": "h"},
                {"from": "h", "to": "r"},
                {"from": "h", "to": "b"},
                {"from": "r", "to": "h", "when": "{{ false }}"},
                {"from": "r", "to": "z", "when": "{{ true }}"},
            ],
        },
    )
    made.performer.perform(step("a")[0])
    made.performer.perform(step("h")[0])
    real, texts = ledger.record, []

    def keep(decision: Any, **_: Any) -> Recorded:
        texts.append(wire.decision_text(decision))
        return Recorded("stale")

    ledger.record = keep  # type: ignore[method-assign]
    made.performer.perform(step("r")[0])
    ledger.record = real  # type: ignore[method-assign]
    gate = session()
    gate.execute("SELECT FROM fermata_variable WHERE name = 'v' FOR UPDATE")

    def work() -> None:
        with session() as mine:
            mine.execute("SELECT fermata_record(%s)", [texts[0]])

    recording = threading.Thread(target=work)
    recording.start()
    threading.Event().wait(0.15)  # past its closing check, waiting for the variable
    threading.Timer(0.3, gate.commit).start()
    made.performer.perform(step("b")[0])
    recording.join()
    made._perform_all()
    gate.close()
    assert step("r")[1] == "succeeded"
    assert step("z")[1] != "skipped"


class ChildEndsFirst(Held):
    """The child is final after the parent asked it to end and before the parent records that it waits."""

    made: Any = None

    def end_children(self, step_id: str) -> Ending:
        count = super().end_children(step_id)
        for (row,) in run("SELECT id::text FROM fermata_step WHERE kind = 'settle' AND state = 'ready'"):
            self.made.performer._perform_one(row)
        return count


def test_a_sub_workflow_whose_child_ends_while_it_times_out_goes_on() -> None:
    ledger = ChildEndsFirst()
    made = world(
        ledger,
        {"nodes": [{"id": "s", "type": "sub_workflow", "timeout": "1s", "config": {"workflow": "slow"}}]},
        documents={"slow": {"nodes": [{"id": "p", "type": "wait", "config": {"for": "1h"}}]}},
    )
    ledger.made = made
    made._perform_all()
    for _ in range(6):
        made._ring(ledger.advance())
        made._perform_all()
    rows = run("SELECT status FROM fermata_execution ORDER BY depth")
    assert rows[0][0] == "failed", (rows, step("s"))


def test_a_foreach_whose_last_look_lost_its_worker_still_answers() -> None:
    ledger = Held()
    made = world(
        ledger,
        {
            "nodes": [
                {"id": "f", "type": "foreach", "config": {"items": [1]}},
                {"id": "t", "type": "transform", "parent": "f", "config": {"output": 1}},
            ]
        },
    )
    made.performer.perform(step("f")[0])
    made.performer.perform(step("t")[0])
    container = step("f")[0]
    run("UPDATE fermata_step SET rings = 1 WHERE id = %s", [container])  # its ring was lost and sent again
    claim = ledger.claim(container, worker="dies")
    assert isinstance(claim, Claim)
    run("SELECT fermata_lost(%s, %s, 'retry')", [container, claim.step.fence])
    again = ledger.claim(container, worker="next")
    assert isinstance(again, Claim)
    assert again.result == claim.result
