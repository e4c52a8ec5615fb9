"""Who may read what (engine.md §2 "Data"), and how a read is written into the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fermata.graph.expression import Use, escaped
from fermata.graph.plan import ROOT
from fermata.graph.problems import Report
from fermata.graph.structure import Structure
from fermata.graph.topology import Region, Topology


@dataclass(frozen=True, slots=True)
class Reader:
    """Where an expression is evaluated.

    ``node``: the node whose claim evaluates it, None at the end of a passage. ``region``: the innermost
    region. ``itself``: the node's own output is known (a guard). ``secrets``: the node's config may read
    them. ``start_only``: nothing but inputs, trigger and execution exists yet (settings).
    """

    region: str = ROOT
    node: str | None = None
    itself: bool = False
    secrets: bool = False
    start_only: bool = False


class RefusedError(Exception):
    """An expression may not read this."""

    def __init__(self, code: str, message: str, cure: str, fix: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cure = cure
        self.fix = fix


class Scope:
    """Resolves what expressions read, for one document."""

    def __init__(self, structure: Structure, report: Report) -> None:
        self.structure = structure
        self.report = report
        self.topology = structure.topology
        self.into: dict[str, int] = {}
        if self.topology is not None:
            for edge in structure.edges:
                if self.topology.kind_of(edge) != "back":
                    self.into[edge.target] = self.into.get(edge.target, 0) + 1
        self._roots: dict[str, Callable[[Use, Reader], str | None]] = {
            "inputs": lambda _use, _reader: "inputs",
            "trigger": lambda _use, _reader: "trigger",
            "execution": lambda _use, _reader: None,
            "vars": self._variable,
            "secrets": self._secret,
            "item": self._item,
            "index": self._index,
            "error": self._error,
            "arrivals": self._arrivals,
            "previous": self._previous,
            "steps": self._step,
        }

    def read(self, use: Use, reader: Reader) -> str | None:
        """The read's text in the plan's encoding; None when it comes with every step. Raises RefusedError."""
        if reader.start_only and use.root not in {"inputs", "trigger", "execution"}:
            raise RefusedError(
                "not_known_yet",
                f"{use.root!r} is not known when an execution is created.",
                "Read inputs or trigger.",
            )
        return self._roots[use.root](use, reader)

    def _variable(self, use: Use, _reader: Reader) -> str:
        self.check_declared(use.name)
        return f"var:{use.name}"

    def check_declared(self, name: str) -> None:
        """Raises RefusedError when the document does not declare the variable."""
        declared = self.structure.document.variables
        if name in declared:
            return
        near = self.report.nearest(name, declared)
        fix: tuple[dict[str, Any], ...] = (
            {"op": "add", "path": f"/variables/{escaped(name)}", "value": None},
        )
        if not declared:
            fix = ({"op": "add", "path": "/variables", "value": {name: None}},)
        raise RefusedError(
            "undeclared_variable",
            f"The variable {name!r} is not declared.",
            f"Did you mean {near!r}?" if near else "Declare it in `variables` with its default.",
            fix,
        )

    def _secret(self, use: Use, reader: Reader) -> str:
        if not reader.secrets:
            raise RefusedError(
                "secret_not_allowed",
                "Secrets may only be read by the configuration of nodes with outside effects.",
                "Read it where it is needed, e.g. in an http_request node.",
            )
        return f"secret:{use.name}"

    def _kinds(self, reader: Reader) -> list[Region]:
        assert self.topology is not None
        return [self.topology.regions[name] for name in self.topology.chain(reader.region)]

    def _item(self, _use: Use, reader: Reader) -> str:
        if self.topology is not None and not any(region.kind == "foreach" for region in self._kinds(reader)):
            raise RefusedError(
                "outside_foreach", "`item` exists only inside a foreach.", "Put the node into a foreach."
            )
        return "item"

    def _index(self, _use: Use, reader: Reader) -> None:
        if self.topology is not None and all(region.kind == "root" for region in self._kinds(reader)):
            raise RefusedError(
                "outside_loop", "`index` exists only inside a loop.", "Put the node into a loop."
            )

    def _error(self, _use: Use, reader: Reader) -> str:
        failed = sorted(
            edge.source
            for edge in self.structure.edges
            if edge.target == reader.node and edge.port == "error"
        )
        near = f"steps.{failed[0]}.error" if failed else "steps.<node>.error"
        raise RefusedError(
            "unknown_name", "There is no `error` by itself here.", f"Read {near} of the node that failed."
        )

    def _arrivals(self, _use: Use, reader: Reader) -> str:
        if self.topology is not None and (
            reader.node is None or reader.itself or self.into.get(reader.node, 0) < 2
        ):
            raise RefusedError(
                "not_a_join",
                "`arrivals` exists only where several edges meet.",
                "Read it in the configuration of a node with at least two in-edges.",
            )
        return "arrivals"

    def _known(self, name: str) -> None:
        if name in self.structure.nodes:
            return
        if name in self.structure.notes:
            raise RefusedError("unknown_step", f"{name!r} is a note; it has no output.", "Read another node.")
        if name in self.structure.ids:
            raise RefusedError(
                "unknown_step", f"The node {name!r} has a fault of its own.", "Mend that node first."
            )
        near = self.report.nearest(name, self.structure.nodes)
        raise RefusedError(
            "unknown_step",
            f"There is no node {name[:100]!r}.",
            f"Did you mean {near!r}?" if near else "Name a node of this document.",
        )

    def _previous(self, use: Use, reader: Reader) -> str:
        self._known(use.name)
        if self.topology is None:
            return f"previous:{use.name}"
        loops = [region for region in self._kinds(reader) if region.kind in {"while", "loop"}]
        if not loops:
            raise RefusedError(
                "outside_loop",
                "`previous` exists only inside a while or a loop of back edges.",
                "Put the node into such a loop, or read steps.<node>.",
            )
        home = self.topology.region_name(use.name)
        if all(region.name != home for region in loops):
            raise RefusedError(
                "not_in_this_loop",
                f"{use.name!r} does not stand directly in a loop around this expression.",
                "Read a node of the loop itself.",
            )
        return f"previous:{use.name}"

    def _step(self, use: Use, reader: Reader) -> str:
        self._known(use.name)
        topology = self.topology
        if topology is None:
            return f"step:{use.name}"
        around = topology.chain(reader.region)
        into = topology.chain(topology.region_name(use.name))
        inner = [name for name in into if name not in around][::-1]
        shared = into[len(inner)]
        for name in inner:
            if topology.regions[name].kind == "foreach":
                raise RefusedError(
                    "reads_into_foreach",
                    f"{use.name!r} runs once for each item of {name!r}.",
                    f"Read steps.{name}.output.results, and let {name!r} collect what you need.",
                )
        if not (reader.node is None and shared == reader.region):
            self._check_order(topology, use.name, inner, shared, reader)
        return "step:" + "/".join((*inner, use.name))

    def _check_order(
        self, topology: Topology, name: str, inner: list[str], shared: str, reader: Reader
    ) -> None:
        """Raises RefusedError unless the node, or the loop it is read out of, comes before the reader."""
        level = topology.levels[topology.regions[shared].level if shared != ROOT else None]
        stands = self._stands_for(topology, reader, level.container)
        first = topology.regions[inner[0]] if inner else None
        source = name if first is None or first.kind == "loop" else first.owner
        if source == stands:
            if stands == reader.node and reader.itself:
                return
            if stands == reader.node:
                raise RefusedError(
                    "reads_itself",
                    f"{name!r} cannot read its own output.",
                    "Read a node before it, or `previous`.",
                )
            raise RefusedError(
                "reads_its_container",
                f"{name!r} has no output before its inside has ended.",
                "Read a node before it, or a node of the inside.",
            )
        if not self.structure.whole:
            return  # an edge was dropped: what seems no ancestor may be one
        if first is not None and first.kind == "loop":
            before = level.any_precedes(level.loops[first.owner].body, stands)
        else:
            before = level.precedes(source, stands)
        if not before:
            raise RefusedError(
                "not_an_ancestor",
                f"No way leads from {name!r} to {stands!r}, so its output is not known there.",
                f"Draw an edge so that {name!r} comes before, or read another node"
                + (", or `previous` in a loop." if level.innermost.get(stands) else "."),
            )

    def _stands_for(self, topology: Topology, reader: Reader, container: str | None) -> str:
        """The reader itself, or the container around it that stands in the given level."""
        node = reader.node
        if node is None:
            region = next(topology.regions[name] for name in topology.chain(reader.region))
            node = region.owner
        while topology.nodes[node].parent != container:
            parent = topology.nodes[node].parent
            assert parent is not None
            node = parent
        return node
