"""Failures that can only come late: all forward paths lead through an open join (engine.md §2a.7)."""

from __future__ import annotations

from fermata.graph.plan import Plan
from fermata.machine import identity
from fermata.machine.view import StepView


def joins_ahead(plan: Plan, step: StepView) -> list[str]:
    """Ids of the eager joins in the step's passage through which every forward path from it leads."""
    region = plan.regions[plan.nodes[step.node].region]
    frame = step.frames[0]
    eager = [
        name
        for name in region.members
        if (policy := plan.nodes[name].join) is not None and policy.mode == "any" and name != step.node
    ]
    return [
        identity.join_id(frame.id, frame.iteration, name)
        for name in eager
        if _all_paths_lead_through(plan, step.node, name)
    ]


def _all_paths_lead_through(plan: Plan, start: str, join: str) -> bool:
    """Whether every walk from ``start`` along forward edges reaches ``join`` before it ends."""
    members = set(plan.regions[plan.nodes[start].region].members)
    waiting, seen = [start], {start}
    while waiting:
        node = plan.nodes[waiting.pop()]
        edges = [plan.edges[index] for indices in node.out.values() for index in indices]
        if not edges:
            return False
        for edge in edges:
            if edge.target == join or edge.target in seen:
                continue
            if edge.kind != "forward" or edge.target not in members:
                return False
            seen.add(edge.target)
            waiting.append(edge.target)
    return True
