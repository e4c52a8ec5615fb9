"""`dispatch: together`: the same rows and the same journal as step by step, at a fraction of the cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from fermata.engine import store
from fermata.engine import together as sessions
from fermata.engine.dispatch import MOST_TOGETHER
from fermata.engine.ledger import Recorded, Ring
from fermata.engine.store import call, run
from fermata.machine.together import Batch
from tests.contracts.harness import Memory, World, together
from tests.contracts.journal import check, memory_events, memory_state, postgres_events, postgres_state
from tests.contracts.postgres import Postgres
from tests.contracts.test_budgets import fan, trips
from tests.contracts.test_races import at_once
from tests.properties.engine.test_postgres import told
from tests.reference.contract_cases import Case

COLUMNS = (
    "id::text, node_id, kind, region_id::text, iteration, run, superseded, state, attempt, fence, losses,"
    " refusals, effect, queue, priority, lane, reads, sees, timeout_seconds, data::text, resume::text,"
    " input_digest, output_digest, port, error::text, handled_by, reason, due_at, due_kind, due_absolute,"
    " rings, rev, worker, ready_at IS NULL, started_at IS NULL, finished_at IS NULL"
)


def case(nodes: list[dict[str, Any]], edges: list[str], **more: Any) -> Case:
    """Edges as `a>b`."""
    document = {
        "schema": "fermata/1",
        "name": "together",
        "settings": {"dispatch": "together"},
        "nodes": nodes,
        "edges": [dict(zip(("from", "to"), edge.split(">"), strict=True)) for edge in edges],
    }
    return Case(name="t", file="t", document=document, input={"n": 1}, expect={}, **more)


def value(node: str, output: Any = "{{ inputs.n }}", **more: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": output}, **more}


def counting(length: int) -> Case:
    """A chain in which each node reads the one before."""
    nodes = [value("n0")] + [
        value(f"n{at}", f"{{{{ steps.n{at - 1}.output + 1 }}}}") for at in range(1, length)
    ]
    return case(nodes, [f"n{at}>n{at + 1}" for at in range(length - 1)])


def layers(width: int, depth: int) -> Case:
    """Layers in which each node joins three of the layer before."""
    nodes, edges = [], []
    for layer in range(depth):
        for at in range(width):
            parents = [(at + step) % width for step in (0, 1, 5)]
            read = " + ".join(f"steps.a{layer - 1}x{parent}.output" for parent in parents)
            nodes.append(value(f"a{layer}x{at}", f"{{{{ {read} }}}}" if layer else "{{ inputs.n }}"))
            edges += [f"a{layer - 1}x{parent}>a{layer}x{at}" for parent in parents] if layer else []
    return case(nodes, edges)


def each(given: Case) -> Case:
    """The same case, step by step."""
    return replace(given, document={**given.document, "settings": {"dispatch": "each"}})


class Windowed(World):
    """Only what has a place in the window is rung, as by the real dispatchers."""

    def _ring(self, rings: list[Ring]) -> None:
        super()._ring([ring for ring in rings if ring.rung])


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice so long that a slow machine changes no count."""
    monkeypatch.setattr(sessions, "SLICE_SECONDS", 600.0)


def steps_of(execution_id: str) -> list[tuple[Any, ...]]:
    return run(f"SELECT {COLUMNS} FROM fermata_step WHERE execution_id = %s ORDER BY id", [execution_id])


SHAPES = [counting(60), layers(12, 4), together(fan(40))]


@pytest.mark.django_db
@pytest.mark.parametrize("shape", SHAPES, ids=["chain", "layers", "fan"])
def test_leaves_the_rows_and_the_journal_that_single_records_leave(shape: Case) -> None:
    execution_id, found = str(uuid4()), []
    for way in (each(shape), shape):
        ledger = Postgres()
        assert World(way, ledger, execution_id=execution_id).run().status == "succeeded"
        events = postgres_events(execution_id)
        check(events, postgres_state(execution_id))
        arrivals = run(
            "SELECT owner_id::text, edge, live, passage, step_id::text FROM fermata_arrival"
            " WHERE execution_id = %s ORDER BY owner_id, edge", [execution_id],
        )  # fmt: skip
        joins = run(
            "SELECT id::text, node_id, total, need, eager, settled, live, state, opened_at IS NULL"
            " FROM fermata_join WHERE execution_id = %s ORDER BY id", [execution_id],
        )  # fmt: skip
        found.append((steps_of(execution_id), arrivals, joins, told(events)))
        for table in ("step", "region", "join", "arrival", "event"):
            run(f"DELETE FROM fermata_{table} WHERE execution_id = %s", [execution_id])
        run("DELETE FROM fermata_execution WHERE id = %s", [execution_id])
    assert found[0] == found[1]


@pytest.mark.usefixtures("unhurried")
@pytest.mark.django_db(transaction=True)
def test_a_chain_of_a_hundred_costs_ten_round_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(counting(100), Postgres())
    world.start()
    with trips(monkeypatch) as made:
        world._perform_all()
    assert [row[0] for row in run("SELECT status FROM fermata_execution")] == ["succeeded"]
    assert len(made) <= 10, made
    assert sum(wrote for _, wrote in made) <= 3, made


@pytest.mark.usefixtures("unhurried")
@pytest.mark.django_db(transaction=True)
def test_a_fan_of_a_thousand_costs_two_trips_for_twenty_five(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Windowed(together(fan(1000)), Postgres())
    world.start()
    with trips(monkeypatch) as made:
        world._perform_all()
    assert [row[0] for row in run("SELECT status FROM fermata_execution")] == ["succeeded"]
    assert len(made) <= 2 * 1000 / MOST_TOGETHER + 10


@pytest.mark.usefixtures("unhurried")
@pytest.mark.django_db(transaction=True)
def test_a_batch_costs_the_same_in_an_execution_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = []
    for length in (60, 200, 1000):
        world = World(counting(length), Postgres())
        world.start()
        ring = world.dispatcher.rings.popleft()
        with trips(monkeypatch) as made:
            world.performer.perform(ring.step_id, ring.also)
        costs.append(made)
    assert costs[0] == costs[1] == costs[2]
    assert [function for function, _ in costs[0]] == ["fermata_claim_many", "fermata_record_many"]


class Meddling(Postgres):
    """Does something between the claim and the record of a batch."""

    meddle: Callable[[Batch], None] = staticmethod(lambda _: None)
    answers: list[str]

    def __init__(self) -> None:
        self.answers = []

    def record_many(self, batch: Batch) -> Recorded:
        """Meddle, then record."""
        self.meddle(batch)
        recorded = super().record_many(batch)
        self.answers.append(recorded.result)
        return recorded


@pytest.mark.django_db
def test_nobody_follows_a_step_that_somebody_else_recorded_first() -> None:
    ledger = Meddling()
    world = World(counting(5), ledger)
    world.start()

    def first(batch: Batch) -> None:
        ledger.meddle = lambda _: None  # type: ignore[method-assign]
        world.performer.look_at(batch.roots[0].own.id)

    ledger.meddle = first  # type: ignore[method-assign]
    world._perform_all()
    assert ledger.answers[0] == "alone"
    states = run("SELECT node_id, state, rev FROM fermata_step ORDER BY node_id")
    assert states == [(f"n{at}", "succeeded", 2) for at in range(5)]
    check(postgres_events(world.execution_id), postgres_state(world.execution_id))


@pytest.mark.django_db
def test_a_batch_in_which_one_step_is_stale_records_the_others_one_by_one() -> None:
    ledger = Meddling()
    world = World(case([value(name) for name in "abc"], []), ledger)
    world.start()
    ledger.meddle = lambda _: run(  # type: ignore[method-assign]
        "UPDATE fermata_step SET state = 'running', fence = fence + 1, rev = rev + 1 WHERE node_id = 'b'"
    )
    ring = world.dispatcher.rings.popleft()
    assert len(ring.also or ()) == 2
    world.performer.perform(ring.step_id, ring.also)
    assert ledger.answers == ["alone"]
    states = run("SELECT node_id, state FROM fermata_step ORDER BY node_id")
    assert states == [("a", "succeeded"), ("b", "running"), ("c", "succeeded")]


@pytest.mark.django_db
def test_a_pause_that_comes_before_the_record_stops_the_followers() -> None:
    ledger = Meddling()
    world = World(counting(5), ledger)
    world.start()
    ledger.meddle = lambda _: call("fermata_pause", world.execution_id, "u")  # type: ignore[method-assign]
    world._perform_all()
    states = run("SELECT node_id, state, rung_at IS NULL FROM fermata_step ORDER BY node_id")
    assert states == [("n0", "succeeded", False), ("n1", "ready", True)]
    call("fermata_resume", world.execution_id, "u")
    ledger.meddle = lambda _: None  # type: ignore[method-assign]
    world._ring(ledger.advance())
    world._perform_all()
    assert postgres_state(world.execution_id).status == "succeeded"
    check(postgres_events(world.execution_id), postgres_state(world.execution_id))


@pytest.mark.django_db
def test_a_cancel_that_comes_before_the_record_cancels_the_batch() -> None:
    ledger = Meddling()
    world = World(counting(5), ledger)
    world.start()
    ledger.meddle = lambda _: world._ring(ledger.end(world.execution_id, why="cancel", by="u")[2])  # type: ignore[method-assign]
    world._perform_all()
    assert run("SELECT node_id, state FROM fermata_step WHERE kind = 'node'") == [("n0", "cancelled")]
    state = postgres_state(world.execution_id)
    assert state.status == "cancelled"
    check(postgres_events(world.execution_id), state)


@pytest.mark.django_db
def test_a_step_rung_again_is_claimed_and_recorded_alone() -> None:
    ledger = Meddling()
    world = World(case([value(name) for name in "abc"], []), ledger)
    world.start()
    run("UPDATE fermata_step SET rings = 1 WHERE node_id = 'b'")
    world._perform_all()
    rows = run("SELECT node_id, state, fence, attempt FROM fermata_step ORDER BY node_id")
    assert rows == [("a", "succeeded", 1, 1), ("b", "succeeded", 2, 1), ("c", "succeeded", 1, 1)]
    started = "SELECT node_id FROM fermata_event WHERE type = 'StepStarted'"
    assert run(started) == [("b",)]


@pytest.mark.django_db
def test_a_failing_follower_is_performed_again_by_itself() -> None:
    nodes = [value("a"), value("b", "{{ steps.a.output + 'x' }}"), value("c", 3)]
    world = World(case(nodes, ["a>b", "b.error>c"]), Postgres())
    assert world.run().status == "succeeded"
    rows = run("SELECT node_id, state, attempt, handled_by FROM fermata_step ORDER BY node_id")
    assert rows == [("a", "succeeded", 1, None), ("b", "failed", 1, "error"), ("c", "succeeded", 1, None)]


def test_what_is_left_when_the_slice_is_over_goes_back_to_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SLICE_SECONDS", 0.0)
    ledger = Memory()
    world = World(together(fan(10)), ledger)
    world.start()
    ring = world.dispatcher.rings.popleft()
    world.performer.perform(ring.step_id, ring.also)
    done = [row["id"] for row in ledger.steps.values() if row["state"] == "succeeded"]
    assert done == [ring.step_id]
    rung = {step for left in world.dispatcher.rings for step in (left.step_id, *(left.also or ()))}
    assert rung == {row["id"] for row in ledger.steps.values() if row["state"] == "ready"}
    world._perform_all()
    assert ledger.account(world.execution_id, world.plans.plan(world.plans.main)).status == "succeeded"


@pytest.mark.usefixtures("unhurried")
def test_a_message_ends_after_fifty_steps() -> None:
    ledger = Memory()
    world = World(counting(120), ledger)
    world.start()
    counts = []
    while world.dispatcher.rings:
        ring = world.dispatcher.rings.popleft()
        world.performer.perform(ring.step_id, ring.also)
        counts.append(sum(row["state"] == "succeeded" for row in ledger.steps.values()))
    assert counts == [50, 100, 120]
    check(memory_events(ledger, world.execution_id), memory_state(ledger, world.execution_id))


def test_a_teams_step_has_a_session_only_where_something_may_follow_in_place() -> None:
    def called(node: str) -> dict[str, Any]:
        return {"id": node, "type": "celery_task", "config": {"task": "team.work", "effect": "pure"}}

    nodes = [called("a"), called("b"), value("c", "{{ steps.b.output + 1 }}")]
    given = case(nodes, ["a>b", "b>c"], tasks={"a": [{"output": 1}], "b": [{"output": 2}]})
    ledger = Memory()
    world = World(given, ledger)
    world.start()
    sent = []
    while world.dispatcher.rings:
        ring = world.dispatcher.rings.popleft()
        sent.append((ring.node_id, ring.also))
        world.performer.perform(ring.step_id, ring.also, ahead=world._ahead(ring))
    assert sent == [("a", None), ("b", ())]
    assert world.ledger.account(world.execution_id, world.plans.plan(world.plans.main)).status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_two_batches_that_meet_at_many_joins_open_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRIES", 1)  # a deadlock, which PostgreSQL ends, is no longer tried again
    for number in range(25):
        world = World(layers(20, 2), Postgres())
        world.start()
        rings = [world.dispatcher.rings.popleft() for _ in range(2)]
        assert not world.dispatcher.rings
        one, other = (
            partial(world.performer.perform, ring.step_id, ring.also)
            for ring in rings[:: -1 if number % 2 else 1]
        )
        at_once(one, other)
        world._perform_all()
        state = postgres_state(world.execution_id)
        assert state.status == "succeeded"
        check(postgres_events(world.execution_id), state)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.django_db
def test_rows_beyond_the_window_take_the_places_that_a_batch_frees() -> None:
    world = World(together(fan(60)), Postgres())
    world.start()
    ring = world.dispatcher.rings.popleft()
    batch = [ring.step_id, *(ring.also or ())]
    run(
        "UPDATE fermata_step SET rung_at = NULL WHERE id IN (SELECT id FROM fermata_step"
        " WHERE NOT id = ANY (%s::uuid[]) ORDER BY id LIMIT 30)",
        [batch],
    )
    rung = "SELECT count(*) FROM fermata_step WHERE state = 'ready' AND rung_at IS NOT NULL"
    before = run(rung)
    world.dispatcher.rings.clear()
    world.performer.perform(ring.step_id, ring.also)
    assert run(rung) == before
    assert [len(sent.also or ()) + 1 for sent in world.dispatcher.rings] == [len(batch)]
