"""Folding a journal: what it refuses, and that every place in it is a state."""

from __future__ import annotations

from typing import Any

import pytest

from fermata.errors import InvariantBroken, UnknownFormat
from fermata.machine.replay import State, apply, replay
from tests.contracts.harness import Memory, World
from tests.contracts.journal import differences, memory_events, memory_state
from tests.reference.contract_cases import load_cases

LONGEST = ("previous of an outer loop is seen from an inner one", "a loop inside an item of a foreach")
Row = dict[str, Any]


def journal_of(name: str) -> tuple[list[Row], State]:
    """A hand-worked case's journal and final state."""
    [case] = [case for case in load_cases() if case.name == name]
    ledger = Memory()
    world = World(case, ledger)
    world.run()
    return memory_events(ledger, world.execution_id), memory_state(ledger, world.execution_id)


@pytest.mark.parametrize("name", LONGEST)
def test_a_journal_folded_in_two_parts_gives_the_same_wherever_it_is_cut(name: str) -> None:
    events, final = journal_of(name)
    for cut in range(len(events)):
        assert differences(replay(events[cut:], replay(events[:cut])), final) == []


@pytest.mark.parametrize("name", LONGEST)
def test_no_event_that_moves_something_can_be_left_out_or_told_twice(name: str) -> None:
    events, final = journal_of(name)
    for at, event in enumerate(events):
        if not event["type"].startswith(("Step", "RegionOpened", "Execution")):
            continue
        for changed in (events[:at] + events[at + 1 :], events[: at + 1] + events[at:]):
            try:
                state = replay(changed)
            except (InvariantBroken, KeyError):
                continue
            assert differences(state, final) != [], (at, event["type"])


def test_a_prefix_shows_the_execution_as_it_was() -> None:
    events, _ = journal_of(LONGEST[0])
    state = replay(events[:3])
    assert state.status == "running"
    assert {step.state for step in state.steps.values()} == {"ready"}
    assert "root" in {region.kind for region in state.regions.values()}


def test_an_illegal_move_is_refused() -> None:
    events, _ = journal_of(LONGEST[0])
    state = replay(events)
    last = next(event for event in reversed(events) if event["type"] == "StepSucceeded")
    with pytest.raises(InvariantBroken, match="no legal move"):
        apply(state, {**last, "type": "StepReady", "status": "ready", "rev": last["rev"] + 1})


def test_a_gap_in_a_steps_revisions_is_refused() -> None:
    events, _ = journal_of(LONGEST[0])
    second = next(event for event in events if event["rev"] == 2)
    with pytest.raises(InvariantBroken, match="revision"):
        replay([*events[: events.index(second)], {**second, "rev": 3}])


def test_a_format_of_the_future_is_refused() -> None:
    with pytest.raises(UnknownFormat):
        replay([{"type": "ExecutionStarted", "status": "running", "data": {}, "format": 2}])
