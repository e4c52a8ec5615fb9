"""What expressions and nodes see of a claimed step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from fermata.graph import expression
from fermata.graph.plan import Plan, PlanNode
from fermata.machine.view import Claim
from fermata.nodes.contract import Context

Guard = Callable[[], AbstractContextManager[Any]]


def bindings(plan: Plan, claim: Claim) -> dict[str, Any]:
    """The names expressions may use, from what the claim loaded; absent ancestors are absent."""
    return bound_to(claim, plan=plan, reads=reads_of(plan, claim), variables=plan.variables)


def bound_to(
    claim: Claim, *, plan: Plan, reads: Collection[str], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """As ``bindings``, for ``reads`` and declared defaults that need not be the plan's."""
    step, execution = claim.step, claim.execution
    bound: dict[str, Any] = {
        "inputs": claim.input if claim.input is not None else {},
        "vars": {**variables, **claim.variables},
        "steps": {route.rpartition("/")[2]: value for route, value in claim.steps.items()},
        "previous": _previous(reads, claim),
        "trigger": claim.trigger if claim.trigger is not None else {},
        "execution": {
            "id": execution.id,
            "workflow_id": execution.workflow_id,
            "version": execution.version,
            "started_by": execution.started_by,
            "created_at": execution.created_at,
            "priority": execution.priority,
        },
    }
    loop = next((frame for frame in step.frames if frame.kind != "root"), None)
    if loop is not None:
        bound["index"] = loop.iteration
    if claim.has_item:
        bound["item"] = claim.item
    if claim.arrivals is not None:
        bound["arrivals"] = [_arrival(plan, arrival) for arrival in claim.arrivals]
    return bound


def _previous(reads: Collection[str], claim: Claim) -> dict[str, Any]:
    names = [read[9:] for read in reads if read.startswith("previous:")]
    return {name: claim.previous.get(name, {"output": None}) for name in names}


def reads_of(plan: Plan, claim: Claim) -> tuple[str, ...]:
    """What the step's row asked for: its node's reads, or its region's for the engine's own rows."""
    node = plan.nodes.get(claim.step.node)
    if claim.step.kind == "node" and node is not None:
        return node.reads
    return plan.regions[claim.step.frames[0].name].ending_reads


def _arrival(plan: Plan, arrival: dict[str, Any]) -> dict[str, Any]:
    edge = plan.edges[arrival["edge"]]
    return {"port": edge.port, **{key: value for key, value in arrival.items() if key != "edge"}}


class Evaluator:
    """Renders templates against one claim's bindings. ``guard`` bounds each evaluation in time."""

    def __init__(self, bound: dict[str, Any], guard: Guard = nullcontext) -> None:
        """``bound``: as :func:`bindings` made it."""
        self.bound = bound
        self._guard = guard

    def with_bound(self, **names: Any) -> Evaluator:
        """One that sees these names too."""
        return Evaluator({**self.bound, **names}, self._guard)

    def __call__(self, template: Any, overrides: dict[str, Any] | None = None) -> Any:
        """The template's value. Raises ExpressionError."""
        bound = self.bound
        if overrides:
            steps = {**bound["steps"], **overrides.get("steps", {})}
            names = {**bound["vars"], **overrides.get("vars", {})}
            bound = {**bound, **overrides, "steps": steps, "vars": names}
        with self._guard():
            return expression.render(template, bound)


def idempotency_key(claim: Claim) -> str:
    """``{execution}:{node}:{path}:{run}``; after definite refusals their number + 1 is appended.

    So a repeat whose predecessor's outcome is unknown keeps its predecessor's key.
    """
    step = claim.step
    path = ".".join(f"{region}[{iteration}]" for region, iteration in step.path)
    key = f"{claim.execution.id}:{step.node}:{path}:{step.run}"
    return f"{key}:{step.refusals + 1}" if step.refusals else key


def first_index(plan: Plan, claim: Claim, evaluator: Evaluator) -> Callable[[Any], Any]:
    """``evaluate`` for a node: a ``while`` asks for passage 0, every other node for where it stands."""
    region = plan.regions.get(claim.step.node)
    if region is not None and region.kind == "while":
        return lambda template: evaluator(template, {"index": 0})
    return evaluator


def node_context(
    plan: Plan,
    node: PlanNode,
    claim: Claim,
    evaluator: Evaluator,
    *,
    live: Callable[[], None],
    call_task: Callable[..., Any] | None,
    allowed_hosts: tuple[str, ...] = (),
    secret_hosts: Mapping[str, tuple[str, ...]] | None = None,
) -> Context:
    """The Context a node type's ``perform`` gets."""
    step = claim.step
    now = datetime.fromisoformat(claim.now)
    resume = step.resume
    if resume and resume.get("kind") == "region":
        resume = {"kind": "region", "result": claim.result}
    return Context(
        execution_id=claim.execution.id,
        step_id=step.id,
        node_id=step.node,
        workspace_id=claim.execution.workspace_id,
        attempt=step.attempt,
        idempotency_key=idempotency_key(claim),
        now=now,
        path=tuple((region, iteration) for region, iteration in step.path),
        index=evaluator.bound.get("index"),
        resume=resume,
        deadline=now + timedelta(seconds=node.timeout_seconds) if node.timeout_seconds else None,
        bindings=evaluator.bound,
        evaluate=first_index(plan, claim, evaluator),
        live=live,
        call_task=call_task,
        allowed_hosts=allowed_hosts,
        secret_hosts=secret_hosts or {},
    )
