"""The dispatcher port: who carries rings. Chosen in settings by dotted path (``FERMATA_DISPATCHER``)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings

from fermata.engine.ledger import Ledger, Ring
from fermata.errors import FermataError
from fermata.graph.plan import Plan
from fermata.machine.commands import Decision
from fermata.machine.together import goes_together, is_batchable, leads_on

MOST_TOGETHER = 25
"""Rows that one message rings: it stays below 4 KB."""
FEWEST_TOGETHER = 10
"""Batches are not made smaller to give every worker some: a message and a commit cost as much as so many."""

MOST_FORESEEN = 25
"""Rows of one record whose messages are made before it is known that they are owed."""


def together(rings: Sequence[Ring], plan: Plan | None, *, size: int | None = None) -> list[Ring]:
    """The rings as they are sent: of a plan that says ``dispatch: together`` the pure steps in batches.

    A batch rings steps of one execution on one queue. Without a ``size`` every worker gets some; what is in
    a batch already stays there.
    """
    if plan is None or plan.settings.dispatch != "together":
        return list(rings)
    sent: list[Ring] = []
    groups: dict[tuple[str, str], list[Ring]] = {}
    for ring in rings:
        node = plan.nodes.get(ring.node_id)
        if ring.also is not None or ring.kind != "node" or node is None or not goes_together(plan, node):
            sent.append(ring)
        elif is_batchable(plan, node):
            groups.setdefault((ring.execution_id, ring.queue), []).append(ring)
        else:
            sent.append(replace(ring, also=()) if leads_on(plan, node) else ring)
    for group in groups.values():
        step = size or batch_size(len(group))
        for at in range(0, len(group), step):
            first, *others = group[at : at + step]
            sent.append(replace(first, also=tuple(ring.step_id for ring in others)))
    return sent


def ring_by_plan(
    rings: Sequence[Ring], *, ledger: Ledger, plans: Plans, dispatcher: Dispatcher, pipeline: Any = None
) -> None:
    """Ring rows that waited for a place in the window, those of each execution as its plan says.

    There is more to do than workers, so batches are as large as may be.
    """
    versions = ledger.versions_of({ring.execution_id for ring in rings})
    groups: dict[str, list[Ring]] = {}
    for ring in rings:
        groups.setdefault(ring.execution_id, []).append(ring)
    for execution_id, group in groups.items():
        try:
            plan = plans.plan(versions[execution_id])
        except (FermataError, KeyError):
            plan = None
        dispatcher.ring(together(group, plan, size=MOST_TOGETHER), pipeline=pipeline, plan=plan)


def foreseen(decision: Decision, execution_id: str) -> list[Ring]:
    """The rings that recording this most likely leads to: those of its own new rows, if all of it is applied.

    None of a fork so wide that not all of it may be rung; whatever the record answers is what counts.
    """
    steps = [step for stage in decision.stages for step in stage.steps if step.state == "ready"]
    if len(steps) > MOST_FORESEEN:
        return []
    return [
        Ring(
            execution_id=execution_id,
            step_id=step.id,
            node_id=step.node,
            kind=step.kind,
            queue=step.queue,
            priority=step.priority,
            lane=step.lane,
            region_id=step.region,
            iteration=step.iteration,
        )
        for step in steps
        if step.kind == "node"
    ]


def batch_size(ready: int) -> int:
    """The size of the batches that so many ready steps are cut into: two for each processor, if they fill."""
    batches = min(2 * (os.cpu_count() or 1), ready // FEWEST_TOGETHER)
    return -(-ready // max(1, batches, -(-ready // MOST_TOGETHER)))


class Plans(Protocol):
    """Compiled plans by version."""

    def plan(self, version_id: str) -> Plan:
        """The version's plan."""
        ...


class Dispatcher(Protocol):
    """Carries rings to workers. Losing, doubling or delaying one is harmless."""

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Send one message per ring, in the caller's Redis pipeline when one is given.

        ``plan``: of the execution the rings belong to, for dispatchers that see shapes in it.
        """
        ...

    def ahead(self, rings: Sequence[Ring], *, plan: Plan | None = None) -> Callable[[Any], None]:
        """Get everything ready to ring these; what is answered, called with a pipeline, rings them."""
        ...

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages waiting per queue. Raises ServerUnavailable."""
        ...


class InProcessDispatcher:
    """Keeps rings in a list; whoever drives it performs them. For tests, test mode and single-process use."""

    def __init__(self) -> None:
        """Empty."""
        self.rings: deque[Ring] = deque()

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Append."""
        self.rings.extend(together(rings, plan))

    def ahead(self, rings: Sequence[Ring], *, plan: Plan | None = None) -> Callable[[Any], None]:
        """There is nothing to get ready."""
        return lambda _pipeline: self.ring(rings, plan=plan)

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """How many rings wait, by queue."""
        counts = dict.fromkeys(queues, 0)
        for ring in self.rings:
            counts[ring.queue] = counts.get(ring.queue, 0) + 1
        return counts


class SilentDispatcher:
    """Carries nothing: every ring is left to recovery."""

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Drop."""

    def ahead(self, rings: Sequence[Ring], *, plan: Plan | None = None) -> Callable[[Any], None]:
        """There is nothing to get ready."""
        return lambda _pipeline: None

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """Always empty."""
        return dict.fromkeys(queues, 0)


@cache
def dispatcher() -> Dispatcher:
    """This process's dispatcher, made once from settings."""
    module, _, name = settings.FERMATA_DISPATCHER.rpartition(".")
    return cast("Dispatcher", getattr(import_module(module), name)())
