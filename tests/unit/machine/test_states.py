"""The tables of legal moves, and that the engine makes no other."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise, product

import pytest

from fermata.machine.states import (
    EXECUTION_FINAL,
    EXECUTION_MOVES,
    STEP_FINAL,
    STEP_LIVE,
    STEP_MOVES,
    diagram,
)
from tests.contracts.harness import Memory, World
from tests.reference.contract_cases import load_cases

TABLES = pytest.mark.parametrize("moves", [EXECUTION_MOVES, STEP_MOVES], ids=["execution", "step"])


@TABLES
def test_every_move_leads_to_a_state_of_the_table(moves: dict[str, tuple[str, ...]]) -> None:
    assert {target for targets in moves.values() for target in targets} <= moves.keys()


@TABLES
def test_a_final_state_can_be_reached_from_every_state(moves: dict[str, tuple[str, ...]]) -> None:
    final = {state for state, targets in moves.items() if not targets}
    for state in moves:
        seen, waiting = {state}, [state]
        while waiting:
            new = set(moves[waiting.pop()]) - seen
            seen |= new
            waiting += new
        assert seen & final, state


def test_a_step_is_live_or_final() -> None:
    assert STEP_MOVES.keys() == STEP_LIVE | STEP_FINAL
    assert not STEP_LIVE & STEP_FINAL
    assert {"ready", "running", "waiting", "held", "retrying"} == STEP_LIVE


def test_an_execution_ends_in_one_of_four_ways() -> None:
    assert {"succeeded", "failed", "cancelled", "timed_out"} == EXECUTION_FINAL


def test_the_diagram_has_every_move_and_every_end() -> None:
    drawn = diagram(STEP_MOVES).splitlines()
    assert drawn[0] == "stateDiagram-v2"
    moves = [f"    {state} --> {target}" for state, targets in STEP_MOVES.items() for target in targets]
    assert set(drawn[1:]) == {*moves, *(f"    {state} --> [*]" for state in STEP_FINAL)}


def test_the_hand_worked_cases_make_legal_moves_only_and_most_of_them() -> None:
    made: set[tuple[str, str]] = set()
    for case, seed in product(load_cases(), (1, 2, 3)):
        ledger = Memory()
        World(case, ledger, seed=seed).run()
        states: dict[str, list[str]] = defaultdict(list)
        for event in ledger.events:
            if event["type"].startswith("Step"):
                states[event["step_id"]].append(event["status"])
        for told in states.values():
            assert told[0] in {"ready", "skipped"}
            made |= set(pairwise(told))
    assert made <= {(state, target) for state, targets in STEP_MOVES.items() for target in targets}
    assert made >= {
        ("ready", "succeeded"), ("ready", "failed"), ("ready", "waiting"), ("ready", "cancelled"),
        ("ready", "running"), ("running", "succeeded"), ("running", "retrying"), ("retrying", "ready"),
        ("waiting", "ready"), ("waiting", "cancelled"),
    }  # fmt: skip
