"""A session: pure steps of one execution performed one after the other and recorded in batches.

``dispatch: together`` (engine.md §4). From the rows that its message names a session goes on in memory to
steps that its own decisions would make READY, records all of them in one transaction, and goes on in place
with what that made READY, for at most a slice of time. What it cannot follow, and what is left when the slice
is over, is rung like any other row.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import orjson

from fermata.engine import faultpoints, wire
from fermata.engine.context import Evaluator, bindings
from fermata.engine.dispatch import MOST_TOGETHER, batch_size, ring_by_plan, together
from fermata.engine.invocation import Invocation
from fermata.engine.ledger import Recorded, Ring
from fermata.engine.parts import Parts
from fermata.errors import InvalidInput, LeaseLost, PayloadTooLarge, UnknownFormat
from fermata.graph.plan import Plan
from fermata.machine.commands import Decision
from fermata.machine.outcomes import Done, Outcome
from fermata.machine.together import (
    Batch,
    Passage,
    followers,
    is_batchable,
    is_plain,
    reads_ahead,
    view_of,
)
from fermata.machine.view import Claim

logger = logging.getLogger(__name__)
SLICE_SECONDS = 0.05
SLICE_STEPS = 50
Begin = Callable[[str], Callable[[], None]]


class Stepwise(Protocol):
    """The performer, as a session needs it: for what is done step by step."""

    parts: Parts
    worker: str
    invoke: Invocation

    def look_at(self, step_id: str) -> bool:
        """Perform one row by itself; whether it was recorded."""
        ...

    def perform_own(self, rings: Sequence[Ring]) -> list[Ring]:
        """Perform the engine's own rows among these."""
        ...

    def decide(self, plan: Plan, claim: Claim, outcome: Outcome, evaluator: Evaluator) -> Decision:
        """What follows from an outcome."""
        ...

    def keep(self, plan: Plan, claim: Claim, decision: Decision, evaluator: Evaluator) -> Recorded:
        """Record one step by itself."""
        ...

    def ring(self, owed: Sequence[Ring], plan: Plan, execution_id: str, pipeline: Any) -> None:
        """Ring these rows."""
        ...


class Session:
    """One delivery. ``performer`` does what is done step by step."""

    def __init__(self, performer: Stepwise) -> None:
        """The slice begins now."""
        self.performer = performer
        self.since = time.monotonic()
        self.steps = 0

    @property
    def is_over(self) -> bool:
        """Whether the slice is: then it goes on with no more rows."""
        return self.steps >= SLICE_STEPS or time.monotonic() - self.since > SLICE_SECONDS

    def perform(self, step_ids: Sequence[str]) -> bool:
        """Look at these rows, then at those that their records made; whether anything was recorded."""
        recorded = False
        todo = list(dict.fromkeys(step_ids))
        while todo:
            turn = Turn(self)
            todo = turn.take(todo)
            recorded = recorded or turn.recorded is not None
            self.performer.perform_own(turn.rings)
            for step_id in turn.alone:
                recorded = self.performer.look_at(step_id) or recorded
        return recorded


@dataclass(slots=True)
class Turn:
    """Rows held at a time.

    ``rings``: READY rows that its records made. ``filled``: others that have a place in the window now.
    ``back``: rows it did not come to. ``alone``: rows to be claimed each by itself. ``recorded``: one of the
    claims that were recorded.
    """

    session: Session
    rings: list[Ring] = field(default_factory=list)
    back: list[Claim] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    filled: list[Ring] = field(default_factory=list)
    recorded: Claim | None = None
    plan: Plan | None = None

    def take(self, step_ids: list[str]) -> list[str]:
        """Perform these rows under their leases; the ids of the rows to go on with in place."""
        leases, token = self.session.performer.parts.leases, uuid4().hex
        faultpoints.reached("before_claim")
        held = leases.acquire_many(step_ids, token)
        if not held:
            return []
        following: list[str] = []
        try:
            self._perform(held, token)
            following = self._following()
        except UnknownFormat as error:
            logger.warning("%d steps are left alone: %s", len(held), error.message)
        finally:
            leases.finish_many(held, token, self.recorded, lambda pipeline: self._ring(following, pipeline))
        faultpoints.reached("after_continue")
        return following

    def _perform(self, held: list[str], token: str) -> None:
        parts = self.session.performer.parts
        found = parts.ledger.claim_many(held)
        self.alone += found.alone
        faultpoints.reached("after_claim")
        claims = [claim for passage in found.passages for claim in passage.claims]
        if not claims:
            return
        self.plan = parts.plans.plan(claims[0].execution.version_id)
        regions: dict[str, list[Passage]] = {}
        for passage in found.passages:
            regions.setdefault(passage.claims[0].step.frames[0].id, []).append(passage)
        with parts.leases.hold_many(claims, token) as begin:
            for passages in regions.values():
                Work(self, self.plan, begin, passages).do()

    def _following(self) -> list[str]:
        """Of the rows made READY those to go on with: a batch of them, while the slice lasts."""
        plan, claim = self.plan, self.recorded
        if plan is None or claim is None or self.session.is_over:
            return []
        queue = plan.nodes[claim.step.node].queue
        found = [
            ring.step_id
            for ring in self.rings
            if ring.rung
            and ring.kind == "node"
            and ring.execution_id == claim.execution.id
            and ring.queue == queue
            and is_batchable(plan, plan.nodes[ring.node_id])
        ]
        return found[: batch_size(len(found))]

    def _ring(self, following: list[str], pipeline: Any) -> None:
        faultpoints.reached("before_ring")
        if self.plan is None or (self.recorded is None and not self.back):
            return
        plan, kept = self.plan, set(following)
        owed = [ring for ring in self.rings if ring.rung and ring.kind == "node" and ring.step_id not in kept]
        owed += [_ring_of(plan, claim) for claim in self.back]
        performer, mine = self.session.performer, (self.recorded or self.back[0]).execution.id
        filled = [ring for ring in self.filled if ring.execution_id == mine]
        performer.ring(owed + together(filled, plan, size=MOST_TOGETHER), plan, mine, pipeline)
        others = [ring for ring in self.filled if ring.execution_id != mine]
        if others:
            parts = performer.parts
            ring_by_plan(
                others,
                ledger=parts.ledger,
                plans=parts.plans,
                dispatcher=parts.dispatcher,
                pipeline=pipeline,
            )


@dataclass(slots=True)
class Work:
    """Claimed rows that stand in one region, and what follows from them: one transaction records it all."""

    turn: Turn
    plan: Plan
    begin: Begin
    passages: list[Passage]
    batch: Batch = field(init=False)
    claims: dict[str, Claim] = field(default_factory=dict)
    singles: list[tuple[Claim, Decision, Evaluator]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """An empty batch."""
        first = self.passages[0].claims[0]
        performer = self.turn.session.performer
        queue = self.plan.nodes[first.step.node].queue
        self.batch = Batch(first.execution, queue, performer.worker, performer.parts.room(self.plan))

    @property
    def performer(self) -> Stepwise:
        """Who does it."""
        return self.turn.session.performer

    def do(self) -> None:
        """Perform while the slice lasts, then record."""
        self._look_ahead()
        waiting = deque((claim, passage.sight) for passage in self.passages for claim in passage.claims)
        since, base = time.monotonic(), datetime.fromisoformat(waiting[0][0].now)
        while waiting:
            claim, sight = waiting.popleft()
            if self._is_full(since):
                self._leave(claim)
                continue
            self.turn.session.steps += 1
            decision = self._performed(claim)
            if decision is None:
                continue
            self.batch.decisions.append(decision)
            sight.steps[claim.step.node] = {"output": decision.own.output}
            sight.asked.add(f"step:{claim.step.node}")
            now = (base + timedelta(seconds=time.monotonic() - since)).isoformat()
            for new, node in followers(self.plan, claim, decision):
                if sight.asked.issuperset(node.reads):
                    self.batch.born[new.id] = new
                    view = view_of(claim, new)
                    waiting.append((sight.claim(view, claim.execution, now, node.reads), sight))
        self._record()

    def _is_full(self, since: float) -> bool:
        """Whether to record now: rows claimed are performed unless performing takes long itself."""
        if not self.claims:
            return False
        return self.turn.session.steps >= SLICE_STEPS or time.monotonic() - since > SLICE_SECONDS

    def _leave(self, claim: Claim) -> None:
        """The slice is over: a row is rung again, a follower becomes one."""
        if self.batch.born.pop(claim.step.id, None) is None:
            self.turn.back.append(claim)

    def _look_ahead(self) -> None:
        """Load what the followers will read, for all passages at once."""
        ahead: set[str] = set()
        for node in {claim.step.node for passage in self.passages for claim in passage.claims}:
            ahead |= reads_ahead(self.plan, self.plan.nodes[node], most=SLICE_STEPS)
        known = set.intersection(*(passage.sight.asked for passage in self.passages))
        ahead = {read for read in ahead - known if not read.startswith(("var:", "secret:", "arrivals"))}
        if not ahead:
            return
        frames = [passage.claims[0].step.frames[0] for passage in self.passages]
        found = self.performer.parts.ledger.look(
            frames[0].id, [frame.iteration for frame in frames], sorted(ahead)
        )
        for passage, sight in zip(self.passages, found, strict=True):
            passage.sight.learn(sight)

    def _performed(self, claim: Claim) -> Decision | None:
        """The step's decision when it goes into the batch; None when it does not."""
        self.claims[claim.step.id] = claim
        is_follower = claim.step.id in self.batch.born
        evaluator = Evaluator(bindings(self.plan, claim), self.performer.parts.guard)
        live = self.begin(claim.step.id)
        try:
            outcome = self.performer.invoke(self.plan, claim, evaluator, live)
            faultpoints.reached("after_effect")
            live()
        except LeaseLost:
            return None
        if is_follower and not isinstance(outcome, Done):
            self.batch.born.pop(claim.step.id)  # what it comes to is for a claim of its own
            return None
        decision = self.performer.decide(self.plan, claim, outcome, evaluator)
        if is_plain(decision) and _as_kept(decision):
            decision.own.started_at = claim.now
            return decision
        if self.batch.born.pop(claim.step.id, None) is None:
            self.singles.append((claim, decision, evaluator))
        return None

    def _record(self) -> None:
        if self.batch.decisions:
            self._record_batch()
        for claim, decision, evaluator in self.singles:
            self._recorded(claim, self.performer.keep(self.plan, claim, decision, evaluator))

    def _record_batch(self) -> None:
        faultpoints.reached("before_record")
        recorded = self.performer.parts.ledger.record_many(self.batch)
        faultpoints.reached("after_record")
        if recorded.result == "recorded":
            self._recorded(self.claims[self.batch.decisions[0].own.id], recorded)
            return
        for decision in self.batch.roots:
            claim = self.claims[decision.own.id]
            evaluator = Evaluator(bindings(self.plan, claim), self.performer.parts.guard)
            self._recorded(claim, self.performer.keep(self.plan, claim, decision, evaluator))

    def _recorded(self, claim: Claim, recorded: Recorded) -> None:
        if recorded.result in ("recorded", "suspended"):
            self.turn.recorded = claim
            self.turn.rings += recorded.rings
            self.turn.filled += recorded.filled


def _as_kept(decision: Decision) -> bool:
    """Give the output the form that its followers would load; False when it cannot be kept."""
    try:
        decision.own.output = orjson.loads(wire.kept(decision.own.output))
    except (PayloadTooLarge, InvalidInput):
        return False
    return True


def _ring_of(plan: Plan, claim: Claim) -> Ring:
    """A claimed row as it was rung."""
    step, frame = claim.step, claim.step.frames[0]
    return Ring(
        claim.execution.id,
        step.id,
        step.node,
        step.kind,
        plan.nodes[step.node].queue,
        step.priority,
        lane=step.lane,
        region_id=frame.id,
        iteration=frame.iteration,
    )
