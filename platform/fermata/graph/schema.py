"""The published JSON Schema of ``fermata/1`` documents, for editors and for people who generate documents."""

from __future__ import annotations

from typing import Any

from fermata.graph.document import (
    ID_PATTERN,
    MAX_EDGES,
    MAX_ID,
    MAX_ITERATIONS,
    MAX_NODES,
    SCHEMA,
)
from fermata.graph.durations import PATTERN
from fermata.graph.node_types import NodeTypeInfo, NodeTypes
from fermata.graph.shape import DISPATCH, ON_CONFLICT, ON_LIMIT

_Schema = dict[str, Any]


def document_schema(node_types: NodeTypes) -> _Schema:
    """JSON Schema (2020-12) of a document; ``oneOf`` tells the node types apart by ``type``.

    It judges the shape only: graph and expressions are judged by ``validate``.
    """
    infos = [info for name in node_types.names() if (info := node_types.find(name)) is not None]
    definitions: _Schema = {
        "id": {"type": "string", "pattern": f"^{ID_PATTERN}$", "maxLength": MAX_ID},
        "duration": {
            "type": "string",
            "pattern": PATTERN,
            "examples": ["500ms", "30s", "5m", "1h", "2d", "PT1H30M"],
        },
        "join": {"enum": ["auto", "all", "any"]},
        "retry": _object(
            max_attempts=_whole(1, 1_000),
            backoff={"enum": ["fixed", "linear", "exponential"]},
            initial=_ref("duration"),
            max=_ref("duration"),
            jitter={"type": "number", "minimum": 0, "maximum": 1},
            on={"type": "array", "maxItems": 100, "items": {"type": "string"}},
        ),
        "settings": _settings(),
        "edge": {
            **_object(
                **{"from": {"type": "string", "minLength": 1, "maxLength": 200}},
                to=_ref("id"),
                when={"type": "string", "pattern": r"^\{\{[\s\S]*\}\}$"},
            ),
            "required": ["from", "to"],
        },
        "node": {"oneOf": [_ref(f"node_{info.name}") for info in infos]},
    }
    for info in infos:
        config = _opened(info.schema())
        # A config schema keeps its own definitions, found by its own address.
        config.setdefault("$id", f"https://fermata.dev/schema/nodes/{info.name}/{info.version}.json")
        definitions[f"config_{info.name}"] = config
        definitions[f"node_{info.name}"] = _node(info)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://fermata.dev/schema/document/1.json",
        "title": "Fermata workflow document",
        **_object(
            schema={"const": SCHEMA},
            name={"type": "string", "minLength": 1, "maxLength": 200},
            description={"type": "string", "maxLength": 10_000},
            inputs={"type": "object", "description": "JSON Schema of the execution's input."},
            variables={"type": "object", "propertyNames": _ref("id"), "description": "Name → default value."},
            output={"type": "object", "description": "Name → expression, evaluated when the execution ends."},
            settings=_ref("settings"),
            nodes={"type": "array", "maxItems": MAX_NODES, "items": _ref("node")},
            edges={"type": "array", "maxItems": MAX_EDGES, "items": _ref("edge")},
        ),
        "required": ["schema", "name", "nodes"],
        "$defs": definitions,
    }


_TEMPLATE: _Schema = {"type": "string", "pattern": r"\{\{[\s\S]*\}\}"}
_MAPS = ("properties", "$defs", "definitions", "patternProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties")


def _opened(schema: Any, *, inside: bool = False) -> Any:
    """A config's schema in which every value may also be a text with an expression."""
    if not isinstance(schema, dict):
        return schema
    opened = dict(schema)
    for key in _MAPS:
        if isinstance(schema.get(key), dict):
            opened[key] = {name: _opened(each, inside=key != "$defs") for name, each in schema[key].items()}
    for key in _LISTS:
        if isinstance(schema.get(key), list):
            opened[key] = [_opened(each) for each in schema[key]]
    for key in _SINGLE:
        if isinstance(schema.get(key), dict):
            opened[key] = _opened(schema[key], inside=True)
    constrained = opened.keys() & {"type", "enum", "const", "$ref", *_LISTS}
    return {"anyOf": [opened, _TEMPLATE]} if inside and constrained else opened


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _whole(low: int, high: int) -> _Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _settings() -> _Schema:
    concurrency = _object(
        limit=_whole(1, 100_000),
        key={"type": "string", "minLength": 1, "maxLength": 1_000},
        on_limit={"enum": list(ON_LIMIT)},
    )
    return _object(
        timeout=_ref("duration"),
        priority=_whole(0, 9),
        max_steps=_whole(1, 100_000_000),
        concurrency={**concurrency, "required": ["limit"]},
        on_conflict={"enum": list(ON_CONFLICT)},
        canvas={"type": "boolean"},
        dispatch={"enum": list(DISPATCH)},
    )


def _node(info: NodeTypeInfo) -> _Schema:
    properties: _Schema = {
        "id": _ref("id"),
        "type": {"const": info.name},
        "type_version": _whole(1, 10_000),
        "label": {"type": "string", "maxLength": 500},
        "note": {"type": "string", "maxLength": 10_000},
        "parent": _ref("id"),
        "config": _ref(f"config_{info.name}"),
    }
    if info.runnable:
        properties |= {
            "join": {"anyOf": [_ref("join"), _object(mode=_ref("join"))]},
            "retry": _ref("retry"),
            "timeout": _ref("duration"),
            "queue": {"type": "string", "minLength": 1, "maxLength": 100},
            "priority": _whole(0, 9),
            "on_worker_loss": {"enum": ["hold", "fail", "retry"]},
            "max_iterations": _whole(1, MAX_ITERATIONS),
        }
    return {**_object(**properties), "required": ["id", "type"]}
