"""Two records at once on PostgreSQL: one join, one region's end, one step; whoever comes second must lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from fermata.engine.perform import Performed
from fermata.engine.store import call, run
from fermata.machine.commands import Decision, Own
from fermata.machine.decide import decide, decide_row
from fermata.machine.outcomes import Fail, Failure
from tests.contracts.harness import World
from tests.contracts.journal import check, postgres_events, postgres_state
from tests.contracts.postgres import Postgres
from tests.reference.contract_cases import Case

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 100


def case(nodes: list[tuple[str, str, dict[str, Any]]], edges: list[tuple[str, str]]) -> Case:
    document = {
        "schema": "fermata/1",
        "name": "race",
        "nodes": [{"id": name, "type": kind, "config": config} for name, kind, config in nodes],
        "edges": [{"from": source, "to": target} for source, target in edges],
    }
    return Case(name="race", file="race", document=document, input={}, expect={})


def at_once(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """What both answer, each on a connection of its own, let go in the same moment."""
    gate = Barrier(2)

    def let_go(action: Callable[[], Any]) -> Any:
        try:
            run("SELECT 1")
            gate.wait()
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in (pool.submit(let_go, first), pool.submit(let_go, second))]


def ready(world: World) -> list[str]:
    """The READY steps' ids, by node."""
    rows = run(
        "SELECT id::text FROM fermata_step WHERE execution_id = %s AND state = 'ready' ORDER BY node_id",
        [world.execution_id],
    )
    return [row[0] for row in rows]


def raced(world: World, *, swapped: bool) -> list[Performed]:
    """Perform the two READY steps at once."""
    one, other = ready(world)[:: -1 if swapped else 1]
    perform = world.performer.perform
    return at_once(lambda: perform(one), lambda: perform(other))


VALUE = {"output": 1}


def test_two_records_that_meet_at_a_join_open_it_once_and_replay_in_either_order() -> None:
    meeting = case(
        [("a", "transform", VALUE), ("b", "transform", VALUE), ("j", "transform", VALUE)],
        [("a", "j"), ("b", "j")],
    )
    for number in range(ROUNDS):
        world = World(meeting, Postgres())
        world.start()
        results = raced(world, swapped=number % 2 == 1)
        assert [done.result for done in results] == ["recorded", "recorded"]
        [join] = ready(world)
        assert sum(ring.step_id == join for done in results for ring in done.rings) == 1
        assert world.performer.perform(join).result == "recorded"
        events = postgres_events(world.execution_id)
        assert [event["node_id"] for event in events if event["type"] == "JoinOpened"] == ["j"]
        check(events, postgres_state(world.execution_id))


def test_two_last_records_of_a_region_end_it_exactly_once() -> None:
    ending = case([("a", "transform", VALUE), ("b", "transform", VALUE)], [])
    for number in range(ROUNDS):
        world = World(ending, Postgres())
        world.start()
        results = raced(world, swapped=number % 2 == 1)
        assert [done.result for done in results] == ["recorded", "recorded"]
        state = postgres_state(world.execution_id)
        assert state.status == "succeeded"
        check(postgres_events(world.execution_id), state)


def test_two_failures_at_once_fail_the_execution_once() -> None:
    failing = case([("a", "fail", {"error": "boom"}), ("b", "fail", {"error": "bang"})], [])
    for number in range(ROUNDS // 4):
        world = World(failing, Postgres())
        world.start()
        raced(world, swapped=number % 2 == 1)
        for settle in ready(world):
            world.performer.perform(settle)
        state = postgres_state(world.execution_id)
        assert state.status == "failed"
        check(postgres_events(world.execution_id), state)


def test_of_two_settle_rows_of_one_scope_exactly_one_goes_on() -> None:
    failing = case([("a", "fail", {"error": "boom"}), ("w", "wait", {"for": "1h"})], [])
    for number in range(ROUNDS // 4):
        world = World(failing, Postgres())
        world.start()
        failed, waiting = ready(world)
        world.performer.perform(waiting)
        recorded = world.ledger.record(
            decide(
                world.plans.plan(world.plans.main),
                world.ledger.claim(failed, worker="test"),
                Fail(Failure("boom", "as asked")),
                lambda template, _: template,
            )
        )
        call("fermata_end", world.execution_id, "cancel", "test")
        assert len(recorded.rings) == 1
        claims = [
            world.ledger.claim(step, worker="test") for step in ready(world)[:: -1 if number % 2 else 1]
        ]
        assert len(claims) == 2
        for claim in claims:
            world.ledger.cancel_live(claim.step)
        plan = world.plans.plan(world.plans.main)
        results = [
            world.ledger.record(decide_row(plan, claim, lambda template, _: template)).result
            for claim in claims
        ]
        assert results == ["recorded", "stale"]
        state = postgres_state(world.execution_id)
        assert state.status in {"failed", "cancelled"}
        check(postgres_events(world.execution_id), state)


def test_a_record_behind_another_of_the_same_step_is_stale() -> None:
    alone = case([("a", "transform", VALUE)], [])
    for _ in range(ROUNDS // 4):
        world = World(alone, Postgres())
        world.start()
        [step] = ready(world)
        claim = world.ledger.claim(step, worker="test")

        def record(claim: Any = claim) -> str:
            own = Own(id=claim.step.id, fence=claim.step.fence, state="succeeded", output=1, has_output=True)
            return Postgres().record(Decision(own=own, stages=[])).result

        assert sorted(at_once(record, record)) == ["recorded", "stale"]


def test_a_record_with_an_older_fence_is_stale() -> None:
    world = World(case([("a", "transform", VALUE)], []), Postgres())
    world.start()
    [step] = ready(world)
    own = Own(id=step, fence=0, state="succeeded")
    assert world.ledger.record(Decision(own=own, stages=[])).result == "stale"
