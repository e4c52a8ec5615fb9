"""Whether a document's ``inputs`` are a JSON Schema of an object that can be trusted with anybody's input.

JSON Schema 2020-12, less what reaches outside of the document or makes its size a lie: a ``$ref`` may only
point into the same schema, and other ways of naming a schema are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from fermata.graph.fields import Place
from fermata.graph.patterns import fault_of
from fermata.graph.problems import did_you_mean, replace

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_SCHEMAS = 5_000
_CODE = "invalid_inputs_schema"
_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMAS = (
    *("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
_REFUSED = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary"})
_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


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
    if _is_small(place, value) and _has_its_form(place, value):
        for where, schema in _schemas(place, value):
            _check_types(where.at("type"), schema.get("type", []))
            _check_patterns(where, schema)
            _check_references(where, schema, value)
    return value


def _is_small(place: Place, value: dict[str, Any]) -> bool:
    """Judging costs time by the number of schemas."""
    if sum(1 for _, _ in zip(_schemas(place, value), range(MOST_SCHEMAS + 1), strict=False)) <= MOST_SCHEMAS:
        return True
    place.refuse(
        f"Inputs hold more than {MOST_SCHEMAS} schemas.",
        "Declare less, and check the rest in a node.",
        code="limit_exceeded",
    )
    return False


def _has_its_form(place: Place, value: dict[str, Any]) -> bool:
    """Whether every keyword has the form that JSON Schema asks for."""
    try:
        errors = [error for error, _ in zip(_META.iter_errors(value), range(50), strict=False)]
    except RecursionError:
        place.refuse("The schema is nested too deeply.", "Flatten it.", code=_CODE)
        return False
    fine = True
    for error in errors:
        where = place
        for part in error.absolute_path:
            where = where.at(part)
        if list(error.absolute_path)[-1:] == ["type"] or list(error.absolute_path)[-2:-1] == ["type"]:
            _check_types(where, error.instance)
        else:
            where.refuse(
                f"This is not valid in a JSON Schema: {error.message[:300]}.", "Correct it.", code=_CODE
            )
        fine = False
    return fine


def _schemas(place: Place, value: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every schema inside that is an object, with its place."""
    waiting: list[tuple[Place, Any]] = [(place, value)]
    while waiting:
        where, schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        yield where, schema
        for key in _SCHEMA_MAPS:
            inner = schema.get(key)
            if isinstance(inner, dict):
                waiting += [(where.at(key).at(name), each) for name, each in inner.items()]
        for key in _SCHEMA_LISTS:
            listed = schema.get(key)
            if isinstance(listed, list):
                waiting += [(where.at(key).at(at), each) for at, each in enumerate(listed)]
        waiting += [(where.at(key), schema[key]) for key in _SCHEMAS if key in schema]


def _check_types(place: Place, kinds: Any) -> None:
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if not isinstance(kind, str) or kind not in _TYPES:
            place.refuse(
                f"{str(kind)[:50]!r} is not a JSON Schema type.",
                did_you_mean(str(kind), sorted(_TYPES), otherwise=f"Choose of {', '.join(sorted(_TYPES))}."),
                code=_CODE,
            )


def _check_patterns(place: Place, schema: dict[str, Any]) -> None:
    """Patterns are searched for in linear time, so they can say less than Python's."""
    patterns = [(place.at("pattern"), schema["pattern"])] if "pattern" in schema else []
    patterns += [
        (place.at("patternProperties").at(name), name) for name in schema.get("patternProperties", ())
    ]
    for where, pattern in patterns:
        fault = fault_of(pattern)
        if fault is not None:
            cure = "Correct it; look-around and back-references are not available."
            where.refuse(f"The pattern cannot be used: {fault}.", cure, code=_CODE)


def _check_references(place: Place, schema: dict[str, Any], whole: dict[str, Any]) -> None:
    for key in sorted(_REFUSED & schema.keys()):
        cure = 'Name schemas under "$defs" and point to them by "$ref".'
        place.at(key).refuse(f"{key} is not available in inputs.", cure, code=_CODE)
    if schema.get("$schema", DIALECT) != DIALECT:
        place.at("$schema").refuse("Inputs are JSON Schema 2020-12.", f"Write {DIALECT}.", code=_CODE)
    reference = schema.get("$ref")
    if reference is not None and not isinstance(target_of(reference, whole), dict | bool):
        place.at("$ref").refuse(
            "The reference points to no schema in these inputs.",
            'Write "#/$defs/<name>" with a name that stands there.',
            code=_CODE,
        )


def target_of(reference: Any, whole: dict[str, Any]) -> Any:
    """What ``#/a/b`` points to within the schema; None for nothing and for any other reference."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/$defs/")):
        return None
    found: Any = whole
    for token in reference.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if "%" in token or not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found
