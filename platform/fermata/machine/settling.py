"""What settled edges lead to: joins, dead paths, steps that start, loops that are entered (engine.md §2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from fermata.errors import InvariantBroken
from fermata.graph.plan import ROOT, JoinPolicy, Plan, PlanNode, PlanRegion
from fermata.machine import identity
from fermata.machine.commands import Arrive, NewRegion, NewStep, Remember, Stage
from fermata.machine.view import Frame, StepView

DEATHS_AT_ONCE = 500


def new_step(
    plan: Plan,
    node: PlanNode,
    *,
    region: str,
    iteration: int,
    priority: int,
    lane: int | None,
    state: str = "ready",
) -> NewStep:
    """The row of a node in one passage of a region."""
    return NewStep(
        id=identity.step_id(region, iteration, node.id),
        node=node.id,
        kind="node",
        region=region,
        iteration=iteration,
        state=state,
        effect=node.effect,
        queue=node.queue,
        priority=priority if node.priority is None else node.priority,
        lane=lane,
        reads=node.reads if state == "ready" else (),
        freeze=node.freeze and state == "ready",
        timeout=node.timeout_seconds,
    )


def starts_of(
    plan: Plan,
    region: PlanRegion,
    *,
    region_id: str,
    iteration: int,
    path: list[list[Any]],
    priority: int,
    lane: int | None = None,
) -> tuple[list[NewRegion], list[NewStep]]:
    """The first rows of a passage; a start that is the header of a natural loop enters that loop."""
    regions: list[NewRegion] = []
    steps: list[NewStep] = []
    for name in region.starts:
        node = plan.nodes[name]
        where, at = region_id, iteration
        if node.region != region.name:
            loop = enter_loop(plan, node, region_id=region_id, iteration=iteration, path=path)
            regions.append(loop)
            where, at = loop.id, 0
        steps.append(new_step(plan, node, region=where, iteration=at, priority=priority, lane=lane))
    return regions, steps


def enter_loop(
    plan: Plan, header: PlanNode, *, region_id: str, iteration: int, path: list[list[Any]]
) -> NewRegion:
    """The row of a natural loop entered from one passage of ``region_id``; ``path`` is that passage's."""
    name = header.region
    return NewRegion(
        id=identity.loop_id(region_id, iteration, name),
        name=name,
        kind="loop",
        parent=region_id,
        parent_iteration=iteration,
        path=path,
    )


def passage_path(frame: Frame) -> list[list[Any]]:
    """The path of what stands inside this frame's passage."""
    return frame.path if frame.kind == "root" else [*frame.path, [frame.name, frame.iteration]]


def decided(policy: JoinPolicy, *, settled: int, live: int) -> bool | None:
    """True: the join opens; False: it is skipped; None: it goes on waiting."""
    if live >= policy.need and (policy.eager or settled == policy.total):
        return True
    if settled - live > policy.total - policy.need or settled == policy.total:
        return False
    return None


class Settling:
    """Follows settled edges within one stage; a worklist, amortised O(edges settled)."""

    def __init__(self, plan: Plan, step: StepView, stage: Stage) -> None:
        """``step``: whose frames name the regions; ``stage``: where the commands go."""
        self.plan = plan
        self.step = step
        self.stage = stage
        self.remembered: dict[str, set[int]] = {}
        self._work: deque[tuple[int, bool, int]] = deque()
        self._local: dict[tuple[int, str], dict[int, bool]] = {}
        self._deaths = 0

    @property
    def started(self) -> bool:
        """Whether the stage makes anything live."""
        return any(step.state == "ready" for step in self.stage.steps)

    def edges(self, settled: Iterable[tuple[int, bool]], *, level: int) -> None:
        """Settle (edge, live) pairs whose source stands at ``frames[level]``."""
        self._work.extend((edge, live, level) for edge, live in settled)
        self._drain()

    def skip(self, node_id: str, *, level: int) -> None:
        """The ledger found a join that cannot open any more."""
        self._skip(self.plan.nodes[node_id], level)
        self._drain()

    def start(self, node: PlanNode, *, level: int, arrivals: list[list[Any]] | None = None) -> None:
        """Make the node's step READY, entering its loop when it is a header."""
        row, loop = self._row(node, level)
        if arrivals is not None and "arrivals" in node.reads:
            row.data = {"arrivals": arrivals}
        if loop:
            self.stage.regions.append(loop)
        self.stage.steps.append(row)

    def _row(self, node: PlanNode, level: int) -> tuple[NewStep, NewRegion | None]:
        frame = self.step.frames[level]
        where, at, loop = frame.id, frame.iteration, None
        if node.region != frame.name:
            loop = enter_loop(
                self.plan, node, region_id=frame.id, iteration=frame.iteration, path=passage_path(frame)
            )
            where, at = loop.id, 0
        row = new_step(
            self.plan, node, region=where, iteration=at, priority=self.step.priority, lane=self.step.lane
        )
        return row, loop

    def _drain(self) -> None:
        while self._work or self._settle_joins():
            while self._work:
                edge, live, level = self._work.popleft()
                if not live and self._deaths >= DEATHS_AT_ONCE:
                    self._hand_over(edge, level)
                else:
                    self._settle(edge, live=live, level=level)
        self._arrive()

    def _settle(self, index: int, *, live: bool, level: int) -> None:
        frame = self.step.frames[level]
        region = self.plan.regions[frame.name]
        edge = self.plan.edges[index]
        target = self.plan.nodes[edge.target]
        inner = self.plan.regions[target.region]
        if index in region.back or index in region.exits:
            if live:
                self.remembered.setdefault(frame.id, set()).add(index)
                self.stage.remember.append(Remember(frame.id, index, frame.iteration, self.step.id))
        elif target.region == frame.name or (inner.kind == "loop" and inner.parent == frame.name):
            self._reach(target, index, live=live, level=level)
        else:
            raise InvariantBroken(f"Edge {index} leads from region {frame.name} into {target.region}.")

    def _reach(self, node: PlanNode, index: int, *, live: bool, level: int) -> None:
        if node.join is not None:
            self._local.setdefault((level, node.id), {})[index] = live
        elif live:
            self.start(node, level=level, arrivals=[[index, self.step.id]])
        else:
            self._skip(node, level)

    def _settle_joins(self) -> bool:
        """Decide joins all of whose edges settled in this very stage; True when there was one."""
        for key, edges in list(self._local.items()):
            level, name = key
            node = self.plan.nodes[name]
            policy = node.join
            if policy is None or len(edges) < policy.total:
                continue
            del self._local[key]
            if decided(policy, settled=len(edges), live=sum(edges.values())):
                self.start(
                    node, level=level, arrivals=[[edge, self.step.id] for edge, live in edges.items() if live]
                )
            else:
                self._skip(node, level)
            return True
        return False

    def _arrive(self) -> None:
        """What is left is for the ledger to count."""
        for (level, name), edges in self._local.items():
            node = self.plan.nodes[name]
            policy = node.join
            if policy is None:
                raise InvariantBroken(f"Node {name} has no join.")
            frame = self.step.frames[level]
            for index, live in edges.items():
                row, loop = self._row(node, level)
                self.stage.arrivals.append(
                    Arrive(
                        join=identity.join_id(frame.id, frame.iteration, name),
                        node=name,
                        region=frame.id,
                        iteration=frame.iteration,
                        edge=index,
                        live=live,
                        source=self.step.id,
                        total=policy.total,
                        need=policy.need,
                        eager=policy.eager,
                        step=row,
                        opens=loop,
                    )
                )
        self._local.clear()

    def _skip(self, node: PlanNode, level: int) -> None:
        """A dead node is one row; so is a dead container or loop, whose inside gets none."""
        frame = self.step.frames[level]
        self._deaths += 1
        self.stage.steps.append(
            new_step(
                self.plan,
                node,
                region=frame.id,
                iteration=frame.iteration,
                priority=self.step.priority,
                lane=self.step.lane,
                state="skipped",
            )
        )
        if node.region != frame.name:
            dying: Iterable[int] = self.plan.regions[node.region].exits
        else:
            dying = (edge for edges in node.out.values() for edge in edges)
        self._work.extend((edge, False, level) for edge in dying)

    def _hand_over(self, edge: int, level: int) -> None:
        """The rest of a long death goes on in a transaction of its own."""
        frame = self.step.frames[level]
        rest = [edge, *(other for other, live, at in self._work if not live and at == level)]
        self._work = deque(entry for entry in self._work if entry[1] or entry[2] != level)
        name = f"@death:{edge}"
        self.stage.steps.append(
            NewStep(
                id=identity.step_id(frame.id, frame.iteration, name, kind="skip"),
                node=name,
                kind="skip",
                region=frame.id,
                iteration=frame.iteration,
                lane=self.step.lane,
                priority=self.step.priority,
                data={"edges": rest},
            )
        )


def root_region(execution_id: str) -> NewRegion:
    """The root region's row."""
    return NewRegion(
        id=identity.root_id(execution_id), name=ROOT, kind="root", parent=None, parent_iteration=0, path=[]
    )


def settle_row(
    region_id: str,
    iteration: int,
    priority: int,
    cause: dict[str, Any],
    *,
    reads: tuple[str, ...] = (),
    lane: int | None = None,
) -> NewStep:
    """The READY row that cancels what is live in a closing scope and then goes on as ``cause`` says."""
    node = f"@settle:{cause['why']}"
    return NewStep(
        id=identity.step_id(region_id, iteration, node, kind="settle"),
        node=node,
        kind="settle",
        region=region_id,
        iteration=iteration,
        priority=priority,
        lane=lane,
        reads=reads,
        data=cause,
    )
