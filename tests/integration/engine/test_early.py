"""A ring that leaves before its record is kept: who takes it waits for the row, and believes no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fermata.engine import early, perform, wire
from fermata.engine.early import Early
from fermata.engine.ledger import Recorded
from fermata.engine.parts import FreeHand
from fermata.engine.store import PostgresLedger, run
from fermata.machine.commands import Decision
from fermata.machine.view import Claim
from tests.contracts.harness import World
from tests.contracts.postgres import Postgres
from tests.integration.engine.worlds import Held, session, step, world

pytestmark = pytest.mark.django_db(transaction=True)

ROOM = {"default": 200}


def value(node: str, output: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": output}}


def team(node: str, effect: str = "pure") -> dict[str, Any]:
    return {"id": node, "type": "celery_task", "config": {"task": "team.work", "effect": effect}}


class Open(Held):
    """Held records tell what follows them while they are open, as those that are kept do."""

    def record(self, decision: Decision, *, meanwhile: Any = None) -> Recorded:
        rows = run("SELECT node_id FROM fermata_step WHERE id = %s", [decision.own.id])
        if not {node for (node,) in rows} & self.hold:
            return PostgresLedger.record(self, decision, meanwhile=meanwhile)
        text, held = wire.decision_text(decision), session()
        answer = held.execute("SELECT fermata_record(%s)", [text]).fetchone()
        assert answer is not None
        self.open.append(held)
        meanwhile(decision.own.output)
        return wire.recorded(answer[0])

    def lose(self) -> None:
        """What is held was never written."""
        held = self.open.pop()
        held.rollback()
        held.close()


class Hand(FreeHand):
    """Counts what it sends early."""

    def __init__(self) -> None:
        self.early = 0

    def send(self, ring: Callable[[Any], None]) -> bool:
        self.early += 1
        return super().send(ring)


def sent_early(made: World) -> int:
    hand = made.performer.parts.leases
    assert isinstance(hand, Hand)
    return hand.early


def quick(made: World, *, typical: float | None = 0.0, room: dict[str, int] | None = None) -> World:
    """Its records have been quick, and nothing waits on its queues, unless it is said otherwise."""
    made.performer.parts.early, made.performer.parts.leases = Early(200, typical), Hand()
    made.performer.parts.room = lambda _plan: ROOM if room is None else room
    return made


def begun(
    *nodes: dict[str, Any],
    ledger: Postgres | None = None,
    ready: Callable[[World], World] = quick,
    **more: Any,
) -> World:
    """Its first node is done, or its record is held; nobody has followed a ring since."""
    nodes = nodes or (value("a", "{{ inputs.n }}"), value("b", "{{ steps.a.output + 1 }}"))
    edges = [{"from": "a", "to": other["id"]} for other in nodes[1:]]
    made = ready(world(ledger or Postgres(), {"nodes": list(nodes), "edges": edges}, given={"n": 1}, **more))
    made.performer.perform(made.dispatcher.rings.popleft().step_id)
    return made


def follow(made: World, how: str = "knowing") -> str:
    """Take the next ring; what became of it. How: by a process that can open what it carries, or not."""
    ring = made.dispatcher.rings.popleft()
    ahead = None
    if how == "knowing":
        ahead = made.performer.parts.carried.opened(ring.execution_id, ring.step_id, ring.carried)
        assert isinstance(ahead, Claim)
    return made.performer.perform(ring.step_id, ahead=ahead, patient=True).result


def output(node: str) -> Any:
    [(body,)] = run(
        "SELECT body::text FROM fermata_payload JOIN fermata_step s ON digest = s.output_digest"
        " WHERE s.node_id = %s",
        [node],
    )
    return body


@pytest.fixture(autouse=True)
def never_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """No record rings once more because this machine was busy; where it shall, the test says so."""
    monkeypatch.setattr(perform, "LATE_SECONDS", 60.0)


@pytest.fixture
def held() -> Iterator[Open]:
    """A ledger that keeps the records of `a` open."""
    ledger = Open()
    ledger.hold = {"a"}
    yield ledger
    while ledger.open:
        ledger.lose()


def test_it_leaves_while_its_record_is_written_and_is_not_repeated(held: Open) -> None:
    made = begun(ledger=held)
    assert run("SELECT node_id FROM fermata_step") == [("a",)], "b is not there yet"
    assert (sent_early(made), [ring.node_id for ring in made.dispatcher.rings]) == (1, ["b"])


@pytest.mark.parametrize("how", ["knowing", "asking"])
def test_who_takes_it_before_the_row_is_there_waits_for_it(
    held: Open, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early, "PATIENCE_SECONDS", 30.0)
    made = begun(ledger=held)
    held.commit_soon(0.03)
    assert follow(made, how) == "recorded"
    assert (step("b")[1], output("b")) == ("succeeded", "2")


@pytest.mark.parametrize("how", ["knowing", "asking"])
def test_but_not_for_ever_and_leaves_nothing_behind(held: Open, how: str) -> None:
    made = begun(ledger=held)
    since = time.monotonic()
    assert follow(made, how) == "absent"
    assert early.LATE_SECONDS < early.PATIENCE_SECONDS <= time.monotonic() - since < 10
    held.lose()
    assert run("SELECT node_id, state FROM fermata_step") == [("a", "ready")]


def test_what_was_performed_for_a_record_that_was_lost_is_not_taken_for_what_follows_another(
    held: Open,
) -> None:
    made = begun(team("a"), value("b", "{{ steps.a.output + 1 }}"), ledger=held, tasks={"a": [{"output": 1}]})
    stale = made.dispatcher.rings.popleft()
    ahead = made.performer.parts.carried.opened(stale.execution_id, stale.step_id, stale.carried)
    held.lose()
    held.hold.clear()
    made.types.scripts["a"] = [{"output": 10}]  # nobody promised that it answers the same
    made.performer.perform(step("a")[0])
    performed: list[Any] = []
    claim = made.ledger.claim
    made.ledger.claim = lambda *given, **more: performed.append(given) or claim(*given, **more)
    assert made.performer.perform(stale.step_id, ahead=ahead, patient=True).result == "recorded"
    assert (len(performed), output("b")) == (1, "11"), "it was claimed after all"


@pytest.mark.parametrize(
    ("why", "ready"),
    [
        ("records are slow here", lambda made: quick(made, typical=early.QUICK_SECONDS * 2)),
        ("nobody knows yet how long records take", lambda made: quick(made, typical=None)),
        ("others wait on its queue", lambda made: quick(made, room={"default": 199})),
        ("nobody said how many wait", lambda made: quick(made, room={})),
    ],
)
def test_it_waits_for_its_record_when(why: str, ready: Callable[[World], World], held: Open) -> None:
    made = begun(ledger=held, ready=ready)
    assert sent_early(made) == 0, why
    held.lose()


@pytest.mark.parametrize(
    ("why", "nodes"),
    [
        ("several follow", [value("a", 1), value("b", "{{ steps.a.output }}"), value("c", 3)]),
        ("what follows has effects", [value("a", 1), team("b", "idempotent")]),
        ("it follows an effect, whose commit waits for the disk", [team("a", "idempotent"), value("b", 1)]),
    ],
)
def test_nor_does_it_leave_early_when(why: str, nodes: list[dict[str, Any]], held: Open) -> None:
    made = begun(*nodes, ledger=held, tasks={"a": [{"output": 1}], "b": [{"output": 1}]})
    assert sent_early(made) == 0, why
    held.lose()


def test_a_record_that_took_long_rings_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perform, "LATE_SECONDS", 0.0)
    made = begun()
    assert [ring.node_id for ring in made.dispatcher.rings] == ["b", "b"]
    assert [follow(made), follow(made)] == ["recorded", "stale"]


def test_what_is_typical_follows_the_newest_records() -> None:
    known = Early(200)
    for seconds in (0.02, *[0.001] * 4):  # the first one opened the connection
        known.took(seconds)
    assert known.typical is not None
    assert known.typical < early.QUICK_SECONDS
    known.took(0.015)
    assert known.typical < early.QUICK_SECONDS * 2
    for _ in range(5):
        known.took(0.015)
    assert known.typical > early.QUICK_SECONDS
