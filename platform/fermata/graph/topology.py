"""From nodes and edges to regions: which edges go back, which nodes a loop holds, who comes before whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from fermata.graph.document import MAX_LOOPS, Edge, Node
from fermata.graph.flow import components, dominators, natural_loop, topological
from fermata.graph.plan import ROOT, EdgeKind, RegionKind


@dataclass(slots=True)
class Loop:
    """``core``: the natural loop itself; ``body``: with its side branches (engine.md §2a.3)."""

    header: str
    core: set[str]
    body: set[str]
    back: list[Edge]
    outer: str | None = None


@dataclass(slots=True)
class Level:
    """One container's inside (or the root's), analysed.

    ``assumed_start``: the header chosen because nothing leads into the only cycle; ``closed_cycles``:
    cycles nothing leads into beside other starts; ``irreducible``: edges of cycles with several ways in.
    With one of the last two the rest is not analysed.
    """

    container: str | None
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    starts: tuple[str, ...] = ()
    assumed_start: str | None = None
    closed_cycles: list[list[str]] = field(default_factory=list)
    irreducible: list[Edge] = field(default_factory=list)
    loops: dict[str, Loop] = field(default_factory=dict)
    too_many_loops: bool = False
    back: dict[int, str] = field(default_factory=dict)
    innermost: dict[str, str] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether loops and ancestors are known."""
        return not (self.closed_cycles or self.irreducible or self.too_many_loops)

    def precedes(self, earlier: str, later: str) -> bool:
        """Whether a forward way leads from one node to the other."""
        return bool(self.before[later] >> self.place[earlier] & 1)

    def any_precedes(self, earlier: Collection[str], later: str) -> bool:
        """Whether a forward way leads from one of the nodes to the other."""
        return any(self.before[later] >> self.place[each] & 1 for each in earlier)


def analyse_level(
    container: str | None,
    nodes: Sequence[str],
    edges: Sequence[Edge],
    *,
    headers: Collection[str] = (),
    leaving: Collection[str] = (),
) -> Level:
    """Analyse one container's inside.

    ``headers``: nodes that declare ``max_iterations``, preferred as the start of a cycle nothing leads into;
    ``leaving``: break and continue nodes.
    """
    level = Level(container, tuple(nodes), tuple(edges))
    successors: dict[str, list[str]] = {node: [] for node in nodes}
    predecessors: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        successors[edge.source].append(edge.target)
        predecessors[edge.target].append(edge.source)
    entries = _entries(level, successors, predecessors, headers)
    if level.closed_cycles:
        return level
    tree = dominators(entries, successors)
    for edge in edges:
        if tree.dominates(edge.target, edge.source):
            level.back[edge.index] = edge.target
    forward = [edge for edge in edges if edge.index not in level.back]
    ahead: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in forward:
        ahead[edge.source].append(edge.target)
    order = topological(nodes, ahead)
    if len(order) < len(nodes):
        level.irreducible = _cyclic_edges(nodes, forward, ahead)
        return level
    targets = {edge.target for edge in forward}
    level.starts = tuple(node for node in nodes if node not in targets)
    _find_loops(level, predecessors, frozenset(leaving), frozenset(entries))
    _find_ancestors(level, order, forward)
    return level


def _entries(
    level: Level,
    successors: Mapping[str, list[str]],
    predecessors: Mapping[str, list[str]],
    headers: Collection[str],
) -> list[str]:
    """Where control enters: nodes without in-edges, and one node of each cycle nothing leads into."""
    entries = [node for node in level.nodes if not predecessors[node]]
    order = {node: at for at, node in enumerate(level.nodes)}
    cycles: list[list[str]] = []
    for group in components(level.nodes, successors):
        inside = set(group)
        cyclic = len(group) > 1 or group[0] in successors[group[0]]
        if cyclic and all(other in inside for node in group for other in predecessors[node]):
            cycles.append(sorted(group, key=order.__getitem__))
    for group in sorted(cycles, key=lambda found: order[found[0]]):
        declared = [node for node in group if node in headers]
        if len(declared) == 1:
            entries.append(declared[0])
        elif not entries and len(cycles) == 1:
            level.assumed_start = group[0]
            entries.append(group[0])
        else:
            level.closed_cycles.append(group)
    return entries


def _cyclic_edges(
    nodes: Sequence[str], forward: Sequence[Edge], ahead: Mapping[str, list[str]]
) -> list[Edge]:
    group_of: dict[str, int] = {}
    for at, group in enumerate(components(nodes, ahead)):
        group_of.update(dict.fromkeys(group, at))
    return [edge for edge in forward if group_of[edge.source] == group_of[edge.target]]


def _find_loops(
    level: Level, predecessors: Mapping[str, list[str]], leaving: Collection[str], entries: Collection[str]
) -> None:
    tails: dict[str, list[Edge]] = defaultdict(list)
    for edge in level.edges:
        if edge.index in level.back:
            tails[edge.target].append(edge)
    if len(tails) > MAX_LOOPS:
        level.too_many_loops = True
        return
    into: dict[str, list[Edge]] = {node: [] for node in level.nodes}
    out: dict[str, list[Edge]] = {node: [] for node in level.nodes}
    for edge in level.edges:
        into[edge.target].append(edge)
        out[edge.source].append(edge)
    for node in entries:
        # Control enters here from outside, as over an edge: another loop never takes it for its side branch.
        into[node].append(Edge(-1, "", "", node))
    for header, back in tails.items():
        core = natural_loop(header, [edge.source for edge in back], predecessors)
        level.loops[header] = Loop(header, core, _with_side_branches(core, into, out, leaving), back)
    for loop in sorted(level.loops.values(), key=lambda found: -len(found.body)):
        loop.outer = level.innermost.get(loop.header)
        level.innermost.update(dict.fromkeys(loop.body, loop.header))


def _with_side_branches(
    core: set[str], into: Mapping[str, list[Edge]], out: Mapping[str, list[Edge]], leaving: Collection[str]
) -> set[str]:
    """The loop with what a passage waits for: its break and continue nodes, and its side branches."""
    body = set(core)

    def keeps(edge: Edge) -> bool:
        return any(other.port == edge.port and other.target in body for other in out[edge.source])

    def belongs(node: str) -> bool:
        edges = into[node]
        if not all(edge.source in body for edge in edges):
            return False
        if node in leaving:
            return True
        if any(edge.source in leaving and edge.source not in core for edge in edges):
            return False  # what a break leads to is an exit
        return any(edge.source not in core or (edge.when is None and keeps(edge)) for edge in edges)

    waiting = [edge.target for node in core for edge in out[node]]
    while waiting:
        node = waiting.pop()
        if node in body or not belongs(node):
            continue
        body.add(node)
        waiting.extend(edge.target for edge in out[node])
        waiting.extend(edge.target for entering in into[node] for edge in out[entering.source])
    return body


def _find_ancestors(level: Level, order: Sequence[str], forward: Sequence[Edge]) -> None:
    level.place = {node: at for at, node in enumerate(order)}
    level.before = dict.fromkeys(order, 0)
    sources: dict[str, list[str]] = {node: [] for node in order}
    for edge in forward:
        sources[edge.target].append(edge.source)
    for node in order:
        found = 0
        for source in sources[node]:
            found |= level.before[source] | 1 << level.place[source]
        level.before[node] = found


@dataclass(frozen=True, slots=True)
class Region:
    """A region before it is compiled; ``level`` is the container whose inside it is part of."""

    name: str
    kind: RegionKind
    owner: str
    parent: str | None
    level: str | None
    members: tuple[str, ...]


class Topology:
    """All levels and regions of a document whose nodes and edges fit together."""

    def __init__(
        self, nodes: Mapping[str, Node], levels: Mapping[str | None, Level], kinds: Mapping[str, RegionKind]
    ) -> None:
        """``levels``: by container id, None for the root; ``kinds``: container id → foreach or while."""
        self.nodes = nodes
        self.levels = levels
        self.kinds = kinds

    def level_of(self, node_id: str) -> Level:
        """The level the node stands in."""
        return self.levels[self.nodes[node_id].parent]

    def region_name(self, node_id: str) -> str:
        """The innermost region of a node."""
        node = self.nodes[node_id]
        header = self.levels[node.parent].innermost.get(node_id)
        return f"@{header}" if header else node.parent or ROOT

    @cached_property
    def regions(self) -> dict[str, Region]:
        """Region name → region, outer ones first."""
        members: dict[str, list[str]] = defaultdict(list)
        for node_id in self.nodes:
            members[self.region_name(node_id)].append(node_id)
        found = {ROOT: Region(ROOT, "root", "", None, None, tuple(members[ROOT]))}
        waiting: list[str | None] = [None]
        while waiting:
            container = waiting.pop()
            level = self.levels[container]
            for loop in sorted(
                level.loops.values(), key=lambda each: (-len(each.body), level.place[each.header])
            ):
                name = f"@{loop.header}"
                parent = f"@{loop.outer}" if loop.outer else container or ROOT
                found[name] = Region(name, "loop", loop.header, parent, container, tuple(members[name]))
            for node_id in level.nodes:
                if node_id in self.kinds:
                    inside = tuple(members[node_id])
                    found[node_id] = Region(
                        node_id, self.kinds[node_id], node_id, self.region_name(node_id), node_id, inside
                    )
                    waiting.append(node_id)
        return found

    def chain(self, region: str) -> list[str]:
        """The region and those around it, innermost first."""
        chain = [region]
        while (parent := self.regions[chain[-1]].parent) is not None:
            chain.append(parent)
        return chain

    def loops_left(self, edge: Edge) -> list[str]:
        """The natural loops the edge leaves, innermost first, as region names."""
        level = self.level_of(edge.source)
        left: list[str] = []
        header = level.innermost.get(edge.source)
        while header is not None and edge.target not in level.loops[header].body:
            left.append(f"@{header}")
            header = level.loops[header].outer
        return left

    def kind_of(self, edge: Edge) -> EdgeKind:
        """forward, back or exit."""
        if edge.index in self.level_of(edge.source).back:
            return "back"
        return "exit" if self.loops_left(edge) else "forward"

    def depth(self, region: str) -> int:
        """How many regions it stands in; 0 for the root."""
        return self._depths[region]

    @cached_property
    def _depths(self) -> dict[str, int]:
        """Each region's depth; outer ones come first, so every parent's is known."""
        depths: dict[str, int] = {}
        for region in self.regions.values():
            depths[region.name] = 0 if region.parent is None else depths[region.parent] + 1
        return depths
