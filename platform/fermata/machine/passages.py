"""How passages, items, loops and executions end, and what a failure does to the regions around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fermata.errors import ExpressionError, InvariantBroken
from fermata.graph.plan import Plan, PlanNode, PlanRegion
from fermata.machine import identity
from fermata.machine.commands import Check, Close, EndItem, Finish, NewStep, Pass, Stage, Wake
from fermata.machine.outcomes import Break, Continue, Failure
from fermata.machine.settling import Settling, settle_row, starts_of
from fermata.machine.view import Claim, Frame

Evaluate = Callable[[Any, dict[str, Any]], Any]


class Passages:
    """Grows the list of stages; the last stage is the one being written."""

    def __init__(self, plan: Plan, claim: Claim, evaluate: Evaluate) -> None:
        """``own_output`` / ``own_error``: what the step itself adds to what expressions see."""
        self.plan = plan
        self.claim = claim
        self.step = claim.step
        self.evaluate = evaluate
        self.stages = [Stage()]
        self.settling = Settling(plan, self.step, self.stages[0])
        self.own_output: Any = None
        self.own_error: dict[str, Any] | None = None
        self.written: dict[str, Any] = {}

    @property
    def stage(self) -> Stage:
        """The stage being written."""
        return self.stages[-1]

    def _next_stage(self) -> None:
        remembered = self.settling.remembered
        self.stages.append(Stage())
        self.settling = Settling(self.plan, self.step, self.stage)
        self.settling.remembered = remembered

    def seen(self, **overrides: Any) -> dict[str, Any]:
        """What the step's own record adds to the bindings."""
        if self.step.kind != "node":
            return overrides
        own = {"error": self.own_error} if self.own_error else {"output": self.own_output}
        return {"steps": {self.step.node: own}, "vars": self.written, **overrides}

    def over(self, level: int) -> None:
        """After a stage's writes: if nothing became live, ask whether the scope at ``level`` is over."""
        if self.settling.started:
            return
        frame = self.step.frames[level]
        region = self.plan.regions[frame.name]
        sure = self._alone(level) and not self.stage.arrivals
        self.stage.check = Check(frame.id, frame.iteration, sure=sure)
        inline = (
            level == 0 and region.serial and self.step.kind == "node" and not self._needs_ledger(region)
        ) or (region.kind == "root" and not self.plan.output)
        self._next_stage()
        if inline:
            self.end(level)
        else:
            self.stage.steps.append(self._turn_row(frame, region))

    def _needs_ledger(self, region: PlanRegion) -> bool:
        """Whether the passage's end reads a variable this record writes: only the ledger knows its value."""
        return any(f"var:{name}" in region.ending_reads for name in self.written)

    def _alone(self, level: int) -> bool:
        """Whether no other step can be live in the scope: serial, no joins, and the step is a node of it."""
        region = self.plan.regions[self.step.frames[level].name]
        return (
            level == 0
            and self.step.kind == "node"
            and region.serial
            and all(self.plan.nodes[name].join is None for name in region.members)
        )

    def _turn_row(self, frame: Frame, region: PlanRegion) -> NewStep:
        return NewStep(
            id=identity.step_id(frame.id, frame.iteration, "@turn", kind="turn"),
            node="@turn",
            kind="turn",
            region=frame.id,
            iteration=frame.iteration,
            priority=self.step.priority,
            lane=self.step.lane,
            reads=region.ending_reads,
        )

    def end(self, level: int, *, leaving: Break | None = None, again: bool = False) -> None:
        """The passage at ``level`` is over. ``leaving``: by a break. ``again``: by a continue."""
        kind = self.step.frames[level].kind
        if kind == "root":
            self._end_root(level)
        elif kind == "foreach":
            self._end_item(level, leaving)
        elif kind == "while":
            self._end_while(level, leaving)
        else:
            self._end_loop(level, leaving=leaving is not None, again=again)

    def _end_root(self, level: int) -> None:
        if not self.plan.output:
            self.stage.finish = Finish("succeeded")
            return
        try:
            output = self.evaluate(self.plan.output, self.seen())
        except ExpressionError as error:
            failure = Failure("expression_error", f"The workflow's output: {error.message}")
            self.stage.finish = Finish("failed", error=failure.to_json())
        else:
            self.stage.finish = Finish("succeeded", output=output, has_output=True)

    def _end_item(self, level: int, leaving: Break | None) -> None:
        frame = self.step.frames[level]
        region = self.plan.regions[frame.name]
        try:
            output = self._collected(region)
        except ExpressionError as error:
            self._fail_item(
                frame, region, Failure("expression_error", f"collect: {error.message}", node=region.owner)
            )
            return
        self.stage.end_item = EndItem(
            frame.id,
            frame.iteration,
            "succeeded",
            output=output,
            drain=leaving is not None,
            cancel=leaving is not None and leaving.running == "cancel",
            **self._next_item(frame, region),
        )

    def _collected(self, region: PlanRegion) -> Any:
        """An item's result: the ``collect`` expression, or its sink's output (several: by node id)."""
        collect = region.ending.get("collect", "all")
        if collect not in ("all", "none"):
            return self.evaluate(collect, self.seen())
        steps = {**self.claim.steps, **self.seen().get("steps", {})}
        outputs = {name: steps[name]["output"] for name in region.sinks if "output" in steps.get(name, {})}
        return outputs.get(region.sinks[0]) if len(region.sinks) == 1 else outputs

    def _next_item(self, frame: Frame, region: PlanRegion) -> dict[str, Any]:
        """What EndItem needs to start another item: templates without iteration, and which enter a loop."""
        _, steps = starts_of(
            self.plan,
            region,
            region_id=frame.id,
            iteration=-1,
            path=[],
            priority=self.step.priority,
            lane=self.step.lane,
        )
        loops = {name: self.plan.nodes[name].region for name in region.starts}
        return {
            "lane": self.step.lane,
            "starts": steps,
            "loops": {name: loop for name, loop in loops.items() if loop != region.name},
        }

    def _fail_item(self, frame: Frame, region: PlanRegion, failure: Failure) -> None:
        self.stage.end_item = EndItem(
            frame.id, frame.iteration, "failed", error=failure.to_json(), **self._next_item(frame, region)
        )

    def _end_while(self, level: int, leaving: Break | None) -> None:
        frame = self.step.frames[level]
        region = self.plan.regions[frame.name]
        try:
            if leaving is not None or self._while_stops(frame, region):
                output = self.evaluate(region.ending.get("output"), self.seen(index=frame.iteration))
                self._wake_container(frame, {"output": output})
                return
        except ExpressionError as error:
            self._wake_container(
                frame, _failed(Failure("expression_error", error.message, node=region.owner))
            )
            return
        if frame.iteration + 1 >= (region.max_iterations or 1000):
            self._wake_container(frame, _failed(_too_many(region)))
        else:
            self._next_passage(frame, region)

    def _while_stops(self, frame: Frame, region: PlanRegion) -> bool:
        until = region.ending.get("until")
        if until is not None and self._true("until", until, frame.iteration):
            return True
        condition = region.ending.get("condition")
        return condition is not None and not self._true("condition", condition, frame.iteration + 1)

    def _true(self, name: str, template: Any, index: int) -> bool:
        value = self.evaluate(template, self.seen(index=index))
        if not isinstance(value, bool):
            raise ExpressionError(f"{name} must be true or false, not {type(value).__name__}.")
        return value

    def _end_loop(self, level: int, *, leaving: bool, again: bool) -> None:
        frame = self.step.frames[level]
        region = self.plan.regions[frame.name]
        live = {edge for edge, passage in self.claim.remembered if level == 0 and edge in region.exits}
        back = {
            edge
            for edge, passage in self.claim.remembered
            if level == 0 and edge in region.back and passage == frame.iteration
        }
        here = self.settling.remembered.get(frame.id, set())
        live |= here & set(region.exits)
        if not leaving and (again or back or here & set(region.back)):
            if frame.iteration + 1 >= (region.max_iterations or 1000):
                self._close(frame)
                self.fail(level + 1, _too_many(region))
            else:
                self._next_passage(frame, region)
            return
        self._close(frame)
        self.settling.edges(((edge, edge in live) for edge in region.exits), level=level + 1)
        self.over(level + 1)

    def _next_passage(self, frame: Frame, region: PlanRegion) -> None:
        to = frame.iteration + 1
        self.stage.passes.append(Pass(frame.id, to))
        regions, steps = starts_of(
            self.plan,
            region,
            region_id=frame.id,
            iteration=to,
            path=[*frame.path, [frame.name, to]],
            priority=self.step.priority,
            lane=self.step.lane,
        )
        self.stage.regions += regions
        self.stage.steps += steps

    def _close(self, frame: Frame) -> None:
        self.stage.close.append(Close(frame.id, "closed"))

    def _wake_container(self, frame: Frame, result: dict[str, Any]) -> None:
        if frame.step_id is None:
            raise InvariantBroken(f"Region {frame.name} has no container.")
        self._close(frame)
        self.stage.wake = Wake(frame.step_id, {"kind": "region", "result": result})

    def fail(self, level: int, failure: Failure) -> None:
        """An unhandled failure leaves the region at ``level``; its other live steps are cancelled first."""
        frame = self.step.frames[level]
        if not (self._alone(level) and not self.settling.started):
            self._begin_closing(frame, {"why": "fail", "failure": failure.to_json()})
        elif frame.kind == "root":
            self.stage.finish = Finish("failed", error=failure.to_json())
        elif frame.kind == "foreach":
            self._fail_item(frame, self.plan.regions[frame.name], failure)
        elif frame.kind == "while":
            self._wake_container(frame, _failed(failure))
        else:
            self._close(frame)
            self.fail(level + 1, failure)

    def _begin_closing(self, frame: Frame, cause: dict[str, Any]) -> None:
        """Set the scope closing and let a settle row cancel what is live in it."""
        iteration = frame.iteration if frame.kind == "foreach" else None
        self.stage.close.append(Close(frame.id, "closing", cause=cause, iteration=iteration))
        reads = self.plan.regions[frame.name].ending_reads
        row = settle_row(
            frame.id, frame.iteration, self.step.priority, cause, reads=reads, lane=self.step.lane
        )
        self.stage.steps.append(row)

    def leave(self, node: PlanNode, outcome: Break | Continue) -> None:
        """``break`` or ``continue`` in the innermost loop; a break's own out-edges are live exits."""
        frame = self.step.frames[0]
        if isinstance(outcome, Break) and frame.kind == "loop":
            self.settling.edges(((edge, True) for edges in node.out.values() for edge in edges), level=0)
        if self._alone(0) and not self.settling.started:
            self.end(
                0,
                leaving=outcome if isinstance(outcome, Break) else None,
                again=isinstance(outcome, Continue),
            )
            return
        why = "break" if isinstance(outcome, Break) else "continue"
        running = outcome.running if isinstance(outcome, Break) else "drain"
        self._begin_closing(frame, {"why": why, "running": running})

    def settled(self, cause: dict[str, Any]) -> None:
        """A closing scope has nothing live any more: go on as its cause says."""
        frame = self.step.frames[0]
        why = cause["why"]
        if frame.kind == "root":
            self.stage.finish = _ending(cause)
        elif why == "fail":
            self._settled_failure(frame, Failure(**_failure(cause["failure"])))
        elif why == "threshold":
            self._wake_container(frame, cause["result"])
        elif why == "break":
            self.end(0, leaving=Break(running=cause["running"]))
        else:
            self.end(0, again=True)

    def _settled_failure(self, frame: Frame, failure: Failure) -> None:
        if frame.kind == "foreach":
            self._fail_item(frame, self.plan.regions[frame.name], failure)
        elif frame.kind == "while":
            self._wake_container(frame, _failed(failure))
        else:
            self._close(frame)
            self.fail(1, failure)


def _failed(failure: Failure) -> dict[str, Any]:
    return {"failure": failure.to_json()}


def _too_many(region: PlanRegion) -> Failure:
    limit = region.max_iterations or 1000
    return Failure(
        "max_iterations",
        f"The loop {region.name} went round {limit} times, its limit.",
        node=region.owner,
        data={"limit": limit},
    )


def _failure(shown: dict[str, Any]) -> dict[str, Any]:
    """The Failure arguments behind ``Failure.to_json``."""
    return {
        "kind": shown["class"],
        "message": shown["message"],
        "data": shown.get("data") or {},
        "node": shown.get("node"),
        "cause": shown.get("cause"),
    }


def _ending(cause: dict[str, Any]) -> Finish:
    why = cause["why"]
    if why == "terminate":
        return Finish(cause["status"], output=cause["output"], has_output=True, error=cause["error"])
    if why == "fail":
        return Finish("failed", error=cause["failure"])
    return Finish({"cancel": "cancelled", "timeout": "timed_out"}[why], error=cause.get("error"))
