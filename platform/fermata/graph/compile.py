"""From a valid document to the plan the machine runs; the same plan for the same document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from fermata.errors import InvalidDocument
from fermata.graph.digest import digest_of
from fermata.graph.document import DEFAULT_ITERATIONS, Edge, Node
from fermata.graph.expression import split
from fermata.graph.node_types import NodeTypes
from fermata.graph.plan import Expression, JoinPolicy, Plan, PlanEdge, PlanNode, PlanRegion
from fermata.graph.structure import QUIET_PORTS, Structure
from fermata.graph.topology import Region, Topology
from fermata.graph.validate import Reads, analyse


def compile_document(document: dict[str, Any], node_types: NodeTypes) -> Plan:
    """The plan. Raises InvalidDocument with every problem when validation finds an error."""
    analysis = analyse(document, node_types)
    structure = analysis.structure
    if analysis.report.failed or structure is None or structure.topology is None:
        raise InvalidDocument(problems=[problem.to_json() for problem in analysis.report.problems])
    return _Compiler(document, structure, structure.topology, analysis.reads).plan()


class _Compiler:
    def __init__(
        self, source: Mapping[str, Any], structure: Structure, topology: Topology, reads: Reads
    ) -> None:
        self.source = source
        self.structure = structure
        self.topology = topology
        self.reads = reads
        self.out: dict[str, dict[str, list[Edge]]] = defaultdict(lambda: defaultdict(list))
        self.into: dict[str, list[Edge]] = defaultdict(list)
        for edge in structure.edges:
            self.out[edge.source][edge.port].append(edge)
            if topology.kind_of(edge) != "back":
                self.into[edge.target].append(edge)
        self.index = {edge.index: at for at, edge in enumerate(structure.edges)}
        self.serial = self._serial_regions()
        self.waiting = {
            name
            for name, region in topology.regions.items()
            if any(structure.nodes[member].join == "all" for member in region.members)
        }

    def plan(self) -> Plan:
        document = self.structure.document
        endings = {name: self._ending(region) for name, region in self.topology.regions.items()}
        for name, region in self.topology.regions.items():
            collect = endings[name].get("collect", "all")
            if region.kind == "foreach" and collect != "none" and not _is_text(collect):
                self.reads.endings[name].update(f"step:{sink}" for sink in self._sinks(region))
        frozen = self._frozen()
        return Plan(
            digest=digest_of(self.source),
            name=document.name,
            nodes={
                node.id: self._node(node, freeze=node.id in frozen) for node in self.structure.nodes.values()
            },
            edges=tuple(self._edge(edge) for edge in self.structure.edges),
            regions={name: self._region(each, endings[name]) for name, each in self.topology.regions.items()},
            settings=document.settings,
            inputs=document.inputs,
            variables=dict(document.variables),
            output=document.output,
        )

    def _edge(self, edge: Edge) -> PlanEdge:
        when = None
        if edge.when is not None:
            part = split(edge.when)[0]
            assert not isinstance(part, str)
            when = Expression(part[1].strip(), tuple(sorted(self.reads.edges[edge.index])))
        return PlanEdge(
            index=self.index[edge.index],
            source=edge.source,
            port=edge.port,
            target=edge.target,
            kind=self.topology.kind_of(edge),
            when=when,
        )

    def _node(self, node: Node, *, freeze: bool) -> PlanNode:
        info = self.structure.infos[node.id]
        effect = info.effect(node.config)
        entering = self.into[node.id]
        return PlanNode(
            id=node.id,
            type=node.type,
            type_version=info.version,
            region=self.topology.region_name(node.id),
            effect=effect,
            config=node.config,
            ports=self.structure.ports[node.id],
            out={port: self._indices(edges) for port, edges in sorted(self.out[node.id].items())},
            into=self._indices(entering),
            join=_policy(node.join, len(entering)) if len(entering) > 1 else None,
            reads=self._node_reads(node),
            label=node.label,
            retry=node.retry,
            timeout_seconds=node.timeout_seconds,
            queue=node.queue or info.queue(node.config),
            priority=node.priority,
            freeze=freeze,
            on_worker_loss=node.on_worker_loss or ("hold" if effect == "unsafe" else "retry"),
        )

    def _indices(self, edges: list[Edge]) -> tuple[int, ...]:
        return tuple(self.index[edge.index] for edge in edges)

    def _node_reads(self, node: Node) -> tuple[str, ...]:
        """What its config and guards read, and what is evaluated if it ends a serial region's passage."""
        reads = {*self.reads.nodes[node.id], *self.structure.infos[node.id].reads}
        if len(self.into[node.id]) < 2:
            reads.discard("arrivals")
        for edges in self.out[node.id].values():
            for edge in edges:
                reads |= self.reads.edges[edge.index] - {f"step:{node.id}"}
        region = self.topology.regions[self.topology.region_name(node.id)]
        if region.name in self.serial and self._may_end(node, region):
            reads |= self.reads.endings[region.name] - {f"step:{node.id}"}
        return tuple(sorted(reads))

    def _may_end(self, node: Node, region: Region) -> bool:
        """Whether a passage of the region can end with this node's record."""
        if self.structure.infos[node.id].leaves_passage:
            return True
        if region.name in self.waiting:
            return True  # a join that cannot open any more ends the passage with whoever settled it
        return any(
            not any(self._goes_on(edge, region) for edge in self.out[node.id][port])
            for port in self.structure.ports[node.id]
            if self.out[node.id].get(port) or port not in QUIET_PORTS
        )

    def _goes_on(self, edge: Edge, region: Region) -> bool:
        """Whether the edge leads to another node of the same passage."""
        if self.topology.kind_of(edge) == "back":
            return False
        if region.kind != "loop":
            return True
        return edge.target in self.topology.levels[region.level].loops[region.owner].body

    def _serial_regions(self) -> set[str]:
        """Regions in which at most one step of a passage is ever live; inner regions come first."""
        serial: set[str] = set()
        forked: set[str | None] = set()  # regions around a loop that is not serial
        for name, region in reversed(self.topology.regions.items()):
            plain = all(
                len(edges) <= 1 and not any(edge.when for edge in edges)
                for member in region.members
                for edges in self.out[member].values()
            )
            if plain and len(self._starts(region)) == 1 and name not in forked:
                serial.add(name)
            elif region.kind == "loop":
                forked.add(region.parent)
        return serial

    def _starts(self, region: Region) -> tuple[str, ...]:
        return (region.owner,) if region.kind == "loop" else self.topology.levels[region.level].starts

    def _sinks(self, region: Region) -> tuple[str, ...]:
        return tuple(member for member in region.members if not any(self.out[member].values()))

    def _region(self, region: Region, ending: dict[str, Any]) -> PlanRegion:
        back: tuple[int, ...] = ()
        exits: tuple[int, ...] = ()
        if region.kind == "loop":
            level = self.topology.levels[region.level]
            back = self._indices(level.loops[region.owner].back)
            exits = self._indices(
                [edge for edge in level.edges if region.name in self.topology.loops_left(edge)]
            )
        return PlanRegion(
            name=region.name,
            kind=region.kind,
            parent=region.parent,
            owner=region.owner,
            members=region.members,
            starts=self._starts(region),
            sinks=self._sinks(region),
            back=back,
            exits=exits,
            serial=region.name in self.serial,
            max_iterations=self._max_iterations(region),
            ending=ending,
            ending_reads=tuple(sorted(self.reads.endings[region.name])),
        )

    def _max_iterations(self, region: Region) -> int | None:
        if region.kind not in {"while", "loop"}:
            return None
        owner = self.structure.nodes[region.owner]
        if region.kind == "loop":
            return owner.max_iterations or DEFAULT_ITERATIONS
        configured = owner.config.get("max_iterations")
        return configured if isinstance(configured, int) else owner.max_iterations or DEFAULT_ITERATIONS

    def _ending(self, region: Region) -> dict[str, Any]:
        """What is evaluated at the end of a passage, by name."""
        if region.kind == "root":
            return (
                {} if self.structure.document.output is None else {"output": self.structure.document.output}
            )
        if region.kind == "loop":
            return {}
        owner = self.structure.nodes[region.owner]
        deferred = self.structure.infos[owner.id].deferred
        ending = {key: value for key, value in owner.config.items() if key in deferred and value is not None}
        collect = ending.get("collect")
        if region.kind == "foreach" and isinstance(collect, dict) and len(collect) == 1:
            ending["collect"] = next(
                iter(collect.values())
            )  # {sum: "{{ … }}"}: the fold itself is the container's
        return ending

    def _frozen(self) -> set[str]:
        """Nodes that may start before an ancestor has finished: behind an ``any`` join, or inside one."""
        frozen: set[str] = set()
        for region_level in self._levels_outside_in():
            level = self.topology.levels[region_level]
            early = {node for node in level.nodes if self._races(self.structure.nodes[node])}
            everything = region_level is not None and region_level in frozen
            frozen.update(
                node for node in level.nodes if everything or node in early or level.any_precedes(early, node)
            )
        return frozen

    def _races(self, node: Node) -> bool:
        return node.join == "any" and len(self.into[node.id]) > 1

    def _levels_outside_in(self) -> list[str | None]:
        return [region.level for region in self.topology.regions.values() if region.kind != "loop"]


def _policy(mode: str, total: int) -> JoinPolicy:
    if mode == "all":
        return JoinPolicy("all", total, need=total, eager=True)
    if mode == "any":
        return JoinPolicy("any", total, need=1, eager=True)
    return JoinPolicy("auto", total, need=1, eager=False)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value
