"""JSON Schemas from values, values from JSON Schemas, and the schema of what a template gives.

What is told of a value before it exists is a guess that must never mislead: where nothing is known the schema
is ``{}`` and the example null. Schemas here may hold ``x-expression``: a template whose value it is
(:func:`template_schema` makes them), which the asker resolves where its names are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fermata.graph.expression import TEMPLATE, split
from fermata.graph.inputs_schema import target_of
from fermata.graph.syntax import Path, read

Schema = dict[str, Any]
EXPRESSION = "x-expression"
DEPTH = 6
MEMBERS = 50
ITEMS = 20
SHORT_TEXT = 80
SHORT_ITEMS = 3
SHORT_MEMBERS = 12

_TYPES = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string"}
_FORMATS = {
    "date-time": "2030-01-31T09:00:00Z",
    "date": "2030-01-31",
    "time": "09:00:00Z",
    "email": "ada@example.org",
    "uri": "https://example.org",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def schema_of(value: Any, depth: int = DEPTH) -> Schema:
    """A schema that describes the value; large and deep parts are told in general."""
    if isinstance(value, Mapping):
        if depth == 0:
            return {"type": "object"}
        members = {key: schema_of(each, depth - 1) for key, each in list(value.items())[:MEMBERS]}
        return {"type": "object", "properties": members} if members else {"type": "object"}
    if isinstance(value, list):
        if depth == 0 or not value:
            return {"type": "array"}
        return {"type": "array", "items": _merged([schema_of(each, depth - 1) for each in value[:ITEMS]])}
    return {"type": _TYPES[type(value)]}


def template_schema(template: Any, depth: int = DEPTH) -> Schema:
    """What a JSON template gives: known where it is plain, ``x-expression`` where it is one expression."""
    if isinstance(template, str) and TEMPLATE in template:
        return {EXPRESSION: template} if is_one_expression(template) else {"type": "string"}
    if isinstance(template, Mapping) and depth:
        members = {key: template_schema(each, depth - 1) for key, each in list(template.items())[:MEMBERS]}
        return {"type": "object", "properties": members}
    if isinstance(template, list) and depth:
        items = [template_schema(each, depth - 1) for each in template[:ITEMS]]
        return {"type": "array", "items": _merged(items)}
    return schema_of(template, depth)


def is_one_expression(text: str) -> bool:
    """Whether the text keeps its expression's type. False also for what cannot be read."""
    try:
        parts = split(text)
    except Exception:  # noqa: BLE001 - a guess: an unfinished text has no type yet
        return False
    return len(parts) == 1 and not isinstance(parts[0], str)


def path_of(source: str) -> Path | None:
    """The path that is the whole expression, or None."""
    try:
        paths = read(source).paths
    except Exception:  # noqa: BLE001 - see is_one_expression
        return None
    if len(paths) == 1 and source.strip() == source[paths[0].start : paths[0].end]:
        return paths[0]
    return None


def below(schema: Any, keys: Sequence[str | int], whole: Mapping[str, Any] | None = None) -> Schema:
    """The schema at a path inside; ``{}`` where nothing is said. ``whole``: what ``$ref`` points into."""
    root = schema if whole is None else whole
    found = _followed(schema, root)
    for key in keys:
        if isinstance(key, str):
            members = found.get("properties")
            inner = members.get(key) if isinstance(members, Mapping) else None
            found = _followed(found.get("additionalProperties") if inner is None else inner, root)
        else:
            found = _followed(found.get("items"), root)
    return found


def filled(schema: Schema, value: Any) -> Schema:
    """The schema, completed by what a value shows where nothing was known; what was known stays."""
    if not schema:
        return schema_of(value)
    members = schema.get("properties")
    if isinstance(value, Mapping) and schema.get("type") == "object":
        known = dict(members) if isinstance(members, Mapping) else {}
        open_to_more = not known and "additionalProperties" not in schema
        for key in known.keys() & value.keys():
            known[key] = filled(known[key], value[key]) if isinstance(known[key], Mapping) else known[key]
        return {**schema, **schema_of(value)} if open_to_more else {**schema, "properties": known}
    if isinstance(value, list) and value and schema.get("type") == "array" and not schema.get("items"):
        return {**schema, **schema_of(value)}
    if isinstance(value, list) and schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
        shown = _merged([filled(dict(schema["items"]), each) for each in value[:ITEMS]])
        return {**schema, "items": shown or schema["items"]}
    return schema


def sized(schema: Schema, most: int = 500) -> Schema:
    """The schema, told in less and less depth until it holds at most so many schemas."""
    if _count(schema, most) <= most:
        return schema
    for depth in (4, 3, 2, 1):
        cut = _cut(schema, depth)
        if _count(cut, most) <= most:
            return cut
    return {key: schema[key] for key in ("type",) if key in schema}


def _count(schema: Any, most: int) -> int:
    waiting, found = [schema], 0
    while waiting and found <= most:
        each = waiting.pop()
        if isinstance(each, Mapping):
            found += 1
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _cut(schema: Any, depth: int) -> Schema:
    if not isinstance(schema, Mapping):
        return {}
    cut = {key: each for key, each in schema.items() if not isinstance(each, Mapping | list)}
    members = schema.get("properties")
    if depth and isinstance(members, Mapping):
        cut["properties"] = {name: _cut(each, depth - 1) for name, each in list(members.items())[:MEMBERS]}
    if depth and isinstance(schema.get("items"), Mapping):
        cut["items"] = _cut(schema["items"], depth - 1)
    return cut


def _followed(schema: Any, whole: Mapping[str, Any]) -> Schema:
    """The schema behind references; of several the first that is not null."""
    for _ in range(DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        options = schema.get("anyOf") or schema.get("oneOf")
        if "$ref" in schema:
            schema = target_of(schema["$ref"], dict(whole))
        elif isinstance(options, list):
            schema = next((each for each in options if each != {"type": "null"}), {})
        else:
            return dict(schema)
    return {}


def example_of(schema: Any, whole: Mapping[str, Any] | None = None, depth: int = DEPTH) -> Any:
    """A value that the schema describes: what it gives itself, else something plain. Null for ``{}``."""
    root = schema if whole is None else whole
    found = _followed(schema, root)
    for key in ("examples", "enum"):
        if isinstance(found.get(key), list) and found[key]:
            return found[key][0]
    for key in ("const", "default", "example"):
        if key in found:
            return found[key]
    kind = found.get("type")
    kind = next((each for each in kind if each != "null"), None) if isinstance(kind, list) else kind
    if kind == "object" or (kind is None and "properties" in found):
        members = found.get("properties")
        listed = list(members.items())[:MEMBERS] if isinstance(members, Mapping) and depth else []
        return {key: example_of(each, root, depth - 1) for key, each in listed}
    if kind == "array":
        return [example_of(found["items"], root, depth - 1)] if "items" in found and depth else []
    return _plain(kind, found)


def _plain(kind: Any, schema: Mapping[str, Any]) -> Any:
    least = schema.get("minimum", 1)
    number = least if isinstance(least, int | float) and not isinstance(least, bool) else 1
    form = schema.get("format")
    text = _FORMATS.get(form, "text") if isinstance(form, str) else "text"
    return {"boolean": True, "integer": int(number), "number": float(number), "string": text}.get(kind)


def short(value: Any, depth: int = 3) -> Any:
    """The value cut down to what fits beside its name."""
    if isinstance(value, str):
        return value if len(value) <= SHORT_TEXT else value[: SHORT_TEXT - 1] + "…"
    if isinstance(value, Mapping):
        if depth == 0:
            return {}
        return {key[:SHORT_TEXT]: short(each, depth - 1) for key, each in list(value.items())[:SHORT_MEMBERS]}
    if isinstance(value, list):
        return [short(each, depth - 1) for each in value[:SHORT_ITEMS]] if depth else []
    return value


def _merged(schemas: Sequence[Schema]) -> Schema:
    """One schema for all items: of objects the members of all, of different types nothing but the types."""
    distinct = [each for at, each in enumerate(schemas) if each not in schemas[:at]]
    if len(distinct) == 1:
        return distinct[0]
    if distinct and all("properties" in each for each in distinct):
        members: dict[str, list[Schema]] = {}
        for each in distinct:
            for key, inner in each["properties"].items():
                members.setdefault(key, []).append(inner)
        return {"type": "object", "properties": {key: _merged(found) for key, found in members.items()}}
    kinds = sorted({each["type"] for each in distinct if isinstance(each.get("type"), str)})
    whole = all("type" in each for each in distinct)
    return {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds and whole else {}
