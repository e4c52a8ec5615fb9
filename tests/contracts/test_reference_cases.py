"""Every hand-worked case, on every ledger, in several orders of delivery; and what its journal says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.harness import Memory, World, together
from tests.contracts.journal import check, memory_events, memory_state, postgres_events, postgres_state
from tests.contracts.postgres import Postgres
from tests.reference.contract_cases import FOLDER, Case, differences, load_cases

CASES = load_cases(FOLDER, Path(__file__).parent / "cases")
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")


both_ways = pytest.mark.parametrize("way", [pytest.param(lambda case: case, id="each"), together])


@pytest.mark.parametrize("seed", [None, 1, 2])
@both_ways
@every_case
def test_the_ledger_in_memory_does_as_worked_by_hand(
    case: Case, way: Callable[[Case], Case], seed: int | None
) -> None:
    case, ledger = way(case), Memory()
    world = World(case, ledger, seed=seed)
    assert differences(case, world.run()) == []
    for execution_id in ledger.executions:
        check(memory_events(ledger, execution_id), memory_state(ledger, execution_id))


@pytest.mark.django_db
@both_ways
@every_case
def test_the_ledger_in_postgresql_does_as_worked_by_hand(case: Case, way: Callable[[Case], Case]) -> None:
    case, ledger = way(case), Postgres()
    world = World(case, ledger, seed=3)
    assert differences(case, world.run()) == []
    for execution_id in ledger.executions():
        check(postgres_events(execution_id), postgres_state(execution_id))
