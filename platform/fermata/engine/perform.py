"""One step from ring to record: claim and gates → lease → perform → decide → record → continue.

Each of these is a method of :class:`Performer`, in this order. Nothing here knows Celery or SQL: storage is
the ledger, exclusion the leases, rings the dispatcher.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from fermata.engine import faultpoints
from fermata.engine.context import Evaluator, bindings
from fermata.engine.dispatch import foreseen
from fermata.engine.early import LATE_SECONDS
from fermata.engine.invocation import Invocation
from fermata.engine.ledger import NewExecution, Recorded, Ring
from fermata.engine.parts import Parts
from fermata.engine.together import Session
from fermata.engine.wire import LARGEST_BYTES
from fermata.errors import ExpressionError, InvalidInput, LeaseLost, PayloadTooLarge, UnknownFormat
from fermata.graph.plan import Plan, PlanNode
from fermata.machine import identity
from fermata.machine.commands import Decision, Own
from fermata.machine.decide import Evaluate, begin, decide, decide_row
from fermata.machine.late import joins_ahead
from fermata.machine.outcomes import Fail, Failure, Outcome
from fermata.machine.view import Claim, Refusal

logger = logging.getLogger(__name__)

MOST_RINGS = 5
"""Repeated rings of an engine row after which its expressions are given up."""
SUSPENDED = frozenset({"waiting", "retrying", "held"})


@dataclass(slots=True)
class Performed:
    """How a delivery ended.

    ``result``: recorded, suspended, cancelled, stale, leased, paused, not_ready, absent. ``rings``: every
    READY row it led to, those of the engine's own rows performed with it included. ``resumed``: the step had
    been suspended.
    """

    result: str
    rings: list[Ring] = field(default_factory=list)
    resumed: bool = False


@dataclass(slots=True)
class Ahead:
    """The messages a step's record most likely owes, made while it is written.

    ``send``, called with a pipeline, adds those of ``rings``. ``sent``: they have left already, and the
    record was kept soon after.
    """

    rings: list[Ring] = field(default_factory=list)
    send: Callable[[Any], None] | None = None
    sent: bool = False


class Performer:
    """Performs steps. One per process; ``worker`` names it in rows and journal."""

    def __init__(self, parts: Parts, *, worker: str = "here") -> None:
        """``parts``: storage, types, leases, dispatcher."""
        self.parts = parts
        self.worker = worker
        self.invoke = Invocation(parts)

    def perform(
        self,
        step_id: str,
        also: Sequence[str] | None = None,
        *,
        ahead: Claim | None = None,
        patient: bool = False,
    ) -> Performed:
        """Look at one step, as a ring asks; then at the engine's own rows that its record made.

        ``also``: look at it and these in a session (``dispatch: together``). ``ahead``: its claim, if the
        ring carried it. ``patient``: the ring may have left before the row was there.
        """
        if also is not None:
            return Performed("recorded" if Session(self).perform([step_id, *also]) else "not_ready")
        first = self._perform_one(step_id, ahead, patient=patient)
        if first.result == "unclaimed":
            first = self._perform_one(step_id)
        first.rings += self.perform_own(first.rings)
        return first

    def look_at(self, step_id: str) -> bool:
        """Perform one row by itself; whether it was recorded."""
        return self.perform(step_id).result == "recorded"

    def perform_own(self, rings: Sequence[Ring]) -> list[Ring]:
        """Perform the engine's own rows among these; every ring that led to."""
        own_rows = [ring for ring in rings if ring.kind != "node"]
        made: list[Ring] = []
        while own_rows:
            done = self._perform_one(own_rows.pop().step_id)
            own_rows += [ring for ring in done.rings if ring.kind != "node"]
            made += done.rings
        return made

    def _perform_one(self, step_id: str, known: Claim | None = None, *, patient: bool = False) -> Performed:
        token, since = uuid4().hex, time.monotonic()
        faultpoints.reached("before_claim")
        claim = known or self.parts.ledger.claim(step_id, worker=self.worker, patient=patient)
        faultpoints.reached("after_claim")
        if isinstance(claim, Refusal):
            return Performed(claim.result)
        if known is None:
            self.parts.carried.remember(claim)
        if not self.parts.leases.take(claim, token, since=since):
            return Performed("leased")
        recorded: Recorded | None = None
        ahead = Ahead()
        try:
            recorded = self._performed(claim, token, ahead)
            faultpoints.reached("after_record")
        except LeaseLost:
            return Performed("stale")
        except UnknownFormat as error:
            # A newer Fermata wrote the plan: leave the step to a process that knows it (engine.md §6).
            logger.warning("Step %s is left alone: %s", step_id, error.message)
            self.parts.ledger.give_back(claim.step)
            return Performed("unknown_format")
        finally:
            self.parts.leases.finish(
                step_id, token, recorded, claim, lambda pipeline: self._ring(recorded, claim, ahead, pipeline)
            )
        faultpoints.reached("after_continue")
        return Performed(recorded.result, list(recorded.rings), resumed=claim.step.resume is not None)

    def _performed(self, claim: Claim, token: str, ahead: Ahead) -> Recorded:
        plan = self.parts.plans.plan(claim.execution.version_id)
        evaluator = Evaluator(bindings(plan, claim), self.parts.guard)
        with self.parts.leases.hold(claim, token) as live:
            live()  # paused since the claim for longer than a lease: another may be at it
            if claim.step.kind == "settle":
                decision = self._settle(plan, claim, evaluator)
            elif claim.step.kind != "node":
                decision = decide_row(plan, claim, self._bounded(claim, evaluator))
            else:
                outcome = self.invoke(plan, claim, evaluator, live)
                faultpoints.reached("after_effect")
                live()
                decision = self.decide(plan, claim, outcome, evaluator)
            return self.keep(plan, claim, decision, evaluator, ahead)

    def keep(
        self, plan: Plan, claim: Claim, decision: Decision, evaluator: Evaluator, ahead: Ahead | None = None
    ) -> Recorded:
        """Record what a step came to; if that cannot be kept, it is the step's failure."""
        try:
            return self._record(claim, decision, ahead)
        except (PayloadTooLarge, InvalidInput) as error:
            # Nothing was written yet.
            if claim.step.kind != "node":
                return self._record(claim, decide_row(plan, claim, _refusing(error.message)))
            failed = Fail(Failure(error.code, error.message, data={"limit": LARGEST_BYTES}))
            return self._record(claim, self.decide(plan, claim, failed, evaluator))

    def _bounded(self, claim: Claim, evaluator: Evaluator) -> Evaluate:
        """An engine row rung again and again costs its workers' lives: its expressions are given up."""
        if claim.step.rings < MOST_RINGS:
            return evaluator
        return _refusing("The worker was lost each time this expression was evaluated.")

    def decide(self, plan: Plan, claim: Claim, outcome: Outcome, evaluator: Evaluator) -> Decision:
        """What follows from an outcome."""
        decision = decide(plan, claim, outcome, evaluator, open_joins=self._open_joins(plan, claim, outcome))
        decision.own.input, decision.own.has_input = self.invoke.input_of(claim)
        return decision

    def _record(self, claim: Claim, decision: Decision, ahead: Ahead | None = None) -> Recorded:
        self._prepare_children(claim, decision)
        plan = self.parts.plans.plan(claim.execution.version_id)
        decision.own.worker = self.worker
        decision.own.started_at = claim.now
        decision.own.ahead = claim.ahead
        decision.room = self.parts.room(plan)
        faultpoints.reached("before_record")
        suspended = decision.own.state in SUSPENDED

        def look_ahead(output: str | None) -> None:
            if ahead is not None:
                self._foresee(claim, decision, plan, ahead, output)

        self.parts.carried.mark(plan, decision)
        since = time.monotonic()
        recorded = self.parts.ledger.record(decision, meanwhile=look_ahead)
        if ahead is not None:
            self._kept_after(time.monotonic() - since, ahead)
        if suspended and recorded.result == "recorded":
            recorded.result = "suspended"
        return recorded

    def _settle(self, plan: Plan, claim: Claim, evaluator: Evaluator) -> Decision:
        """Cancel until nothing is left; children still ending are looked at again shortly."""
        ending = self.parts.ledger.cancel_live(claim.step)
        self.parts.dispatcher.ring(ending.rings)
        if ending.left == 0:
            # Cancelling may have waited for records: look again at what they left to the scope.
            again = self.parts.ledger.claim(claim.step.id, worker=self.worker)
            return decide_row(plan, again if isinstance(again, Claim) else claim, evaluator)
        return Decision(own=_again_later(claim), stages=[])

    def _open_joins(self, plan: Plan, claim: Claim, outcome: Outcome) -> frozenset[str]:
        """After a failure: which joins downstream, that could make it a late arrival, have opened already."""
        if not isinstance(outcome, Fail):
            return frozenset()
        asked = joins_ahead(plan, claim.step)
        return self.parts.ledger.open_joins(asked) if asked else frozenset()

    def _prepare_children(self, claim: Claim, decision: Decision) -> None:
        """Decide the children's first steps, so that one transaction starts them; fixes their versions."""
        execution = claim.execution
        for child in decision.spawn:
            workflow, version_id, number = self.parts.plans.resolve(
                execution.workspace_id, child.workflow, child.version
            )
            plan = self.parts.plans.plan(version_id)
            child_id = identity.child_id(
                claim.step.id, claim.step.run, child.ordinal, attempt=claim.step.attempt
            )
            child.bundle = {
                "execution": NewExecution(
                    id=child_id,
                    workspace_id=execution.workspace_id,
                    workflow_id=workflow,
                    version_id=version_id,
                    version=number,
                    beginning=begin(plan, execution_id=child_id, priority=execution.priority),
                    input=child.input,
                    trigger={"kind": "sub_workflow", "execution_id": execution.id, "step_id": claim.step.id},
                    parent_step_id=claim.step.id if decision.wait_children else None,
                    parent_ordinal=child.ordinal,
                    parent_attempt=claim.step.attempt,
                    root_id=execution.id,
                    depth=execution.depth + 1,
                    priority=execution.priority,
                    started_by=execution.started_by,
                    deadline_seconds=plan.settings.timeout_seconds,
                )
            }

    def _foresee(
        self, claim: Claim, decision: Decision, plan: Plan, ahead: Ahead, output: str | None
    ) -> None:
        try:
            ahead.rings = foreseen(decision, claim.execution.id)
            if ahead.rings:
                sealed = dict(self.parts.carried.sealed(plan, claim, decision, output))
                rings = [replace(ring, carried=sealed.get(ring.step_id)) for ring in ahead.rings]
                ahead.send = self.parts.dispatcher.ahead(rings, plan=plan)
                self._hurry(plan.nodes.get(claim.step.node), decision, rings, ahead)
        except Exception:
            logger.exception("Nothing is made ready for what follows step %s.", claim.step.id)
            ahead.send = None

    def _hurry(self, node: PlanNode | None, decision: Decision, rings: Sequence[Ring], ahead: Ahead) -> None:
        """Send them now, if that pays; only what follows a pure step, whose commit waits for no disk."""
        early = self.parts.early
        if early is None or ahead.send is None or node is None or node.effect != "pure":
            return
        if early.wanted(rings, decision.room):
            ahead.sent = self.parts.leases.send(ahead.send)
            faultpoints.reached("rung_early")

    def _kept_after(self, seconds: float, ahead: Ahead) -> None:
        if self.parts.early is not None:
            self.parts.early.took(seconds)
        ahead.sent = ahead.sent and seconds < LATE_SECONDS

    def _ring(self, recorded: Recorded | None, claim: Claim, ahead: Ahead, pipeline: Any) -> None:
        faultpoints.reached("before_ring")
        if recorded is None:
            return
        owed = [ring for ring in recorded.rings if ring.rung and ring.kind == "node"]
        if owed and owed == ahead.rings and ahead.send is not None:
            if not ahead.sent:
                ahead.send(pipeline)
        elif owed:
            self.ring(owed, self.parts.plans.plan(claim.execution.version_id), claim.execution.id, pipeline)

    def ring(self, owed: Sequence[Ring], plan: Plan, execution_id: str, pipeline: Any) -> None:
        """Ring these rows: those of the execution as its plan says, all others plainly."""
        here = [ring for ring in owed if ring.execution_id == execution_id]
        elsewhere = [ring for ring in owed if ring.execution_id != execution_id]
        self.parts.dispatcher.ring(here, pipeline=pipeline, plan=plan)
        if elsewhere:  # a child's first steps, or a parent that waited for this one
            self.parts.dispatcher.ring(elsewhere, pipeline=pipeline)


def _refusing(message: str) -> Evaluate:
    """An evaluator for which every expression has failed."""

    def evaluate(template: Any, overrides: dict[str, Any]) -> Any:
        raise ExpressionError(message)

    return evaluate


def _again_later(claim: Claim) -> Own:
    """The settle row rests until its children may have ended."""
    return Own(
        id=claim.step.id,
        fence=claim.step.fence,
        state="waiting",
        reason="children",
        due_seconds=0.5,
        due_kind="timer",
    )


def _json_data(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in data.items() if isinstance(value, (str, int, float, bool, type(None)))
    }
