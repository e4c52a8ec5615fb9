"""Judges nodes and edges as a graph: types, parents, ports, cycles, joins. Builds the topology."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from fermata.graph.document import DEFAULT_PORT, MAX_LOOPS, MAX_NESTING, Document, Edge, Node
from fermata.graph.node_types import NodeTypeInfo, NodeTypes
from fermata.graph.plan import RegionKind
from fermata.graph.problems import Report, did_you_mean, remove, replace
from fermata.graph.topology import Level, Topology, analyse_level

QUIET_PORTS = frozenset({"error", "timeout"})
"""Ports whose missing edge has a meaning of its own, so that it is no warning."""


@dataclass(slots=True)
class Structure:
    """What is known of the graph so far.

    ``ids``: of all nodes; ``nodes``: runnable ones by id (the first of equal ids); ``edges``: those that
    connect two of them; ``ports``: by node. ``whole``: no node or edge was dropped, so what seems no ancestor
    is none.
    ``topology`` is None when regions cannot be told.
    """

    document: Document
    nodes: dict[str, Node] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    infos: dict[str, NodeTypeInfo] = field(default_factory=dict)
    ports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    whole: bool = True
    topology: Topology | None = None


def judge(document: Document, node_types: NodeTypes, report: Report) -> Structure:
    """Report every fault of the graph and answer with what is known of it."""
    structure = Structure(document, whole=not report.failed)
    _take_nodes(structure, node_types, report)
    parents_fit = _check_parents(structure, report)
    _take_edges(structure, report)
    if parents_fit:
        _analyse(structure, report)
    _check_ports_used(structure, report)
    if structure.topology is not None:
        _check_loops(structure, structure.topology, report)
        _check_joins(structure, structure.topology, report)
    return structure


def _take_nodes(structure: Structure, node_types: NodeTypes, report: Report) -> None:
    ids = structure.ids
    for node in structure.document.nodes:
        if node.id in ids:
            report.error(
                "duplicate_id",
                f"{node.pointer}/id",
                f"There is another node {node.id!r}.",
                "Give it an id of its own.",
                node_id=node.id,
                fix=replace(f"{node.pointer}/id", _free_id(node.id, ids)),
            )
            structure.whole = False
            continue
        ids.add(node.id)
        info = node_types.find(node.type, node.type_version)
        if info is None:
            _report_unknown_type(node, node_types, report)
            structure.whole = False
        elif info.runnable:
            structure.nodes[node.id] = node
            structure.infos[node.id] = info
            _check_config(structure, node, info, report)
        else:
            structure.notes.add(node.id)


def _free_id(wanted: str, ids: set[str]) -> str:
    number = 2
    while f"{wanted[:58]}_{number}" in ids:
        number += 1
    return f"{wanted[:58]}_{number}"


def _report_unknown_type(node: Node, node_types: NodeTypes, report: Report) -> None:
    if node.type_version is not None and node_types.find(node.type) is not None:
        report.error(
            "unknown_type_version",
            f"{node.pointer}/type_version",
            f"The type {node.type!r} has no version {node.type_version} here.",
            "Remove the version to take the newest one.",
            node_id=node.id,
            fix=remove(f"{node.pointer}/type_version"),
        )
        return
    near = report.nearest(node.type, node_types.names())
    report.error(
        "unknown_type",
        f"{node.pointer}/type",
        f"There is no node type {node.type!r}.",
        f"Did you mean {near!r}?" if near else f"Known are {', '.join(node_types.names())}.",
        node_id=node.id,
        fix=replace(f"{node.pointer}/type", near) if near else (),
    )


def _check_config(structure: Structure, node: Node, info: NodeTypeInfo, report: Report) -> None:
    faulty = False
    for problem in info.problems(node.config):
        faulty = True
        report.error(
            problem.code,
            f"{node.pointer}/config{problem.pointer}",
            problem.message,
            problem.cure,
            node_id=node.id,
        )
    try:
        structure.ports[node.id] = tuple(info.ports(node.config))
    except Exception:
        if not faulty:  # a faulty config may have no ports; a good one must
            raise


def _check_parents(structure: Structure, report: Report) -> bool:
    fit = True
    known = tuple(node_id for node_id, info in structure.infos.items() if info.container)
    for node in structure.nodes.values():
        if node.parent is None:
            continue
        parent = structure.infos.get(node.parent)
        if parent is None or not parent.container:
            fit = False
            missing = node.parent not in structure.nodes
            report.error(
                "unknown_parent" if missing else "parent_is_no_container",
                f"{node.pointer}/parent",
                f"There is no node {node.parent!r}." if missing else f"{node.parent!r} holds no nodes.",
                did_you_mean(
                    node.parent, known[:50], otherwise="Name a foreach or while node, or remove it."
                ),
                node_id=node.id,
                fix=remove(f"{node.pointer}/parent"),
            )
    return fit and _check_parent_cycles(structure, report)


def _check_parent_cycles(structure: Structure, report: Report) -> bool:
    rooted: set[str] = set()
    fit = True
    for node_id in structure.nodes:
        trail: list[str] = []
        at: str | None = node_id
        while at is not None and at not in rooted and at not in trail:
            trail.append(at)
            at = structure.nodes[at].parent
        if at in trail:
            fit = False
            node = structure.nodes[node_id]
            report.error(
                "parent_cycle",
                f"{node.pointer}/parent",
                f"{node_id!r} stands inside itself.",
                "Take one of these nodes out.",
                node_id=node_id,
                fix=remove(f"{node.pointer}/parent"),
            )
        rooted.update(trail)
    return fit


def _take_edges(structure: Structure, report: Report) -> None:
    seen: set[tuple[str, str, str, str | None]] = set()
    for edge in structure.document.edges:
        key = (edge.source, edge.port, edge.target, edge.when)
        if key in seen:
            report.error(
                "duplicate_edge", edge.pointer, "The same edge stands here twice.", "Remove one.",
                node_id=edge.source, fix=remove(edge.pointer),
            )  # fmt: skip
            continue
        seen.add(key)
        if _edge_fits(structure, edge, report):
            structure.edges.append(edge)
        else:
            structure.whole = False


def _edge_fits(structure: Structure, edge: Edge, report: Report) -> bool:
    fits = True
    for end, node_id in (("from", edge.source), ("to", edge.target)):
        if node_id in structure.nodes:
            continue
        fits = False
        if node_id in structure.notes:
            report.error(
                "edge_at_note", f"{edge.pointer}/{end}", f"{node_id!r} is a note; it is never run.",
                "Remove the edge.", node_id=node_id, fix=remove(edge.pointer),
            )  # fmt: skip
        elif node_id not in structure.ids:
            near = report.nearest(node_id, structure.nodes)
            port = f".{edge.port}" if end == "from" and edge.port != DEFAULT_PORT else ""
            report.error(
                "dangling_edge",
                f"{edge.pointer}/{end}",
                f"There is no node {node_id[:100]!r}.",
                f"Did you mean {near!r}?" if near else "Add the node or remove the edge.",
                fix=replace(f"{edge.pointer}/{end}", near + port) if near else remove(edge.pointer),
            )
    if not fits:
        return False
    source, target = structure.nodes[edge.source], structure.nodes[edge.target]
    if source.parent != target.parent:
        report.error(
            "edge_across_containers",
            edge.pointer,
            f"{source.id!r} and {target.id!r} do not stand in the same container.",
            "Draw the edge between nodes of one container, or from and to the container itself.",
            node_id=source.id,
        )
        return False
    return _port_fits(structure, edge, report)


def _port_fits(structure: Structure, edge: Edge, report: Report) -> bool:
    ports = structure.ports.get(edge.source)
    if ports is None or edge.port in ports:
        return True
    near = report.nearest(edge.port, ports)
    report.error(
        "unknown_port",
        f"{edge.pointer}/from",
        f"{edge.source!r} has no port {edge.port[:100]!r}.",
        f"Did you mean {near!r}?"
        if near
        else f"Its ports are {', '.join(ports)}."
        if ports
        else "It has no ports.",
        node_id=edge.source,
        fix=replace(f"{edge.pointer}/from", f"{edge.source}.{near}") if near else (),
    )
    return False


def _analyse(structure: Structure, report: Report) -> None:
    nodes: dict[str | None, list[str]] = defaultdict(list, {None: []})
    edges: dict[str | None, list[Edge]] = defaultdict(list)
    kinds: dict[str, RegionKind] = {}
    for node in structure.nodes.values():
        nodes[node.parent].append(node.id)
        container = structure.infos[node.id].container
        if container:
            kinds[node.id] = container
            nodes.setdefault(node.id, [])  # an empty container has a level too
    for edge in structure.edges:
        edges[structure.nodes[edge.source].parent].append(edge)
    levels = {
        container: analyse_level(
            container,
            inside,
            edges[container],
            headers={node_id for node_id in inside if structure.nodes[node_id].max_iterations is not None},
            leaving={node_id for node_id in inside if structure.infos[node_id].leaves_passage},
        )
        for container, inside in nodes.items()
    }
    for level in levels.values():
        _report_cycles(structure, level, report)
    if all(level.sound for level in levels.values()):
        structure.topology = Topology(structure.nodes, levels, kinds)


def _report_cycles(structure: Structure, level: Level, report: Report) -> None:
    if level.container is not None and not level.nodes and structure.whole:
        owner = structure.nodes[level.container]
        report.error(
            "empty_container", owner.pointer, f"{owner.id!r} holds no nodes.",
            f'Put nodes inside with "parent": "{owner.id}".', node_id=owner.id,
        )  # fmt: skip
    for cycle in level.closed_cycles:
        report.error(
            "unreachable",
            structure.nodes[cycle[0]].pointer,
            f"Nothing leads into the cycle of {', '.join(cycle[:10])}.",
            "Draw an edge into it, or give the node where it should start `max_iterations`.",
            node_id=cycle[0],
        )
    if level.irreducible:
        shown = ", ".join(f"{edge.source} → {edge.target}" for edge in level.irreducible[:20])
        report.error(
            "irreducible_cycle",
            level.irreducible[0].pointer,
            f"This cycle can be entered at more than one node: {shown}.",
            "Let every way into the cycle lead to the same node.",
            node_id=level.irreducible[0].source,
        )
    if level.too_many_loops:
        report.error(
            "limit_exceeded", "/edges", f"There are more than {MAX_LOOPS} loops in one container.",
            "Move a part into a sub-workflow.",
        )  # fmt: skip
    if level.assumed_start and level.sound:
        node = structure.nodes[level.assumed_start]
        report.warning(
            "loop_start_assumed",
            node.pointer,
            f"Nothing leads into the cycle; it starts at {node.id!r}, the first of its nodes.",
            "Say so with `max_iterations` on the node where it starts.",
            node_id=node.id,
            fix=({"op": "add", "path": f"{node.pointer}/max_iterations", "value": 1000},),
        )


def _check_ports_used(structure: Structure, report: Report) -> None:
    drawn = {(edge.source, edge.port) for edge in structure.document.edges}
    for node_id, info in structure.infos.items():
        if not info.choosing:
            continue
        for port in structure.ports.get(node_id, ()):
            if port not in QUIET_PORTS and (node_id, port) not in drawn:
                node = structure.nodes[node_id]
                report.warning(
                    "port_without_edge",
                    node.pointer,
                    f"Nothing follows when {node_id!r} answers {port!r}.",
                    f'Draw an edge from "{node_id}.{port}", unless the way should end there.',
                    node_id=node_id,
                )


def _check_loops(structure: Structure, topology: Topology, report: Report) -> None:
    for region in topology.regions.values():
        if topology.depth(region.name) == MAX_NESTING + 1:
            owner = structure.nodes[region.owner]
            report.error(
                "limit_exceeded",
                owner.pointer,
                f"Regions are nested more than {MAX_NESTING} levels deep here.",
                "Move a part into a sub-workflow.",
                node_id=owner.id,
            )
    for node in structure.nodes.values():
        info = structure.infos[node.id]
        if info.leaves_passage and topology.depth(topology.region_name(node.id)) == 0:
            report.error(
                "outside_loop",
                node.pointer,
                f"{node.type!r} stands in no loop.",
                "Put it into a foreach or while, or on a way that leaves a loop directly.",
                node_id=node.id,
            )
        if node.max_iterations is not None and f"@{node.id}" not in topology.regions:
            report.warning(
                "unused_setting",
                f"{node.pointer}/max_iterations",
                "No edge leads back to this node, so it repeats nothing.",
                "Remove it." if info.container != "while" else "Write it into the config.",
                node_id=node.id,
                fix=remove(f"{node.pointer}/max_iterations"),
            )


def _check_joins(structure: Structure, topology: Topology, report: Report) -> None:
    into: Mapping[str, list[Edge]] = defaultdict(list)
    for edge in structure.edges:
        if topology.kind_of(edge) != "back":
            into[edge.target].append(edge)
    for node in structure.nodes.values():
        if node.join != "all" or len(into[node.id]) < 2:
            continue
        answers: dict[str, set[str]] = defaultdict(set)
        for edge in into[node.id]:
            for source, port in _ways_back(edge, into):
                answers[source].add(port)
        for source, ports in answers.items():
            if len(ports) > 1:
                report.error(
                    "join_never_opens",
                    f"{node.pointer}/join",
                    f"{source!r} answers with one port, yet the join needs {' and '.join(sorted(ports))}.",
                    "Use the join auto.",
                    node_id=node.id,
                    fix=replace(f"{node.pointer}/join", "auto"),
                )


def _ways_back(edge: Edge, into: Mapping[str, list[Edge]]) -> list[tuple[str, str]]:
    """The answers this edge depends on: its own source's, and those before while there is one way."""
    found = [(edge.source, edge.port)]
    seen = {edge.source}
    while len(into[edge.source]) == 1:
        edge = into[edge.source][0]
        if edge.source in seen:
            break
        seen.add(edge.source)
        found.append((edge.source, edge.port))
    return found
