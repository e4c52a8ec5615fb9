"""A claim that a ring carries: never believed from a stranger, never used against the row."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from fermata.engine import carried
from fermata.engine.carried import LONGEST, Carried
from fermata.engine.ledger import Ring
from fermata.engine.store import run
from fermata.machine.view import Claim
from tests.contracts.harness import World
from tests.contracts.postgres import Postgres
from tests.contracts.test_budgets import chain, trips
from tests.integration.engine.worlds import step, world
from workers.canvas import Sending
from workers.messages import MESSAGE_BYTES, template

pytestmark = pytest.mark.django_db(transaction=True)


def value(node: str, output: Any, **more: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": output}, **more}


def begun(second: Any = "{{ steps.a.output + 1 }}", first: Any = "{{ inputs.n }}", **more: Any) -> World:
    """`a` is done, `b` is rung."""
    document = {"nodes": [value("a", first), value("b", second)], "edges": [{"from": "a", "to": "b"}], **more}
    made = world(Postgres(), document, given={"n": 1})
    made.performer.perform(made.dispatcher.rings.popleft().step_id)
    return made


def opened(made: World, ring: Ring | None = None, by: Carried | None = None) -> Claim | None:
    """What the ring of `b` carries, as this process or another reads it."""
    ring = ring or made.dispatcher.rings[0]
    return (by or made.performer.parts.carried).opened(ring.execution_id, ring.step_id, ring.carried)


def test_a_step_whose_ring_carries_its_claim_makes_one_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    made = begun()
    ahead = opened(made)
    with trips(monkeypatch) as asked:
        assert made.performer.perform(made.dispatcher.rings[0].step_id, ahead=ahead).result == "recorded"
    assert asked == [("fermata_record", True)]
    assert step("b")[1] == "succeeded"


def test_what_it_says_is_what_asking_says() -> None:
    made = begun("{{ steps.a.output + inputs.n }}")
    known, asked = opened(made), made.ledger.claim(step("b")[0], worker="here")
    assert isinstance(known, Claim)
    assert known.steps == {"a": {"output": 1}}
    assert isinstance(asked, Claim)
    assert known == replace(asked, now=known.now, ahead=known.ahead)


@pytest.mark.parametrize(
    ("why", "document"),
    [
        (
            "a variable may be written in between",
            {"second": "{{ vars.x }}", "variables": {"x": {"default": 1}}},
        ),
        ("its message would be long", {"first": "x" * (LONGEST + 1)}),
        ("nothing says what it reads", {"second": "{{ inputs.n }}", "first": 1}),
    ],
)
def test_none_is_carried_when(why: str, document: dict[str, Any]) -> None:
    assert begun(**document).dispatcher.rings[0].carried is None, why


def test_none_is_carried_to_a_step_with_effects() -> None:
    task = {"id": "b", "type": "celery_task", "config": {"task": "t", "args": ["{{ steps.a.output }}"]}}
    document = {"nodes": [value("a", 1), task], "edges": [{"from": "a", "to": "b"}]}
    made = world(Postgres(), document, tasks={"b": [{"output": 2}]})
    made.performer.perform(made.dispatcher.rings.popleft().step_id)
    assert made.dispatcher.rings[0].carried is None


def test_only_a_process_with_the_same_key_reads_or_makes_one() -> None:
    made = begun()
    stranger = Carried(os.urandom(32))
    stranger.remember(made.ledger.claim(step("b")[0], worker="here"))
    assert opened(made, by=stranger) is None
    assert b"output" not in b64decode(made.dispatcher.rings[0].carried)


@pytest.mark.parametrize("place", [0, 15, -1])
def test_one_that_was_changed_is_no_claim(place: int) -> None:
    made = begun()
    ring = made.dispatcher.rings[0]
    changed = bytearray(b64decode(ring.carried))
    changed[place] ^= 1
    assert opened(made, replace(ring, carried=b64encode(changed).decode())) is None


@pytest.mark.parametrize("forged", ["", "x", "é", "=" * 40, "A" * 5000, 3, ["a"], {}])
def test_nor_is_anything_else(forged: Any) -> None:
    made = begun()
    assert opened(made, replace(made.dispatcher.rings[0], carried=forged)) is None


def test_one_of_another_step_or_execution_is_no_claim() -> None:
    made, other = begun(), begun()
    ring = made.dispatcher.rings[0]
    assert opened(made, replace(ring, step_id=step("a")[0])) is None
    assert opened(made, replace(ring, execution_id=other.execution_id)) is None


def test_a_process_that_never_claimed_there_asks() -> None:
    made = begun()
    newcomer = Carried(made.performer.parts.carried.key)
    assert opened(made, by=newcomer) is None
    newcomer.remember(made.ledger.claim(step("b")[0], worker="here"))
    assert opened(made, by=newcomer) is not None


def test_one_that_has_not_heard_from_postgresql_for_long_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = begun()
    monkeypatch.setattr(carried, "CLOCK_SECONDS", 0.0)
    assert opened(made) is None


def test_a_step_of_a_paused_execution_is_not_recorded_on_it_and_goes_on_after_the_pause() -> None:
    made = begun()
    ahead = opened(made)
    run(
        "UPDATE fermata_execution SET status = 'paused', paused_at = now() WHERE id = %s", [made.execution_id]
    )
    assert made.performer.perform(step("b")[0], ahead=ahead).result == "paused"
    [(state, rung)] = run("SELECT state, rung_at FROM fermata_step WHERE node_id = 'b'")
    assert (state, rung) == ("ready", None)


def test_a_debugged_execution_s_step_is_claimed_after_all() -> None:
    made = begun()
    ahead = opened(made)
    run("UPDATE fermata_execution SET debug = true WHERE id = %s", [made.execution_id])
    assert made.performer.perform(step("b")[0], ahead=ahead).result == "recorded"
    assert run("SELECT fence FROM fermata_step WHERE node_id = 'b'") == [(2,)], "it became RUNNING first"


def test_a_second_message_with_it_records_nothing() -> None:
    made = begun()
    ahead = opened(made)
    made.performer.perform(step("b")[0], ahead=ahead)
    assert made.performer.perform(step("b")[0], ahead=ahead).result == "stale"


def test_nobody_starts_before_being_ready_or_ends_before_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    for told in ("2001-01-01T00:00:00+00:00", "2101-01-01T00:00:00+00:00"):
        made = begun()
        ahead = opened(made)
        assert ahead is not None
        made.performer.perform(step("b")[0], ahead=replace(ahead, now=told))
        [fits] = run(
            "SELECT ready_at <= started_at AND started_at <= finished_at FROM fermata_step"
            " WHERE node_id = 'b' AND execution_id = %s",
            [made.execution_id],
        )
        assert fits == (True,)


def test_a_passage_carries_the_claims_of_the_next_one() -> None:
    loop = {"id": "l", "type": "while", "config": {"until": "{{ index >= 4 }}", "max_iterations": 9}}
    nodes = [
        loop,
        value("a", "{{ index == 0 ? 0 : previous.b.output }}", parent="l"),
        value("b", "{{ steps.a.output + 1 }}", parent="l"),
    ]
    made = world(Postgres(), {"nodes": nodes, "edges": [{"from": "a", "to": "b"}]})
    made._perform_all()
    assert made.ahead >= 7, "all but the first of each node, or nearly"
    assert run("SELECT status FROM fermata_execution WHERE id = %s", [made.execution_id]) == [("succeeded",)]


def test_no_message_is_longer_for_it_than_a_message_may_be() -> None:
    case = chain(3)
    for letters in range(0, 240, 7):
        made = World(replace(case, input={"n": "é" * letters}), Postgres())
        made.start()
        made.performer.perform(made.dispatcher.rings.popleft().step_id)
        ring = made.dispatcher.rings[0]
        alone = template(ring.queue).sent(Sending(replace(ring, queue="q" * 60)))
        assert len(alone) <= MESSAGE_BYTES
        assert ring.carried is None or len(ring.carried) <= LONGEST


def test_it_is_forgotten_what_was_not_used_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carried, "REMEMBERED", 2)
    made = begun()
    asked = made.ledger.claim(step("b")[0], worker="here")
    book = made.performer.parts.carried
    for _ in range(3):
        other = replace(asked.step, frames=[replace(asked.step.frames[0], id=str(uuid4()))])
        book.remember(replace(asked, step=other))
    assert opened(made) is None
