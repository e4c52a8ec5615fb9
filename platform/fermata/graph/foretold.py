"""What a value will be before there is one: JSON Schemas of names, as far as types and configs tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fermata.graph.expression import TEMPLATE, split
from fermata.graph.inferred import EXPRESSION, Schema, below, path_of, schema_of, sized
from fermata.graph.plan import ROOT
from fermata.graph.scope import Reader
from fermata.graph.sketch import Place, Sketch

DEPTH = 6
"""Templates followed from one to the next to find out what a value is."""
PART = 100
"""Schemas in one that is taken over from elsewhere: else a few templates could multiply without end."""
MOST_SINKS = 20

INDEX: Schema = {"type": "integer", "minimum": 0}
TRIGGER: Schema = {"type": "object"}
SECRETS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
EXECUTION: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "workflow_id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "minimum": 0, "examples": [1]},
        "started_by": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "priority": {"type": "integer", "minimum": 0, "maximum": 9, "examples": [5]},
    },
}
ERROR: Schema = {
    "type": "object",
    "properties": {
        "class": {"type": "string", "examples": ["timeout"]},
        "message": {"type": "string"},
        "data": {"type": "object"},
        "node": {"type": ["string", "null"]},
        "cause": {"type": ["object", "null"]},
    },
}
ARRIVALS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "node": {"type": "string"},
            "port": {"type": "string"},
            "path": {"type": "array"},
            "output": {},
        },
    },
}

COMING_ALONG: dict[str, Schema] = {
    "index": INDEX,
    "trigger": TRIGGER,
    "secrets": SECRETS,
    "execution": EXECUTION,
    "arrivals": ARRIVALS,
}


class Foretold:
    """The schemas of names as seen from a place of a document."""

    def __init__(
        self, sketch: Sketch, place: Place, known: dict[tuple[str, int], Schema] | None = None
    ) -> None:
        """``known``: outputs found out already, by node and depth."""
        self.sketch = sketch
        self.place = place
        self.structure = sketch.structure
        self.known: dict[tuple[str, int], Schema] = {} if known is None else known

    def at(self, root: str, keys: Sequence[str | int] = (), depth: int = DEPTH) -> Schema:
        """What is known of a path, e.g. ``("steps", ("fetch", "output", "status"))``."""
        if root in {"steps", "previous"} and len(keys) > 1:
            known = {"output": self.output(str(keys[0]), depth), "error": ERROR}
            return below(known.get(str(keys[1]), {}), keys[2:])
        if root == "vars" and keys:
            default = self.structure.document.variables.get(str(keys[0]))
            return {} if default is None else below(schema_of(default), keys[1:])
        inputs = self.structure.document.inputs
        whole = {**COMING_ALONG, "inputs": {"type": "object"} if inputs is None else inputs}
        return below(self._item(depth) if root == "item" else whole.get(root, {}), keys)

    def output(self, node_id: str, depth: int = DEPTH) -> Schema:
        """What a node's output is."""
        if node_id not in self.structure.nodes or depth <= 0:
            return {}
        if (node_id, depth) not in self.known:
            self.known[node_id, depth] = {}  # for one that leads back to itself
            self.known[node_id, depth] = self._output(node_id, depth)
        return self.known[node_id, depth]

    def resolved(self, schema: Any, depth: int) -> Schema:
        """The schema with what its ``x-expression`` give, as seen from this place."""
        if not isinstance(schema, Mapping):
            return {}
        if EXPRESSION in schema:
            return self._given(str(schema[EXPRESSION]), depth)
        return {key: self._inner(key, each, depth) for key, each in schema.items()}

    def _output(self, node_id: str, depth: int) -> Schema:
        node, info = self.structure.nodes[node_id], self.structure.infos[node_id]
        try:
            schema = info.output_schema(node.config)
        except Exception:  # noqa: BLE001 - a type of others, given any unfinished config
            return {}
        if info.container == "foreach" and node.config.get("collect", "all") == "all":
            schema = self._with_results(schema, node_id, depth)
        inside = Place(node_id, Reader(node_id)) if info.container else self.sketch.at(node)
        return self._from(inside).resolved(schema, depth - 1)

    def _from(self, place: Place) -> Foretold:
        return Foretold(self.sketch, place, self.known)

    def _inner(self, key: str, value: Any, depth: int) -> Any:
        if key == "properties" and isinstance(value, Mapping):
            return {name: self.resolved(each, depth) for name, each in value.items()}
        return self.resolved(value, depth) if key == "items" else value

    def _given(self, text: str, depth: int) -> Schema:
        """What a text that is one expression gives: known where that is a path."""
        part = split(text)[0]
        path = None if isinstance(part, str) else path_of(part[1])
        if path is None or depth <= 0:
            return {}
        return sized(self.at(path.root, path.keys, depth), PART)

    def _with_results(self, schema: Schema, node_id: str, depth: int) -> Schema:
        """A loop that collects everything gives what its inside's last node gives, several by node id."""
        topology = self.structure.topology
        if topology is None:
            return schema
        sources = {edge.source for edge in self.structure.edges}
        sinks = [name for name in topology.regions[node_id].members if name not in sources]
        given = {name: sized(self.output(name, depth - 1), PART) for name in sinks[:MOST_SINKS]}
        items = next(iter(given.values())) if len(sinks) == 1 else {"type": "object", "properties": given}
        results = {"type": "array", "items": items}
        return {**schema, "properties": {**schema["properties"], "results": results}}

    def _item(self, depth: int) -> Schema:
        topology = self.structure.topology
        around = topology.chain(self.place.reader.region) if topology else [ROOT]
        loops = [name for name in around if topology and topology.regions[name].kind == "foreach"]
        if not loops or depth <= 0:
            return {}
        owner = self.structure.nodes[loops[0]]
        items = owner.config.get("items")
        if isinstance(items, Mapping):
            return INDEX
        if isinstance(items, list):
            return below(schema_of(items), (0,))
        if not isinstance(items, str) or TEMPLATE not in items:
            return {}
        return below(self._from(self.sketch.at(owner)).resolved({EXPRESSION: items}, depth - 1), (0,))
