"""How rings are sent: alone, as windows of a chain, as a chord, or (for tests) with some lost and doubled.

The canvas carries rings, never decisions. A chain's next link and a chord's body are messages that ring a
row which a record made READY; a row they should have rung and did not is rung by recovery.

A chain names the next steps of a straight run. The record of a link says what follows; when it is the next
link, that is sent with the rest of the window, otherwise the window is dropped.

A chord has a place for every branch (or lane of a foreach), and its body rings the join (or the container).
A place goes from message to message along its branch; whoever has it when the branch ends counts it. A
place is counted early when its branch is left: by a step that waits, fails or forks. That is safe. Whoever
opens the join later without a place rings it plainly; whoever opens it with a place is counted after that,
so the body comes later still.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from fermata.engine.ledger import Ring
from fermata.graph.plan import Plan
from fermata.machine import identity
from workers.app import queue_names
from workers.shapes import Shapes, shapes, source_of

Mode = Literal["on", "off", "chaos"]

LOST = 0.1
DOUBLED = 0.1
"""Shares of the rings in chaos."""

LONGEST_QUEUE = 60
"""Bytes of a queue's name with which a chord's message is short enough for any branch."""

WINDOW_LINKS = 9
"""Steps of one chain, the one rung first included: so many leave room for the claim a message carries."""


@dataclass(frozen=True, slots=True)
class Link:
    """One step as a link of a chain or the body of a chord."""

    execution_id: str
    step_id: str
    queue: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a chord: Celery's group, the index in it, and what the body rings."""

    group: str
    index: int
    body: Link


@dataclass(frozen=True, slots=True)
class Sending:
    """One ring as it is sent: with the links of its chain that follow, or with its place in a chord."""

    ring: Ring
    links: tuple[Link, ...] = ()
    place: Place | None = None


@dataclass(slots=True)
class Delivery:
    """The message being worked on: its step, the links that follow it, its place.

    `passed`: the place went on with a message that was sent.
    """

    execution_id: str
    step_id: str
    links: tuple[Link, ...] = ()
    place: Place | None = None
    passed: bool = False


@dataclass(slots=True)
class Score:
    """What a batch of rings is sent as. `chords`: group → number of places, for the new ones.

    `passes`: the delivery's place goes on with one of them.
    """

    sendings: list[Sending] = field(default_factory=list)
    chords: dict[str, int] = field(default_factory=dict)
    passes: bool = False


_delivery: ContextVar[Delivery | None] = ContextVar("delivery", default=None)


@contextmanager
def delivering(delivery: Delivery) -> Iterator[None]:
    """Rings sent inside are led to by this delivery."""
    token = _delivery.set(delivery)
    try:
        yield
    finally:
        _delivery.reset(token)


def sent(score: Score) -> None:
    """What was composed is sent now, the delivery's place with it if it passes."""
    delivery = _delivery.get()
    if score.passes and delivery is not None:
        delivery.passed = True


def composed(rings: Sequence[Ring], plan: Plan | None) -> Score:
    """How to send these rings; nothing is sent yet. Without a plan, or if its settings say so, plainly.

    The plan is that of the execution delivered; rings of its children and its parent go plainly.
    """
    delivery = _delivery.get()
    score = Score()
    if plan is None or not plan.settings.canvas or delivery is None:
        score.sendings += map(Sending, rings)
        return score
    own = [ring for ring in rings if ring.execution_id == delivery.execution_id]
    score.sendings += (Sending(ring) for ring in rings if ring.execution_id != delivery.execution_id)
    shape = shapes(plan)
    left = _continued(own, delivery, shape, score)
    for together, body in _fan_ins(left, delivery, shape):
        group = str(uuid4())
        score.chords[group] = len(together)
        score.sendings += (
            Sending(ring, place=Place(group, index, body)) for index, ring in enumerate(together)
        )
    placed = {sending.ring.step_id for sending in score.sendings}
    score.sendings += (
        Sending(ring, links=_window(ring, shape)) for ring in left if ring.step_id not in placed
    )
    return score


def _continued(rings: Sequence[Ring], delivery: Delivery, shape: Shapes, score: Score) -> list[Ring]:
    """Send on the delivery's chain and place; the rings that have nothing to do with it are left."""
    left: list[Ring] = []
    for ring in rings:
        place, links = delivery.place, delivery.links
        if links and ring.step_id == links[0].step_id:
            score.sendings.append(Sending(ring, links=links[1:]))
        elif place is None or delivery.passed or score.passes:
            left.append(ring)
        elif ring.step_id == place.body.step_id:
            continue  # the chord owes this ring
        elif _goes_on(ring, delivery, place, shape):
            score.passes = True
            score.sendings.append(Sending(ring, place=place))
        else:
            left.append(ring)
    return left


def _goes_on(ring: Ring, delivery: Delivery, place: Place, shape: Shapes) -> bool:
    """Whether the ring is the same branch's next step, or the same lane's."""
    if shape.is_lane(ring.node_id) and identity.container_id(place.body.step_id) == ring.region_id:
        return True
    source = source_of(shape.plan, shape.plan.nodes[ring.node_id])
    return (
        source is not None
        and shape.following(source) == ring.node_id
        and identity.step_id(ring.region_id, ring.iteration, source) == delivery.step_id
    )


def _fan_ins(rings: Sequence[Ring], delivery: Delivery, shape: Shapes) -> Iterator[tuple[list[Ring], Link]]:
    """Rings whose branches meet again (two or more), each with what is rung when all have come there."""
    if len(rings) < 2:
        return
    meeting: dict[tuple[str, int, str], list[Ring]] = {}
    lanes: list[Ring] = []
    for ring in rings:
        if ring.lane is not None and shape.is_lane(ring.node_id):
            lanes.append(ring)
        elif join := shape.meeting(ring.node_id):
            meeting.setdefault((ring.region_id, ring.iteration, join), []).append(ring)
    for (region, iteration, join), branches in meeting.items():
        body = Link(
            branches[0].execution_id,
            identity.step_id(region, iteration, join),
            shape.plan.nodes[join].queue,
        )
        if len(branches) > 1 and _carries(body, branches):
            yield branches, body
    if len(lanes) > 1 and identity.container_id(delivery.step_id) == lanes[0].region_id:
        container = shape.plan.region_of(lanes[0].node_id).owner
        body = Link(delivery.execution_id, delivery.step_id, shape.plan.nodes[container].queue)
        if _carries(body, lanes):
            yield lanes, body


def _carries(body: Link, rings: Sequence[Ring]) -> bool:
    """Whether a chord can: Celery publishes the body, so its queue must be known here, and names be short."""
    return body.queue in queue_names() and all(
        len(queue) <= LONGEST_QUEUE for queue in {body.queue, *(ring.queue for ring in rings)}
    )


def _window(ring: Ring, shape: Shapes) -> tuple[Link, ...]:
    """The links that follow a ring on its straight run, as many as one window takes."""
    return tuple(
        Link(
            ring.execution_id,
            identity.step_id(ring.region_id, ring.iteration, node),
            shape.plan.nodes[node].queue,
        )
        for node in shape.run(ring.node_id, most=WINDOW_LINKS - 1)
    )


def read(request: Any) -> Delivery:
    """The delivery that a task's request stands for; takes chain and chord out of the request.

    So neither goes on by itself, however the task ends. `request` is Celery's context of the task.
    """
    chain, chord = request.chain, request.chord
    request.chain = request.chord = None
    execution_id, step_id = request.args
    place = None
    if chord is not None and request.group:
        place = Place(request.group, request.group_index, _link(chord))
    return Delivery(execution_id, step_id, tuple(map(_link, reversed(chain or ()))), place)


def _link(signature: Any) -> Link:
    execution_id, step_id = signature["args"]
    return Link(execution_id, step_id, signature["options"]["queue"])


def counts(delivery: Delivery, result: str, *, redelivered: bool) -> bool:
    """Whether the delivery's place is counted now that its step ended so.

    Not when the place went on with another message: also not when this delivery is the second one of a
    message whose step has moved on, since the first may have sent the place on.
    """
    if delivery.place is None or delivery.passed:
        return False
    return not (redelivered and result == "not_ready")


def chaotic(rings: Sequence[Ring], *, chance: random.Random) -> Iterator[Ring]:
    """The rings with about a tenth lost and a tenth doubled; the same `chance` gives the same choice."""
    for ring in rings:
        fate = chance.random()
        if fate < LOST:
            continue
        yield ring
        if fate >= 1 - DOUBLED:
            yield ring
