"""Which nodes have an output whenever a place is reached; all others that may be read there may be absent."""

from __future__ import annotations

from collections.abc import Iterable

from fermata.graph.document import Edge
from fermata.graph.scope import Reader
from fermata.graph.structure import QUIET_PORTS, Structure
from fermata.graph.topology import Level, Topology


class Certain:
    """For one document; sets of nodes are the bits of whole numbers, as in the topology."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure

    def before(self, reader: Reader) -> set[str]:
        """Nodes that have succeeded whenever the reader's expression is evaluated."""
        topology = self.structure.topology
        if topology is None:
            return set()
        if reader.node is not None:
            found = self._around(topology, reader.node)
            return found | {reader.node} if reader.itself else found
        region = topology.regions[reader.region]
        if not region.owner:
            return self._at_the_end(topology.levels[None])
        return self._at_the_end(topology.levels[region.level]) | self._around(topology, region.owner)

    def _around(self, topology: Topology, node: str) -> set[str]:
        """Before a node in its own level, and before the containers around it in theirs."""
        found: set[str] = set()
        at: str | None = node
        while at is not None:
            level = topology.level_of(at)
            found |= _names(level, self._sets(level)[at])
            at = self.structure.nodes[at].parent
        return found

    def _at_the_end(self, level: Level) -> set[str]:
        """At the end of a passage, whichever of its last nodes it ends with."""
        sets = self._sets(level)
        ends = [sets[node] | 1 << level.place[node] for node in level.nodes if self._may_end(level, node)]
        return _names(level, _all_of(ends))

    def _may_end(self, level: Level, node: str) -> bool:
        drawn = {edge.port for edge in level.edges if edge.source == node and edge.index not in level.back}
        ports = self.structure.ports.get(node, ())
        leaves = self.structure.infos[node].leaves_passage
        return leaves or not drawn or any(port not in drawn and port not in QUIET_PORTS for port in ports)

    def _sets(self, level: Level) -> dict[str, int]:
        into: dict[str, list[Edge]] = {node: [] for node in level.nodes}
        for edge in level.edges:
            if edge.index not in level.back:
                into[edge.target].append(edge)
        sets: dict[str, int] = {}
        for node in sorted(level.nodes, key=level.place.__getitem__):
            ways = [self._way(level, edge, sets) for edge in into[node]]
            sets[node] = _any_of(ways) if self.structure.nodes[node].join == "all" else _all_of(ways)
        return sets

    @staticmethod
    def _way(level: Level, edge: Edge, sets: dict[str, int]) -> int:
        """What has succeeded when control comes by this edge; its source has not, if it failed."""
        own = 0 if edge.port == "error" else 1 << level.place[edge.source]
        return sets[edge.source] | own


def _all_of(sets: Iterable[int]) -> int:
    found: int | None = None
    for each in sets:
        found = each if found is None else found & each
    return found or 0


def _any_of(sets: Iterable[int]) -> int:
    found = 0
    for each in sets:
        found |= each
    return found


def _names(level: Level, bits: int) -> set[str]:
    return {node for node in level.nodes if bits >> level.place[node] & 1}
