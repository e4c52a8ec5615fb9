"""Tells how a plan runs: what each region becomes on Celery, where it joins, repeats and dies."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fermata.graph.plan import Plan, PlanNode, PlanRegion

WINDOW = 10
"""Links of one chain message (engine.md §4)."""


def explain(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON for people: ``{"digest", "name", "nodes", "edges", "regions"}``.

    Each region lists ``canvas``: pieces of kind ``chain`` (a straight run, with its windows), ``chord`` (a
    fork whose branches all meet at one join), ``lanes`` (a foreach's concurrent items) and ``ledger`` (a
    join counted by the database alone).
    """
    return {
        "digest": plan.digest,
        "name": plan.name,
        "nodes": [_node(plan, node) for node in plan.nodes.values()],
        "edges": [_edge(plan, at) for at in range(len(plan.edges))],
        "regions": [_region(plan, region) for region in plan.regions.values()],
    }


def _node(plan: Plan, node: PlanNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "type": node.type,
        "label": node.label or node.id,
        "region": node.region,
        "ports": list(node.ports),
        "effect": node.effect,
        "queue": node.queue,
        "join": node.join.mode if node.join else None,
        "reads": list(node.reads),
        "dead_path": _dead_path(plan, node),
    }


def _dead_path(plan: Plan, node: PlanNode) -> str:
    """When the node is skipped, in a sentence."""
    if not node.into:
        return (
            "never skipped: nothing leads into it"
            if node.region not in plan.nodes
            else "starts with its region"
        )
    if node.join is None:
        return f"skipped when the edge from {plan.edges[node.into[0]].source} dies"
    if node.join.mode == "all":
        return f"skipped as soon as one of its {node.join.total} edges dies"
    return f"skipped when all {node.join.total} edges have died"


def _edge(plan: Plan, at: int) -> dict[str, Any]:
    edge = plan.edges[at]
    shown: dict[str, Any] = {
        "index": edge.index,
        "from": edge.source,
        "port": edge.port,
        "to": edge.target,
        "kind": edge.kind,
    }
    if edge.when is not None:
        shown["when"] = edge.when.source
    return shown


def _region(plan: Plan, region: PlanRegion) -> dict[str, Any]:
    joins = [plan.nodes[name] for name in region.members if plan.nodes[name].join]
    shown: dict[str, Any] = {
        "name": region.name,
        "kind": region.kind,
        "parent": region.parent,
        "owner": region.owner,
        "members": list(region.members),
        "starts": list(region.starts),
        "sinks": list(region.sinks),
        "serial": region.serial,
        "joins": [
            {
                "node": node.id,
                "mode": node.join.mode,
                "waits_for": node.join.total,
                "opens_at": node.join.need,
            }
            for node in joins
            if node.join
        ],
        "canvas": _canvas(plan, region, joins),
    }
    if region.kind in {"while", "loop"}:
        shown["repeats"] = {
            "max_iterations": region.max_iterations,
            "back": [_edge(plan, at) for at in region.back],
            "exits": [_edge(plan, at) for at in region.exits],
        }
    return shown


def _canvas(plan: Plan, region: PlanRegion, joins: list[PlanNode]) -> list[dict[str, Any]]:
    chords = _chords(plan, region)
    pieces: list[dict[str, Any]] = []
    if region.kind == "foreach":
        lanes = plan.nodes[region.owner].config.get("concurrency", 1)
        pieces.append({"kind": "lanes", "lanes": lanes, "note": "each lane runs one item after the other"})
    pieces.extend(
        {"kind": "chain", "nodes": run, "windows": -(-len(run) // WINDOW)}
        for run in _runs(plan, region)
        if len(run) > 1
    )
    pieces.extend(chords)
    counted = {piece["join"] for piece in chords}
    pieces.extend(
        {"kind": "ledger", "join": node.id, "note": "its edges are counted by the database"}
        for node in joins
        if node.id not in counted
    )
    return pieces


def _live_together(node: PlanNode) -> dict[str, tuple[int, ...]]:
    """Ports whose several edges start together."""
    return {port: edges for port, edges in node.out.items() if len(edges) > 1}


def _runs(plan: Plan, region: PlanRegion) -> list[list[str]]:
    """Straight runs: each node is followed, on whatever port, by one way only, and preceded by one."""
    following: dict[str, str] = {}
    preceded: set[str] = set()
    for name in region.members:
        targets = _successors(plan, region, name)
        if (
            len(targets) == 1
            and not _live_together(plan.nodes[name])
            and len(plan.nodes[targets[0]].into) == 1
        ):
            following[name] = targets[0]
            preceded.add(targets[0])
    runs: list[list[str]] = []
    for name in region.members:
        if name in preceded:
            continue
        run = [name]
        while run[-1] in following:
            run.append(following[run[-1]])
        runs.append(run)
    return runs


def _successors(plan: Plan, region: PlanRegion, name: str) -> list[str]:
    edges = [plan.edges[at] for port in plan.nodes[name].out.values() for at in port]
    return [
        edge.target
        for edge in edges
        if edge.kind == "forward" and plan.nodes[edge.target].region == region.name
    ]


def _chords(plan: Plan, region: PlanRegion) -> list[dict[str, Any]]:
    """Forks whose branches are straight and all end at one join; chords do not nest: the outer wins."""
    found: list[dict[str, Any]] = []
    inside: set[str] = set()
    for name in region.members:
        for edges in _live_together(plan.nodes[name]).values():
            branches: dict[str, list[str]] = defaultdict(list)
            ends: set[str] = set()
            for at in edges:
                branch, end = _branch(plan, region, plan.edges[at].target)
                branches[plan.edges[at].target] = branch
                ends.add(end)
            join = next(iter(ends))
            if len(ends) == 1 and join and name not in inside:
                found.append(
                    {"kind": "chord", "fork": name, "branches": list(branches.values()), "join": join}
                )
                inside.update(node for branch in branches.values() for node in branch)
    return found


def _branch(plan: Plan, region: PlanRegion, start: str) -> tuple[list[str], str]:
    """The straight run from ``start`` and the join it ends at ("" when it ends elsewhere)."""
    branch: list[str] = []
    at = start
    while plan.nodes[at].join is None:
        branch.append(at)
        targets = set(_successors(plan, region, at))
        if len(targets) != 1 or _live_together(plan.nodes[at]):
            return branch, ""
        at = targets.pop()
    return branch, at
