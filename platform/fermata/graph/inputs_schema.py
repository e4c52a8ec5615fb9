"""Whether a document's ``inputs`` look like a JSON Schema of an object."""

from __future__ import annotations

from typing import Any

from fermata.graph.fields import Place
from fermata.graph.problems import did_you_mean, replace

_CODE = "invalid_inputs_schema"
_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def read_inputs(place: Place, value: Any) -> dict[str, Any] | None:
    """The schema, when it is an object; faults are reported."""
    if not isinstance(value, dict):
        place.refuse(
            "Inputs are a JSON Schema of type object.", 'Write {"type": "object", "properties": {…}}.'
        )
        return None
    if value.get("type", "object") != "object":
        place.at("type").refuse(
            "An execution's input is an object.", 'Write "object".', code=_CODE,
            fix=replace(place.at("type").pointer, "object"),
        )  # fmt: skip
    _check_schema(place, value)
    return value


def _check_schema(place: Place, value: Any) -> None:
    """Whether a JSON Schema looks valid, as deep as it goes."""
    if isinstance(value, bool):
        return
    if not isinstance(value, dict):
        place.refuse("A schema is an object, true or false.", "Write an object.", code=_CODE)
        return
    _check_types(place.at("type"), value.get("type", []))
    for key, what in (("required", "a list of texts"), ("enum", "a list")):
        if key in value and not isinstance(value[key], list):
            place.at(key).refuse(f"{key!r} must be {what}.", f"Write {what}.", code=_CODE)
    _check_keywords(place, value)


def _check_keywords(place: Place, value: dict[str, Any]) -> None:
    for key in _SCHEMA_MAPS:
        inner = value.get(key, {})
        if isinstance(inner, dict):
            for name, each in inner.items():
                _check_schema(place.at(key).at(name), each)
        else:
            place.at(key).refuse(f"{key!r} must be an object.", "Write one.", code=_CODE)
    for key in _SCHEMA_LISTS:
        for at, each in enumerate(value[key] if isinstance(value.get(key), list) else []):
            _check_schema(place.at(key).at(at), each)
    for key in _SCHEMAS:
        if key in value:
            _check_schema(place.at(key), value[key])


def _check_types(place: Place, kinds: Any) -> None:
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if not isinstance(kind, str) or kind not in _TYPES:
            place.refuse(
                f"{str(kind)[:50]!r} is not a JSON Schema type.",
                did_you_mean(str(kind), sorted(_TYPES), otherwise=f"Choose of {', '.join(sorted(_TYPES))}."),
                code=_CODE,
            )
