"""An unfinished document as far as it can be told: where its expressions stand, and what they may read.

Validation judges whole documents; here one field is looked at while somebody writes it, so other faults do
not matter as long as they leave its place known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fermata.errors import ExpressionError, InvalidInput
from fermata.graph.border import check_values
from fermata.graph.document import Edge, Node
from fermata.graph.expression import TEMPLATE, Use, outlined, split
from fermata.graph.inputs_schema import target_of
from fermata.graph.node_types import NodeTypeInfo, NodeTypes
from fermata.graph.plan import ROOT
from fermata.graph.problems import Report
from fermata.graph.scope import Reader, RefusedError, Scope
from fermata.graph.shape import read_document
from fermata.graph.structure import Structure, judge

MOST_EXPRESSIONS = 100
"""In one text that is looked at."""
LONGEST_POINTER = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A field that holds an expression; ``node``: the one whose field it is, None for the workflow's own."""

    node: str | None
    reader: Reader


class Sketch:
    """What is known of one document. Shared between threads."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.scope = Scope(structure, Report())
        self._schemas: dict[tuple[str, int], dict[str, Any]] = {}

    def place(self, node_id: str | None, pointer: str) -> Place:
        """The field at ``pointer``: from the document's top, or from the node (``/config/url``).

        Raises InvalidInput for an unknown node and for what holds no expression.
        """
        tokens = tokens_of(pointer)
        if node_id is None:
            return self._own_place(tokens)
        node = self.node(node_id)
        if tokens[:1] == ["edges"]:
            return self._guard(node, tokens)
        if tokens[:2] == ["nodes", str(node.index)]:
            tokens = tokens[2:]
        if tokens[:1] != ["config"] or len(tokens) < 2:
            raise _no_field("Point below the node's config, such as /config/url, or at an edge's when.")
        info = self.structure.infos[node.id]
        schema = self._schema_of(info)
        if not _takes_expressions(schema, tokens[1:], schema):
            raise _no_field("This must be known before the workflow runs; write the value itself.")
        if info.container and tokens[1] in info.deferred and self.structure.topology is not None:
            return Place(node.id, Reader(node.id))
        return self.at(node)

    def at(self, node: Node) -> Place:
        """Where the node's own config is evaluated."""
        return Place(
            node.id,
            Reader(self.region(node.id), node.id, secrets=self.structure.infos[node.id].secrets_allowed),
        )

    def region(self, node_id: str) -> str:
        """The innermost region of a node, the root where regions cannot be told."""
        topology = self.structure.topology
        return topology.region_name(node_id) if topology else ROOT

    def chain(self, region: str) -> list[str]:
        """The region and those around it, innermost first, without the root."""
        topology = self.structure.topology
        return [name for name in topology.chain(region) if name != ROOT] if topology else []

    def node(self, node_id: str) -> Node:
        """A node that can be run. Raises InvalidInput."""
        found = self.structure.nodes.get(node_id)
        if found is not None:
            return found
        if node_id in self.structure.notes:
            raise _no_node("A note is never run, so nothing in it is evaluated.", "Name another node.")
        if node_id in self.structure.ids:
            raise _no_node("This node has a fault of its own.", "Validate the draft and mend the node first.")
        near = Report().nearest(node_id, self.structure.nodes)
        raise _no_node(
            "The draft has no such node, or one that cannot be read.",
            f"Did you mean {near!r}?" if near else "Name a node of the draft.",
        )

    def reads(self, place: Place, text: str) -> tuple[str, ...]:
        """What the text reads there, in the plan's encoding.

        Raises ExpressionError with offset and length in the text, and with ``reason`` where one is known.
        """
        found: set[str] = set()
        for offset, use in uses_in(text):
            read = self._read(place, use, offset)
            if read is not None:
                found.add(read)
        return tuple(sorted(found))

    def _read(self, place: Place, use: Use, offset: int) -> str | None:
        self.scope.report = Report()  # its suggestions are rationed for one request
        try:
            read = self.scope.read(use, place.reader)
        except RefusedError as refused:
            raise _refused(refused, use, offset) from None
        if use.root == "secrets":
            raise _refused(SECRET, use, offset)
        return read

    def _schema_of(self, info: NodeTypeInfo) -> dict[str, Any]:
        key = (info.name, info.version)
        if key not in self._schemas:
            self._schemas[key] = info.schema()
        return self._schemas[key]

    def _own_place(self, tokens: Sequence[str]) -> Place:
        if tokens[:1] == ["output"] and len(tokens) > 1:
            return Place(None, Reader(ROOT))
        if list(tokens) == ["settings", "concurrency", "key"]:
            return Place(None, Reader(start_only=True))
        raise _no_field("Name the node, or point below /output.")

    def _guard(self, node: Node, tokens: Sequence[str]) -> Place:
        edge = next((each for each in self.structure.edges if tokens[1:2] == [str(each.index)]), None)
        if edge is None or edge.source != node.id or list(tokens[2:]) != ["when"]:
            raise _no_field("Point at the `when` of an edge that leaves the node.")
        return Place(node.id, Reader(self.region(node.id), node.id, itself=True))


SECRET = RefusedError(
    "secret_not_shown", "Secrets are not evaluated in a preview.", "Run the node to see what it makes of it."
)


def sketched(document: Any, node_types: NodeTypes) -> Sketch | None:
    """What can be told of the document; None when it cannot be read as one at all."""
    report = Report()
    if not check_values(document, report):
        return None
    model = read_document(document, report)
    return None if model is None else Sketch(judge(model, node_types, report))


def uses_in(text: str) -> Iterator[tuple[int, Use]]:
    """(the expression's offset, a name it reads) of a template, or of one expression without braces.

    Raises ExpressionError with offset and length in the text.
    """
    parts = [part for part in split(text) if not isinstance(part, str)] if TEMPLATE in text else [(0, text)]
    if len(parts) > MOST_EXPRESSIONS:
        raise ExpressionError(
            f"The text holds {len(parts)} expressions; at most {MOST_EXPRESSIONS} are shown at once.",
            cure="Look at a part of it.",
            offset=parts[MOST_EXPRESSIONS][0],
            length=1,
        )
    for offset, source in parts:
        try:
            uses = outlined(source).uses
        except ExpressionError as error:
            error.data["offset"] = offset + error.data.get("offset", 0)
            raise
        yield from ((offset, use) for use in uses)


def edges_into(structure: Structure, node_id: str) -> list[Edge]:
    """The edges by which control reaches a node; back edges are none of them."""
    topology = structure.topology
    return [
        edge
        for edge in structure.edges
        if edge.target == node_id and (topology is None or topology.kind_of(edge) != "back")
    ]


def tokens_of(pointer: str) -> list[str]:
    """The segments of a JSON pointer. Raises InvalidInput when it is none."""
    if not pointer.startswith("/"):
        raise _no_field("Write a JSON pointer, such as /config/url.")
    tokens = pointer[1:].split("/")
    if len(tokens) > LONGEST_POINTER:
        raise _no_field("Nothing stands that deep.")
    return [token.replace("~1", "/").replace("~0", "~") for token in tokens]


def _takes_expressions(schema: Any, tokens: Sequence[str], whole: Mapping[str, Any]) -> bool:
    """Whether a value at this place of a config may hold an expression, by the config's JSON Schema."""
    if not isinstance(schema, Mapping):
        return schema is not False
    target = target_of(schema.get("$ref"), dict(whole))
    if target is not None and not _takes_expressions(target, tokens, whole):
        return False
    if schema.get("x-ui", {}).get("expression") is False:
        return False
    options = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if options:
        return any(_takes_expressions(option, tokens, whole) for option in options)
    if not tokens:
        return True
    key, rest = tokens[0], tokens[1:]
    if key in schema.get("properties", {}):
        return _takes_expressions(schema["properties"][key], rest, whole)
    if schema.get("type") == "array":
        return key.isdigit() and _takes_expressions(schema.get("items", True), rest, whole)
    if schema.get("type") == "object" or "properties" in schema:
        return _takes_expressions(schema.get("additionalProperties", True), rest, whole)
    return schema.get("type") is None


def _refused(refused: RefusedError, use: Use, offset: int) -> ExpressionError:
    return ExpressionError(
        refused.message,
        cure=refused.cure,
        offset=offset + use.offset,
        length=use.length,
        reason=refused.code,
    )


def _no_field(cure: str) -> InvalidInput:
    return _invalid("no_expression_field", "/pointer", "No expression stands there.", cure)


def _no_node(message: str, cure: str) -> InvalidInput:
    return _invalid("unknown_node", "/node_id", message, cure)


def _invalid(code: str, pointer: str, message: str, cure: str) -> InvalidInput:
    row = {"code": code, "pointer": pointer, "message": message, "cure": cure}
    return InvalidInput(message, cure=cure, problems=[row])
