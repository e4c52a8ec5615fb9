"""Decisions that are recorded together, and the steps that may be performed before their rows exist.

``dispatch: together`` (engine.md §4): from a claimed pure step a session goes on in memory. A *follower* is a
step that a decision of the session would make READY and whose claim can be known without the ledger. All
decisions of a batch stand in one region; the ledger records them in one transaction, or none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fermata.graph.plan import Plan, PlanNode
from fermata.machine.commands import Arrive, Decision, NewRegion, NewStep, Remember, Stage
from fermata.machine.view import Claim, ExecutionView, StepView

TEAMS_CODE = "celery_task"
FOLLOWED_AT_A_FORK = 5
"""A fork into more pure steps is left to other workers, too."""


@dataclass(slots=True)
class Batch:
    """Decisions in the order in which they were made: each one comes after the one that made its step.

    ``born``: of the followers among them the rows, by step id, as their makers' decisions wanted them READY.
    ``queue``: on which all of them stand. ``room``: as in a decision.
    """

    execution: ExecutionView
    queue: str
    worker: str = ""
    room: dict[str, int] | None = None
    decisions: list[Decision] = field(default_factory=list)
    born: dict[str, NewStep] = field(default_factory=dict)

    @property
    def roots(self) -> list[Decision]:
        """Decisions of steps that were READY rows before."""
        return [decision for decision in self.decisions if decision.own.id not in self.born]


@dataclass(slots=True)
class Sight:
    """What a session knows of one passage of a region. ``asked``: the reads it knows the answer of.

    The other fields as in :class:`fermata.machine.view.Claim`; what was asked and is absent is not in them.
    """

    asked: set[str]
    steps: dict[str, Any] = field(default_factory=dict)
    previous: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    item: Any = None
    has_item: bool = False
    input: Any = None
    trigger: Any = None

    def learn(self, other: Sight) -> None:
        """Add the answers of a later look."""
        self.asked |= other.asked
        self.steps |= other.steps
        self.previous |= other.previous
        self.variables |= other.variables
        if "item" in other.asked:
            self.item, self.has_item = other.item, other.has_item
        if "inputs" in other.asked:
            self.input = other.input
        if "trigger" in other.asked:
            self.trigger = other.trigger

    def claim(self, step: StepView, execution: ExecutionView, now: str, reads: Iterable[str]) -> Claim:
        """The claim of one step of the passage: of all this, what it reads."""
        claim = Claim(step=step, execution=execution, now=now)
        for read in reads:
            kind, _, name = read.partition(":")
            if kind == "step":
                _copy(name, self.steps, claim.steps)
            elif kind == "previous":
                _copy(name, self.previous, claim.previous)
            elif kind == "var":
                _copy(name, self.variables, claim.variables)
            elif kind == "item":
                claim.item, claim.has_item = self.item, self.has_item
            elif kind == "inputs":
                claim.input = self.input
            elif kind == "trigger":
                claim.trigger = self.trigger
        return claim


def _copy(name: str, here: dict[str, Any], there: dict[str, Any]) -> None:
    if name in here:
        there[name] = here[name]


@dataclass(slots=True)
class Passage:
    """Claimed steps that stand in one passage of a region, and what is known of it."""

    claims: list[Claim]
    sight: Sight


@dataclass(slots=True)
class Claims:
    """What claiming many came to. ``alone``: READY ones that must be claimed each by itself."""

    passages: list[Passage] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Ending:
    """What a decision wants beyond its first stage: ``stages``, if the scope is over."""

    region: str
    iteration: int
    stages: list[Stage]


@dataclass(slots=True)
class Merged:
    """The first stages of a batch as one, and the endings in order, of each scope the last one.

    ``steps``: without those born in the batch. ``arrivals``: by join, then as they came.
    """

    regions: list[NewRegion] = field(default_factory=list)
    steps: list[NewStep] = field(default_factory=list)
    arrivals: list[Arrive] = field(default_factory=list)
    remember: list[Remember] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)


def is_plain(decision: Decision) -> bool:
    """Whether it may be recorded in a batch: a success that starts, settles and perhaps ends its scope."""
    first = decision.stages[0]
    return decision.own.state == "succeeded" and not (
        decision.writes
        or decision.spawn
        or decision.wait_children
        or decision.signal is not None
        or decision.approval is not None
        or first.close
        or first.passes
        or first.end_item
        or first.wake
        or first.finish
    )


def merged(batch: Batch) -> Merged:
    """Everything the batch wants written beside its own steps."""
    found = Merged()
    endings: dict[tuple[str, int], Ending] = {}
    for decision in batch.decisions:
        first, *later = decision.stages
        found.regions += first.regions
        found.steps += [step for step in first.steps if step.id not in batch.born]
        found.arrivals += first.arrivals
        found.remember += first.remember
        if first.check is not None:
            scope = first.check.region, first.check.iteration
            endings.pop(scope, None)
            endings[scope] = Ending(*scope, stages=[Stage(check=first.check), *later])
    found.arrivals.sort(key=lambda arrival: arrival.join)
    found.endings = list(endings.values())
    return found


def goes_together(plan: Plan, node: PlanNode) -> bool:
    """Whether its steps are performed in sessions."""
    return node.effect == "pure" and node.id not in plan.regions


def is_batchable(plan: Plan, node: PlanNode) -> bool:
    """Whether others may wait for its step, in the same batch: a team's code takes as long as it likes."""
    return goes_together(plan, node) and node.type != TEAMS_CODE


def leads_on(plan: Plan, node: PlanNode) -> bool:
    """Whether a step of it may be followed in place: else a session of its own is only dearer than none."""
    edges = (plan.edges[index] for port in node.out.values() for index in port)
    return any(is_batchable(plan, plan.nodes[edge.target]) for edge in edges)


def followers(plan: Plan, claim: Claim, decision: Decision) -> Iterator[tuple[NewStep, PlanNode]]:
    """Steps that the session may perform before their rows exist: same passage, queue and priority.

    None where what somebody sees depends on the moment of this record: where it makes a step whose sight is
    frozen, or arrives at a join that opens at once.
    """
    first, step = decision.stages[0], claim.step
    if any(new.freeze for new in first.steps) or any(opens_early(arrival) for arrival in first.arrivals):
        return
    frame, queue = step.frames[0], plan.nodes[step.node].queue
    found = [
        (new, plan.nodes[new.node])
        for new in first.steps
        if new.state == "ready"
        and new.kind == "node"
        and new.region == frame.id
        and new.iteration == frame.iteration
        and new.queue == queue
        and new.priority == step.priority
        and new.data is None
        and is_batchable(plan, plan.nodes[new.node])
        and not any(read == "arrivals" or read.startswith(("var:", "secret:")) for read in new.reads)
    ]
    if len(found) <= FOLLOWED_AT_A_FORK:
        yield from found


def view_of(claim: Claim, new: NewStep) -> StepView:
    """The follower's step as its claim would have shown it."""
    return StepView(
        id=new.id,
        node=new.node,
        kind="node",
        run=1,
        attempt=1,
        fence=1,
        state="ready",
        frames=claim.step.frames,
        lane=new.lane,
        priority=new.priority,
    )


def opens_early(arrival: Arrive) -> bool:
    """Whether the join may open before all of its edges are settled."""
    return arrival.eager and arrival.need < arrival.total


def reads_ahead(plan: Plan, node: PlanNode, *, most: int) -> frozenset[str]:
    """What a straight way of at most so many nodes from ``node`` reads and does not make itself."""
    passed, reads, waiting = {node.id}, set[str](), [node]
    while waiting and len(passed) < most:
        for index in (edge for edges in waiting.pop().out.values() for edge in edges):
            edge = plan.edges[index]
            target = plan.nodes[edge.target]
            straight = edge.kind == "forward" and len(target.into) == 1 and target.region == node.region
            if straight and target.id not in passed and is_batchable(plan, target):
                passed.add(target.id)
                waiting.append(target)
                reads.update(target.reads)
    return frozenset(reads) - {f"step:{name}" for name in passed}
