"""The ledger in PostgreSQL and the one in memory are one engine: the same documents, the same journals."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given

from tests.contracts.harness import Memory
from tests.contracts.journal import check, memory_events, memory_state, postgres_events, postgres_state
from tests.contracts.postgres import Postgres
from tests.properties.engine.running import SEEDS, WAYS, examples, unexplained, world
from tests.reference.documents import Sample, documents

pytestmark = pytest.mark.django_db
Row = dict[str, Any]
ONLY_THERE = {
    "worker", "started_at", "due_at", "version_id", "version", "started_by", "trigger", "parent_step_id",
    "resume", "old", "new", "live", "settled",
}  # fmt: skip


def told(events: list[Row]) -> list[Row]:
    """What both journals tell: payloads by value are not compared, nor who performed a step and when."""
    return sorted(
        (
            {
                **{name: event[name] for name in ("type", "step_id", "node_id", "attempt", "status", "rev")},
                "data": {
                    name: value
                    for name, value in (event["data"] or {}).items()
                    if value is not None and name not in ONLY_THERE
                },
            }
            for event in events
            if not event["type"].startswith(("Approval", "Signal"))
        ),
        key=lambda row: (
            row["type"],
            row["step_id"] or "",
            row["rev"] or 0,
            json.dumps(row["data"], sort_keys=True),
        ),
    )


@examples(25)
@given(documents(deterministic=True), WAYS)
def test_both_ledgers_journal_the_same_step_by_step_or_together(sample: Sample, dispatch: str) -> None:
    execution_id = str(uuid4())
    memory, postgres = Memory(), Postgres()
    world(sample, memory, execution_id=execution_id).run()
    world(sample, postgres, execution_id=execution_id, dispatch=dispatch).run()
    here, there = memory_events(memory, execution_id), postgres_events(execution_id)
    assert told(here) == told(there)
    check(there, postgres_state(execution_id))
    assert memory_state(memory, execution_id).status == postgres_state(execution_id).status


@examples(25)
@given(documents(deterministic=False), SEEDS, WAYS)
def test_it_does_what_some_order_does_and_its_journal_replays_to_its_tables(
    sample: Sample, seed: int, dispatch: str
) -> None:
    ledger = Postgres()
    running = world(sample, ledger, seed=seed, dispatch=dispatch)
    assert unexplained(sample, running.run()) == []
    check(postgres_events(running.execution_id), postgres_state(running.execution_id))
