"""From one performed step to everything that must be written.

Pure and local: it reads the step, its out-edges, the joins they reach and the frames it stands in; its cost
does not depend on the execution's size.

``evaluate(template, overrides)`` renders a ``{{ }}`` template against what the claim loaded, with
``overrides`` ({"steps": {...}, "index": n}) on top, and raises ExpressionError; nothing else reaches outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fermata.errors import ExpressionError, InvariantBroken
from fermata.graph.plan import ROOT, Plan, PlanNode
from fermata.machine import identity, retry
from fermata.machine.commands import (
    Beginning,
    Close,
    Decision,
    NewRegion,
    Own,
    SpawnChild,
    Stage,
    VariableWrite,
)
from fermata.machine.outcomes import (
    Again,
    Await,
    Break,
    Continue,
    Done,
    Expired,
    Fail,
    Failure,
    FanOut,
    Outcome,
    Rest,
    Sleep,
    Spawn,
    Stop,
    Terminate,
)
from fermata.machine.passages import Passages
from fermata.machine.settling import passage_path, root_region, settle_row, starts_of
from fermata.machine.variables import written
from fermata.machine.view import Claim

Evaluate = Callable[[Any, dict[str, Any]], Any]
ITEMS_PER_CHUNK = 100


def begin(plan: Plan, *, execution_id: str, priority: int) -> Beginning:
    """The first rows of an execution. A plan without nodes has no steps: the ledger finishes it at once."""
    region = root_region(execution_id)
    stage = Stage()
    stage.regions, stage.steps = starts_of(
        plan, plan.regions[ROOT], region_id=region.id, iteration=0, path=[], priority=priority
    )
    return Beginning(region=region, stage=stage)


def decide(
    plan: Plan,
    claim: Claim,
    outcome: Outcome,
    evaluate: Evaluate,
    *,
    open_joins: frozenset[str] = frozenset(),
) -> Decision:
    """Everything that follows from ``outcome``. Raises InvariantBroken when plan and step do not fit.

    ``open_joins``: of the joins in ``late.joins_ahead``, those that have opened (asked only after a failure).
    """
    return _Decider(plan, claim, evaluate, open_joins).of(outcome)


def decide_row(plan: Plan, claim: Claim, evaluate: Evaluate) -> Decision:
    """What a skip, turn or (nothing being live any more) settle row comes to."""
    decider = _Decider(plan, claim, evaluate)
    step = claim.step
    own = Own(id=step.id, fence=step.fence, state="succeeded")
    if step.kind == "skip":
        if "edges" in step.data:
            decider.passages.settling.edges(((edge, False) for edge in step.data["edges"]), level=0)
        else:
            decider.passages.settling.skip(step.data["node"], level=0)
        decider.passages.over(0)
    elif step.kind == "turn":
        decider.passages.end(0)
    elif step.kind == "settle":
        decider.passages.settled(step.data)
    else:
        raise InvariantBroken(f"A {step.kind} row is not the engine's own.")
    return Decision(own=own, stages=decider.passages.stages)


class _Decider:
    def __init__(
        self, plan: Plan, claim: Claim, evaluate: Evaluate, open_joins: frozenset[str] = frozenset()
    ) -> None:
        self.open_joins = open_joins
        self.plan = plan
        self.claim = claim
        self.step = claim.step
        self.passages = Passages(plan, claim, evaluate)
        self.evaluate = evaluate

    def of(self, outcome: Outcome) -> Decision:
        ways: dict[type, Callable[[PlanNode, Any], Decision]] = {
            Done: self._done,
            Stop: lambda node, _: self._done(node, Done()),
            Fail: lambda node, fail: self._fail(node, fail.failure, asked=fail.delay_seconds),
            Sleep: self._sleep,
            Await: self._await,
            FanOut: self._fan_out,
            Again: self._first_passage,
            Spawn: self._spawn,
            Break: self._leave,
            Continue: self._leave,
            Terminate: self._terminate,
            Expired: self._expire,
            Rest: self._rest,
        }
        way = ways.get(type(outcome))
        if way is None:
            raise InvariantBroken(f"A node answered with {type(outcome).__name__}.")
        return way(self.plan.nodes[self.step.node], outcome)

    def _own(self, state: str, **values: Any) -> Own:
        return Own(id=self.step.id, fence=self.step.fence, state=state, **values)

    def _decision(self, own: Own, **values: Any) -> Decision:
        return Decision(own=own, stages=self.passages.stages, **values)

    def _done(self, node: PlanNode, done: Done) -> Decision:
        if done.port == "timeout" and not node.out.get("timeout"):
            return self._fail(node, Failure("timeout", "Nothing arrived in time.", node=node.id))
        if done.port not in node.ports:
            return self._fail(
                node,
                Failure("unknown_port", f"The node answered on port {done.port!r}, which it does not have."),
            )
        own = self._own("succeeded", output=done.output, has_output=True, port=done.port)
        self.passages.own_output = done.output
        self.passages.written = written(self.claim, self.plan, done.writes)
        self._take(node, done.port)
        writes = [
            VariableWrite(
                write.name, write.operation, write.value, write.scope, self.plan.variables.get(write.name)
            )
            for write in done.writes
        ]
        return self._decision(own, writes=writes)

    def _take(self, node: PlanNode, port: str) -> None:
        """Settle the out-edges: those of ``port`` whose guard holds are live.

        A broken guard starts the failure chain.
        """
        settled: list[tuple[int, bool]] = []
        for name, edges in node.out.items():
            for index in edges:
                edge = self.plan.edges[index]
                live = name == port
                if live and edge.when is not None:
                    try:
                        live = self._holds(edge.when.source)
                    except ExpressionError as error:
                        failure = Failure(
                            "expression_error",
                            f"The guard of {edge.source} → {edge.target}: {error.message}",
                            node=node.id,
                        )
                        self.passages.fail(0, failure)
                        return
                settled.append((index, live))
        self.passages.settling.edges(settled, level=0)
        self.passages.over(0)

    def _holds(self, source: str) -> bool:
        value = self.evaluate("{{ " + source + " }}", self.passages.seen())
        if not isinstance(value, bool):
            raise ExpressionError(f"A guard must be true or false, not {type(value).__name__}.")
        return value

    def _fail(self, node: PlanNode, failure: Failure, *, asked: float | None = None) -> Decision:
        failure = failure if failure.node else replace(failure, node=node.id)
        delay = retry.delay_seconds(
            node.retry, failure, attempt=self.step.attempt, step_id=self.step.id, asked_seconds=asked
        )
        error = failure.to_json()
        if delay is not None:
            return self._decision(
                self._own(
                    "retrying", error=error, due_seconds=delay, due_kind="retry", definite=failure.definite
                )
            )
        state = "timed_out" if failure.kind == "timeout" else "failed"
        own = self._own(state, error=error, definite=failure.definite)
        if node.out.get("error"):
            own.port = own.handled_by = "error"
            self.passages.own_error = error
            self._take(node, "error")
        elif self.open_joins:
            own.handled_by = "late"
            self._take(node, "error")
        else:
            self.passages.fail(0, failure)
        return self._decision(own)

    def _sleep(self, node: PlanNode, outcome: Sleep) -> Decision:
        until = outcome.until.isoformat() if outcome.until else None
        return self._decision(
            self._own("waiting", reason="timer", due_seconds=outcome.seconds, due_at=until, due_kind="timer")
        )

    def _await(self, node: PlanNode, outcome: Await) -> Decision:
        own = self._own(
            "waiting",
            reason=f"signal:{outcome.name}" if outcome.kind == "signal" else outcome.kind,
            due_seconds=outcome.due_seconds,
            due_at=outcome.due_at.isoformat() if outcome.due_at else None,
            due_kind="timeout",
        )
        return self._decision(
            own,
            signal=outcome.name if outcome.kind == "signal" else None,
            approval=dict(outcome.data) if outcome.kind == "approval" else None,
        )

    def _rest(self, node: PlanNode, outcome: Rest) -> Decision:
        own = self._own("waiting", reason="children", error=outcome.failure.to_json())
        return self._decision(own, wait_children=True)

    def _inner(self, node: PlanNode, **values: Any) -> NewRegion:
        frame = self.step.frames[0]
        region = self.plan.regions[node.id]
        return NewRegion(
            id=identity.container_id(self.step.id, attempt=self.step.attempt),
            name=node.id,
            kind=region.kind,
            parent=frame.id,
            parent_iteration=frame.iteration,
            path=passage_path(frame),
            step=self.step.id,
            **values,
        )

    def _enter(self, inner: NewRegion, iterations: range) -> None:
        """Open the container's region with the first steps of its first passages; they inherit lanes."""
        stage = self.passages.stages[0]
        stage.regions.append(inner)
        for iteration in iterations:
            regions, steps = starts_of(
                self.plan,
                self.plan.regions[inner.name],
                region_id=inner.id,
                iteration=iteration,
                path=[*inner.path, [inner.name, iteration]],
                priority=self.step.priority,
                lane=iteration if inner.kind == "foreach" else self.step.lane,
            )
            stage.regions += regions
            stage.steps += steps

    def _fan_out(self, node: PlanNode, fan: FanOut) -> Decision:
        lanes = max(1, min(fan.concurrency, fan.total))
        limit = fan.max_count
        if fan.max_percent is not None:
            limit = int(fan.total * Decimal(str(fan.max_percent)) / 100)
        if limit is None and fan.mode != "continue":
            limit = 0
        items = None
        if fan.items is not None:
            items = [
                list(fan.items[at : at + ITEMS_PER_CHUNK]) for at in range(0, fan.total, ITEMS_PER_CHUNK)
            ]
        inner = self._inner(
            node,
            total=fan.total,
            next=lanes,
            active=lanes,
            failure_limit=limit,
            mode=fan.mode,
            fan_out={"collect": fan.collect, "range": fan.items is None, "concurrency": lanes},
            items=items,
        )
        self._enter(inner, range(lanes))
        return self._decision(self._waiting(node, "region"))

    def _first_passage(self, node: PlanNode, outcome: Again) -> Decision:
        self._enter(self._inner(node), range(1))
        return self._decision(self._waiting(node, "region"))

    def _spawn(self, node: PlanNode, spawn: Spawn) -> Decision:
        children = [
            SpawnChild(ordinal, child.workflow, child.version, child.input)
            for ordinal, child in enumerate(spawn.children)
        ]
        if spawn.wait and children:
            return self._decision(self._waiting(node, "children"), spawn=children, wait_children=True)
        ids = [
            identity.child_id(self.step.id, self.step.run, child.ordinal, attempt=self.step.attempt)
            for child in children
        ]
        decision = self._done(node, Done(output={"executions": ids}))
        decision.spawn = children
        return decision

    def _leave(self, node: PlanNode, outcome: Break | Continue) -> Decision:
        own = self._own("succeeded", output=None, has_output=True, port="out")
        self.passages.own_output = None
        self.passages.leave(node, outcome)
        return self._decision(own)

    def _expire(self, node: PlanNode, outcome: Expired) -> Decision:
        """Close the container's region; its settle row wakes the container with the failure."""
        inner = identity.container_id(self.step.id, attempt=self.step.attempt)
        failure = replace(outcome.failure, node=node.id)
        cause = {"why": "threshold", "result": {"failure": failure.to_json()}}
        stage = self.passages.stages[0]
        stage.close.append(Close(inner, "closing", cause=cause))
        stage.steps.append(settle_row(inner, 0, self.step.priority, cause))
        return self._decision(self._own("waiting", reason="region"))

    def _waiting(self, node: PlanNode, reason: str) -> Own:
        """A container's step rests while its inside runs, for at most the node's timeout."""
        return self._own("waiting", reason=reason, due_seconds=node.timeout_seconds, due_kind="timeout")

    def _terminate(self, node: PlanNode, outcome: Terminate) -> Decision:
        failed = outcome.status == "failed"
        error = outcome.failure.to_json() if outcome.failure else None
        own = self._own("succeeded", output=outcome.output, has_output=True, port="out")
        cause = {
            "why": "terminate",
            "status": outcome.status,
            "output": outcome.output,
            "error": error if failed else None,
        }
        root = self.step.frames[-1]
        stage = self.passages.stages[0]
        stage.close.append(Close(root.id, "closing", cause=cause))
        stage.steps.append(settle_row(root.id, root.iteration, self.step.priority, cause))
        return self._decision(own)
