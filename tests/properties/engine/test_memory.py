"""The engine in memory does what the reference interpreter says, in whatever order rings come."""

from __future__ import annotations

from hypothesis import given

from tests.contracts.harness import Memory
from tests.contracts.journal import check, memory_events, memory_state
from tests.properties.engine.running import SEEDS, WAYS, examples, unexplained, world
from tests.reference.documents import Sample, documents
from tests.reference.interpreter import agrees, interpret


@examples(60)
@given(documents(deterministic=True), WAYS)
def test_it_comes_to_the_references_result_when_rings_come_in_order(sample: Sample, dispatch: str) -> None:
    expected = interpret(sample.document, sample.input)
    assert agrees(expected, world(sample, Memory(), dispatch=dispatch).run()) == []


@examples(80)
@given(documents(deterministic=True), SEEDS, WAYS)
def test_it_comes_to_the_same_result_in_any_order_with_rings_doubled(
    sample: Sample, seed: int, dispatch: str
) -> None:
    expected = interpret(sample.document, sample.input)
    assert agrees(expected, world(sample, Memory(), seed=seed, dispatch=dispatch).run()) == []


@examples(80)
@given(documents(deterministic=False), SEEDS, WAYS)
def test_where_order_decides_it_does_what_some_order_does(sample: Sample, seed: int, dispatch: str) -> None:
    assert unexplained(sample, world(sample, Memory(), seed=seed, dispatch=dispatch).run()) == []


@examples(80)
@given(documents(deterministic=False), SEEDS, WAYS)
def test_the_journal_keeps_its_laws_and_replays_to_the_state(
    sample: Sample, seed: int, dispatch: str
) -> None:
    ledger = Memory()
    running = world(sample, ledger, seed=seed, dispatch=dispatch)
    running.run()
    events = memory_events(ledger, running.execution_id)
    check(events, memory_state(ledger, running.execution_id))
