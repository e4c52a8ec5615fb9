"""Judges a document: every problem at once, each with a pointer and a cure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fermata.errors import ExpressionError
from fermata.graph.border import check_values
from fermata.graph.document import Document, Node
from fermata.graph.expression import compile_expression, escaped, split, texts_in
from fermata.graph.node_types import NodeTypes
from fermata.graph.plan import ROOT
from fermata.graph.problems import Problem, Report
from fermata.graph.scope import Reader, RefusedError, Scope
from fermata.graph.shape import read_document
from fermata.graph.structure import Structure, judge

WRITES = ("set", "increment", "append", "merge")
"""The members of a set_variables config whose keys are names of variables."""


@dataclass(slots=True)
class Reads:
    """What expressions read, in the plan's encoding: by node (config), edge index, region (end)."""

    nodes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    edges: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    endings: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(slots=True)
class Analysis:
    """Everything validation learned; the compiler goes on from here."""

    report: Report
    structure: Structure | None = None
    reads: Reads = field(default_factory=Reads)


def validate(document: Any, node_types: NodeTypes) -> list[Problem]:
    """Every problem of any JSON value taken as a document, errors and warnings. Raises nothing."""
    return analyse(document, node_types).report.problems


def analyse(document: Any, node_types: NodeTypes) -> Analysis:
    """The problems, and what is known of the graph."""
    analysis = Analysis(Report())
    if not check_values(document, analysis.report):
        return analysis
    model = read_document(document, analysis.report)
    if model is None:
        return analysis
    analysis.structure = judge(model, node_types, analysis.report)
    _Expressions(analysis.structure, analysis.report, analysis.reads).check_all(model)
    return analysis


class _Expressions:
    """Checks every expression of a document and notes what it reads."""

    def __init__(self, structure: Structure, report: Report, reads: Reads) -> None:
        self.structure = structure
        self.report = report
        self.reads = reads
        self.scope = Scope(structure, report)

    def check_all(self, document: Document) -> None:
        for node in self.structure.nodes.values():
            self._node(node)
            if node.type == "set_variables":
                self._writes(node)
        for edge in self.structure.edges:
            if edge.when is not None:
                reader = Reader(self._region(edge.source), edge.source, itself=True)
                self._guard(
                    edge.when, f"{edge.pointer}/when", edge.source, reader, self.reads.edges[edge.index]
                )
        for pointer, text in texts_in(document.output or {}, "/output"):
            self._text(text, pointer, None, Reader(ROOT), self.reads.endings[ROOT])
        key = (document.settings.concurrency or {}).get("key")
        if key is not None:
            self._text(key, "/settings/concurrency/key", None, Reader(start_only=True), set())

    def _region(self, node_id: str) -> str:
        return self.structure.topology.region_name(node_id) if self.structure.topology else ROOT

    def _node(self, node: Node) -> None:
        info = self.structure.infos[node.id]
        own = Reader(self._region(node.id), node.id, secrets=info.secrets_allowed)
        inside = Reader(node.id)
        for key, value in node.config.items():
            pointer = f"{node.pointer}/config/{escaped(key)}"
            if key not in info.deferred or not info.container:
                for at, text in texts_in(value, pointer):
                    self._text(text, at, node.id, own, self.reads.nodes[node.id])
                continue
            ending = inside if self.structure.topology else own
            for at, text in texts_in(value, pointer):
                self._text(text, at, node.id, ending, self.reads.endings[node.id])
                if info.container == "while" and key == "condition":
                    # It is also asked before the first passage, when the inside's nodes are absent.
                    self.reads.nodes[node.id] |= self._known_outside(text, own)

    def _known_outside(self, text: str, reader: Reader) -> set[str]:
        found: set[str] = set()
        for source, _ in _sources(text, lambda _error, _offset: None):
            for use in compile_expression(source).references.uses:
                try:
                    read = self.scope.read(use, reader)
                except RefusedError:
                    continue
                inside = (
                    use.root == "steps"
                    and self._region(use.name) != ROOT
                    and self._within(use.name, reader.node)
                )
                if read is not None and not inside:
                    found.add(read)
        return found

    def _within(self, node_id: str, container: str | None) -> bool:
        at: str | None = node_id
        while at is not None:
            at = self.structure.nodes[at].parent
            if at == container:
                return True
        return False

    def _writes(self, node: Node) -> None:
        for operation in WRITES:
            names = node.config.get(operation)
            for name in names if isinstance(names, Mapping) else ():
                try:
                    self.scope.check_declared(name)
                except RefusedError as refused:
                    pointer = f"{node.pointer}/config/{operation}/{escaped(name)}"
                    self.report.error(
                        refused.code, pointer, refused.message, refused.cure, node_id=node.id, fix=refused.fix
                    )

    def _guard(self, text: str, pointer: str, node_id: str, reader: Reader, reads: set[str]) -> None:
        before = len(self.report.problems)
        self._text(text, pointer, node_id, reader, reads)
        if len(self.report.problems) == before and len(split(text)) != 1:
            self.report.error(
                "invalid_shape", pointer, "A guard must be one expression.", "Write && or || between them.",
                node_id=node_id,
            )  # fmt: skip

    def _text(self, text: str, pointer: str, node_id: str | None, reader: Reader, reads: set[str]) -> None:
        """Check each expression of one text and add what it reads."""

        def refuse(error: ExpressionError, offset: int) -> None:
            self.report.error(
                error.code,
                pointer,
                error.message,
                error.cure or "Correct the expression.",
                node_id=node_id,
                offset=offset + error.data.get("offset", 0),
                length=error.data.get("length", 1),
            )

        for source, offset in _sources(text, refuse):
            for use in compile_expression(source).references.uses:
                try:
                    read = self.scope.read(use, reader)
                except RefusedError as refused:
                    self.report.error(
                        refused.code,
                        pointer,
                        refused.message,
                        refused.cure,
                        node_id=node_id,
                        fix=refused.fix,
                        offset=offset + use.offset,
                        length=use.length,
                    )
                else:
                    if read is not None:
                        reads.add(read)


def _sources(text: str, refuse: Callable[[ExpressionError, int], None]) -> Iterator[tuple[str, int]]:
    """(source, offset in the text) of each expression that compiles; the others are handed to ``refuse``."""
    try:
        parts = split(text)
    except ExpressionError as error:
        refuse(error, 0)
        return
    for part in parts:
        if isinstance(part, str):
            continue
        offset, source = part
        try:
            compile_expression(source)
        except ExpressionError as error:
            refuse(error, offset)
        else:
            yield source, offset
