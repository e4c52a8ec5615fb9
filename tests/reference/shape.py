"""The shape of a document: containers, natural loops and forward edges, found the slow and plain way.

Read it beside engine.md §2 "Loops" and §2a.3. Nothing of :mod:`fermata.graph` is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any
LEAVES = ("break", "continue")
CONTAINERS = ("foreach", "while")


@dataclass(frozen=True)
class Edge:
    """One edge; ``index`` is its place in the document."""

    index: int
    source: str
    port: str
    target: str
    when: str | None


@dataclass
class Region:
    """What runs as a unit: the root, the inside of a container, or a natural loop.

    ``name``: "root", the container's id, or "@" + the header's id. ``head``: "" for the root, else the
    container's or the header's id. ``nodes``: its direct nodes. ``starts``: the nodes and loop headers that
    start a passage.
    ``everything`` (loops): the nodes of the loop with those of the loops inside it.
    """

    name: str
    kind: str
    head: str
    parent: Region | None
    nodes: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)
    everything: frozenset[str] = frozenset()


class IrreducibleError(ValueError):
    """A cycle that can be entered at more than one place."""


class Shape:
    """``regions`` by name; node → ``home`` region, ``into`` and ``out`` edges; ``back``: edge indices."""

    def __init__(self, document: Json) -> None:
        """Raises IrreducibleError for cycles without one header."""
        self.nodes: dict[str, Json] = {n["id"]: n for n in document["nodes"] if n["type"] != "note"}
        self.edges = [_edge(i, e) for i, e in enumerate(document.get("edges", []))]
        self.back: set[int] = set()
        self.regions: dict[str, Region] = {}
        self.home: dict[str, Region] = {}
        root = self.regions["root"] = Region("root", "root", "", None)
        for node in self.nodes.values():
            if node["type"] in CONTAINERS:
                self.regions[node["id"]] = Region(node["id"], node["type"], node["id"], None)
        for container in list(self.regions.values()):
            self._find_loops(container, [n for n in self.nodes if self._parent(n) == container.head])
        self.root = root
        self.out = {n: [e for e in self.edges if e.source == n] for n in self.nodes}
        self.into = {
            n: [e for e in self.edges if e.target == n and e.index not in self.back] for n in self.nodes
        }
        for region in self.regions.values():
            region.starts = self._starts(region)

    def loop_headed_by(self, node: str) -> Region | None:
        """The natural loop whose header this node is."""
        return self.regions.get("@" + node)

    def unit(self, region: Region, node: str) -> Region | str | None:
        """What stands for ``node`` directly in ``region``: itself, a loop, or None when it is outside."""
        part: Region | str = node
        home: Region | None = self.home[node]
        while home is not None and home is not region:
            part, home = home, home.parent
        return part if home is region else None

    def outside_of(self, region: Region) -> str | None:
        """The name of the region around it: the outer loop, or the one its container node stands in."""
        if region.kind == "root":
            return None
        return (region.parent if region.kind == "loop" and region.parent else self.home[region.head]).name

    def exits(self, loop: Region) -> list[Edge]:
        """The edges that leave the loop."""
        inside = loop.everything
        return [e for e in self.edges if e.source in inside and e.target not in inside]

    def all_paths_lead_through(self, node: str, join: str) -> bool:
        """Whether every way on from ``node`` along forward edges comes to ``join``."""
        forward = [e for e in self.edges if e.index not in self.back]
        without = _reachable([node], forward, without=join)
        return node != join and all(any(e.source == n for e in forward) for n in without)

    def sinks(self, region: Region) -> list[str]:
        """The region's direct nodes without out-edges."""
        return [n for n in region.nodes if not self.out[n]]

    def _parent(self, node: str) -> str:
        return self.nodes[node].get("parent") or ""

    def _starts(self, region: Region) -> list[str]:
        if region.kind == "loop":
            return [region.head]
        loops = [r.head for r in self.regions.values() if r.kind == "loop" and r.parent is region]
        return [n for n in self.nodes if (n in region.nodes or n in loops) and not self.into[n]]

    def _find_loops(self, container: Region, members: list[str]) -> None:
        edges = [e for e in self.edges if e.source in members and e.target in members]
        entries = self._entries(members, edges)
        bodies: dict[str, set[str]] = {}
        for edge in edges:
            if edge.source not in _reachable(entries, edges, without=edge.target):
                self.back.add(edge.index)
                bodies.setdefault(edge.target, {edge.target}).update(_body(edge, edges))
        _refuse_other_cycles(members, [e for e in edges if e.index not in self.back])
        loops = []
        for header, body in bodies.items():
            everything = frozenset(self._with_side_branches(body, edges))
            loops.append(Region("@" + header, "loop", header, container, everything=everything))
        loops.sort(key=lambda loop: len(loop.everything))
        for loop in loops:
            loop.parent = next((o for o in loops if loop.everything < o.everything), container)
            self.regions[loop.name] = loop
        for node in members:
            home = next((loop for loop in loops if node in loop.everything), container)
            home.nodes.append(node)
            self.home[node] = home

    def _entries(self, members: list[str], edges: list[Edge]) -> list[str]:
        """Nodes without in-edges.

        A cycle that nothing leads into is entered where ``max_iterations`` stands, else at its first node.
        """
        entries = [n for n in members if not any(e.target == n for e in edges)]
        while rest := [n for n in members if n not in _reachable(entries, edges)]:
            entries.append(next((n for n in rest if "max_iterations" in self.nodes[n]), rest[0]))
        return entries

    def _with_side_branches(self, body: set[str], edges: list[Edge]) -> set[str]:
        """§2a.3: the break and continue nodes the loop leads to, and what else rests with the passage.

        A node joins when all its in-edges come from the region and one of them leaves a side branch, or
        leaves unguarded a port that also keeps an edge in the region. What a break leads to is an exit.
        """
        region = set(body)
        while True:
            for node in {e.target for e in edges} - region:
                into = [e for e in edges if e.target == node]
                if not all(e.source in region for e in into):
                    continue
                own_breaks = [
                    e for e in into if self.nodes[e.source]["type"] in LEAVES and e.source not in body
                ]
                if self.nodes[node]["type"] in LEAVES or (
                    not own_breaks and any(_stays(e, edges, body=body, region=region) for e in into)
                ):
                    region.add(node)
                    break
            else:
                return region


def _stays(edge: Edge, edges: list[Edge], *, body: set[str], region: set[str]) -> bool:
    if edge.source not in body:
        return True
    beside = [e for e in edges if (e.source, e.port) == (edge.source, edge.port) and e.target in region]
    return edge.when is None and bool(beside)


def _edge(index: int, edge: Json) -> Edge:
    source, _, port = edge["from"].partition(".")
    return Edge(index, source, port or "out", edge["to"], edge.get("when"))


def _reachable(starts: list[str], edges: list[Edge], *, without: str | None = None) -> set[str]:
    found: set[str] = set()
    todo = [s for s in starts if s != without]
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += [e.target for e in edges if e.source == node and e.target != without]
    return found


def _body(back: Edge, edges: list[Edge]) -> set[str]:
    """Every node from which the back edge's source is reached without passing the header."""
    backwards = [Edge(e.index, e.target, e.port, e.source, e.when) for e in edges]
    return _reachable([back.source], backwards, without=back.target)


def _refuse_other_cycles(members: list[str], edges: list[Edge]) -> None:
    for node in members:
        after = [e.target for e in edges if e.source == node]
        if node in _reachable(after, edges):
            raise IrreducibleError(f"a cycle through {node!r} has more than one entry")
