"""What a step may cost, counted in transactions and round trips; none of it grows with the execution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from fermata.engine import store
from fermata.engine.store import call, run
from tests.contracts.harness import Memory, World
from tests.contracts.journal import check, memory_events, memory_state, postgres_events, postgres_state
from tests.contracts.postgres import Postgres
from tests.reference.contract_cases import Case

VALUE = {"output": "{{ inputs.n }}"}
Trip = tuple[str, bool]


def chain(length: int, *, kind: str = "transform", tasks: Any = None) -> Case:
    """``length`` nodes in a row; the first of ``kind``."""
    config = {"task": "team.work", "effect": "idempotent"} if kind == "celery_task" else VALUE
    nodes = [{"id": "n0", "type": kind, "config": config}]
    nodes += [{"id": f"n{at}", "type": "transform", "config": VALUE} for at in range(1, length)]
    edges = [{"from": f"n{at}", "to": f"n{at + 1}"} for at in range(length - 1)]
    document = {"schema": "fermata/1", "name": "chain", "nodes": nodes, "edges": edges}
    return Case(name="c", file="c", document=document, input={"n": 1}, expect={}, tasks=tasks or {})


def fan(width: int) -> Case:
    """``width`` nodes that meet in one join."""
    nodes = [{"id": f"n{at}", "type": "transform", "config": VALUE} for at in range(width)]
    nodes.append({"id": "j", "type": "transform", "config": VALUE})
    edges = [{"from": f"n{at}", "to": "j"} for at in range(width)]
    document = {"schema": "fermata/1", "name": "fan", "nodes": nodes, "edges": edges}
    return Case(name="f", file="f", document=document, input={"n": 1}, expect={})


@contextmanager
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Trip]]:
    """(statement, whether its transaction wrote) of every round trip inside."""
    made: list[Trip] = []

    def counting(ask: Any) -> Any:
        def counted(query: str, *arguments: Any, **more: Any) -> Any:
            with monkeypatch.context() as nested, transaction.atomic():
                nested.setattr(store, "run", run)  # a call within a transaction is made by it
                answer = ask(query, *arguments, **more)
                [(wrote,)] = run("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            made.append((query, wrote))
            return answer

        return counted

    with monkeypatch.context() as patched:
        patched.setattr(store, "run", counting(run))
        patched.setattr(store, "call", counting(call))
        yield made


def first_step(world: World) -> str:
    [(step,)] = run(
        "SELECT id::text FROM fermata_step WHERE execution_id = %s AND state = 'ready'", [world.execution_id]
    )
    return str(step)


def performed(case: Case, monkeypatch: pytest.MonkeyPatch) -> list[Trip]:
    """The round trips of performing the execution's first step."""
    world = World(case, Postgres())
    world.start()
    step = first_step(world)
    with trips(monkeypatch) as made:
        assert world.performer.perform(step).result == "recorded"
    return made


@pytest.mark.django_db(transaction=True)
def test_a_pure_step_costs_one_writing_transaction_and_two_round_trips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = performed(chain(3), monkeypatch)
    assert made == [
        ("fermata_claim", False),
        ("fermata_record", True),
    ]


@pytest.mark.django_db(transaction=True)
def test_an_effectful_step_costs_two_writing_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    case = chain(3, kind="celery_task", tasks={"n0": [{"output": 1}]})
    made = performed(case, monkeypatch)
    assert made == [
        ("fermata_claim", True),
        ("fermata_record", True),
    ]


@pytest.mark.django_db(transaction=True)
def test_the_cost_does_not_grow_with_the_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = [performed(chain(length), monkeypatch) for length in (10, 100, 1000)]
    assert costs[0] == costs[1] == costs[2]


def test_a_decision_is_as_large_in_an_execution_of_ten_nodes_as_of_a_thousand() -> None:
    sizes = []
    for length in (10, 100, 1000):
        ledger = Recording()
        world = World(chain(length), ledger)
        world.start()
        world.performer.perform(next(iter(ledger.steps)))
        sizes.append(ledger.written)
    assert sizes[0] == sizes[1] == sizes[2]
    assert sizes[0] == [("succeeded", 1, 1)]


def layers(depth: int, width: int) -> Case:
    """``depth`` layers; every node has all nodes of the layer before as its parents."""
    nodes = [
        {"id": f"n{at}_{by}", "type": "transform", "config": VALUE}
        for at in range(depth)
        for by in range(width)
    ]
    edges = [
        {"from": f"n{at}_{by}", "to": f"n{at + 1}_{to}"}
        for at in range(depth - 1)
        for by in range(width)
        for to in range(width)
    ]
    document = {"schema": "fermata/1", "name": "layers", "nodes": nodes, "edges": edges}
    return Case(name="l", file="l", document=document, input={"n": 1}, expect={})


def looping(passages: int) -> Case:
    """A loop of two nodes that reads the passage before."""
    before = {"output": "{{ index == 0 ? 0 : previous.b.output }}"}
    nodes = [
        {"id": "loop", "type": "while", "config": {"until": f"{{{{ index >= {passages - 1} }}}}"}},
        {"id": "a", "type": "transform", "parent": "loop", "config": before},
        {"id": "b", "type": "transform", "parent": "loop", "config": {"output": "{{ steps.a.output + 1 }}"}},
    ]
    document = {"schema": "fermata/1", "name": "loop", "nodes": nodes, "edges": [{"from": "a", "to": "b"}]}
    return Case(name="w", file="w", document=document, input={"n": 1}, expect={})


@pytest.mark.parametrize(
    ("first", "then"), [(layers(2, 2), layers(3, 5)), (looping(2), looping(3))], ids=["layers", "loop"]
)
@pytest.mark.django_db
def test_no_plan_made_when_the_tables_were_small_reads_them_from_end_to_end(
    first: Case, then: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert World(first, Postgres()).run().status == "succeeded"
    run("ANALYZE")
    run("DISCARD PLANS")  # the plans of this connection are made from now on, for tables of a few rows
    whole: dict[str, set[str]] = {}

    def scans() -> dict[str, int]:
        return dict(
            run("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname LIKE 'fermata_%%'")
        )

    def looked(query: str, *arguments: Any, **more: Any) -> Any:
        before = scans()
        answer = call(query, *arguments, **more)
        read = {table for table, count in scans().items() if count != before[table]}
        if read:
            whole.setdefault(query, set()).update(read)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(store, "call", looked)
        assert World(then, Postgres()).run().status == "succeeded"
    assert whole == {}


class Recording(Memory):
    """Remembers how much each decision writes: (own state, stages, rows)."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[str, int, int]] = []

    def record(self, decision: Any, *, meanwhile: Any = None) -> Any:
        """Count, then record."""
        rows = sum(len(stage.steps) + len(stage.regions) + len(stage.arrivals) for stage in decision.stages)
        self.written.append((decision.own.state, len(decision.stages), rows))
        return super().record(decision, meanwhile=meanwhile)


def test_a_join_of_a_thousand_opens_once_in_memory() -> None:
    ledger = Memory()
    world = World(fan(1000), ledger, seed=1)
    assert world.run().status == "succeeded"
    events = memory_events(ledger, world.execution_id)
    assert sum(event["type"] == "JoinOpened" for event in events) == 1
    check(events, memory_state(ledger, world.execution_id))
    [join] = ledger.joins.values()
    assert (join["settled"], join["live"]) == (1000, 1000)


@pytest.mark.django_db
def test_a_join_of_a_thousand_opens_once_in_postgresql() -> None:
    world = World(fan(1000), Postgres(), seed=1)
    assert world.run().status == "succeeded"
    events = postgres_events(world.execution_id)
    assert sum(event["type"] == "JoinOpened" for event in events) == 1
    check(events, postgres_state(world.execution_id))
    assert run("SELECT settled, live FROM fermata_join WHERE execution_id = %s", [world.execution_id]) == [
        (1000, 1000)
    ]
