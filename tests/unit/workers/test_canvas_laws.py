"""The canvas on a broker in memory: whatever the document, no ring is lost, so recovery has nothing to do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fermata.engine.ledger import Ring
from fermata.graph.plan import Plan
from tests.contracts.harness import Memory, World
from tests.reference.contract_cases import Case, differences, load_cases
from tests.reference.documents import Sample, documents
from tests.reference.results import equal
from workers import canvas
from workers.canvas import Delivery, Sending
from workers.messages import MESSAGE_BYTES, WINDOW_BYTES, template


class Broker:
    """Messages with their links and places, and what Celery counts of chords."""

    def __init__(self) -> None:
        self.messages: list[Sending] = []
        self.sizes: dict[str, int] = {}
        self.counted: Counter[str] = Counter()
        self.bodies: Counter[str] = Counter()
        self.longest = {"plain": 0, "member": 0, "window": 0}

    def ring(self, rings: list[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """As the dispatcher does with the canvas on."""
        self.ahead(rings, plan=plan)(pipeline)

    def ahead(self, rings: list[Ring], *, plan: Plan | None = None) -> Callable[[Any], None]:
        """What is composed counts when it is sent."""
        score = canvas.composed(rings, plan)

        def send(_pipeline: Any) -> None:
            canvas.sent(score)
            self.sizes |= score.chords
            self.messages += score.sendings
            for sending in score.sendings:
                kind = "member" if sending.place else "window" if sending.links else "plain"
                size = len(template(sending.ring.queue).sent(sending))
                self.longest[kind] = max(self.longest[kind], size)

        return send

    def count(self, delivery: Delivery) -> None:
        """One more part; the last one sends the body."""
        place = delivery.place
        assert place is not None
        self.counted[place.group] += 1
        assert self.counted[place.group] <= self.sizes[place.group], "a place was counted twice"
        if self.counted[place.group] == self.sizes[place.group]:
            self.bodies[place.group] += 1
            body = place.body
            self.messages.append(Sending(Ring(body.execution_id, body.step_id, "", "node", body.queue, 5)))


class OnCanvas(World):
    """A case whose rings are carried by the canvas, delivered in a random order, none lost, none doubled."""

    def __init__(self, case: Case, seed: int) -> None:
        super().__init__(case, Memory())
        self.broker = self.performer.parts.dispatcher = self.dispatcher = Broker()
        self.chance = random.Random(seed)

    def _perform_all(self) -> None:
        messages = self.broker.messages
        while messages:
            message = messages.pop(self.chance.randrange(len(messages)))
            ring = message.ring
            delivery = Delivery(ring.execution_id, ring.step_id, message.links, message.place)
            with canvas.delivering(delivery):
                performed = self.performer.perform(ring.step_id, ahead=self._ahead(ring))
            if canvas.counts(delivery, performed.result, redelivered=False):
                self.broker.count(delivery)
        lost = [row["node"] for row in self.ledger.steps.values() if row["state"] == "ready"]
        assert not lost, f"nobody rings {lost}"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.file}: {case.name}")
def test_loses_no_ring_of_a_hand_worked_case(case: Case, seed: int) -> None:
    assert differences(case, OnCanvas(case, seed).run()) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sample=documents(), seed=st.integers(0, 99))
def test_loses_no_ring_of_a_random_document(sample: Sample, seed: int) -> None:
    case = Case("random", "random", sample.document, sample.input, expect={})
    world = OnCanvas(case, seed)
    result, plain = world.run(), World(case, Memory()).run()
    assert result.status == plain.status
    assert equal(result.output, plain.output)
    assert {key: step.status for key, step in result.steps.items()} == {
        key: step.status for key, step in plain.steps.items()
    }
    assert max(world.broker.longest["plain"], world.broker.longest["member"]) <= MESSAGE_BYTES
    assert world.broker.longest["window"] <= WINDOW_BYTES
