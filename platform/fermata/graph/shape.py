"""Reads any JSON value into the document model, reporting every part that is not well-formed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from fermata.graph.document import (
    DEFAULT_PORT,
    ID_PATTERN,
    MAX_EDGES,
    MAX_ID,
    MAX_ITERATIONS,
    MAX_NODES,
    SCHEMA,
    Document,
    Edge,
    Node,
)
from fermata.graph.durations import seconds_of
from fermata.graph.expression import escaped
from fermata.graph.plan import Retry, Settings
from fermata.graph.problems import Report, did_you_mean, remove, replace

T = TypeVar("T")
Reader = Callable[["Place", Any], Any]

LATER_JOINS = ("first_success", "at_least", "percent", "quorum", "each")
LATER_JOIN_KEYS = ("timeout", "late", "losers", "errors", "on_unmet")
ON_CONFLICT = ("use_existing", "reject", "cancel_old")
ON_LIMIT = ("queue", "reject", "cancel_old")


class Place:
    """Where a value stands: its pointer and the node it belongs to; faults are reported here."""

    __slots__ = ("node_id", "pointer", "report")

    def __init__(self, report: Report, pointer: str = "", node_id: str | None = None) -> None:
        self.report = report
        self.pointer = pointer
        self.node_id = node_id

    def at(self, key: str | int) -> Place:
        """The place of a member."""
        return Place(self.report, f"{self.pointer}/{escaped(key)}", self.node_id)

    def refuse(self, message: str, cure: str, *, code: str = "invalid_shape", **more: Any) -> None:
        """Report an error here."""
        self.report.error(code, self.pointer, message, cure, node_id=self.node_id, **more)


def _text(limit: int, *, empty: bool = True) -> Reader:
    def read(place: Place, value: Any) -> str | None:
        if isinstance(value, str) and len(value) <= limit and (value or empty):
            return value
        place.refuse(f"This must be a text of at most {limit} characters.", "Write a text.")
        return None

    return read


def _one_of(*choices: str) -> Reader:
    def read(place: Place, value: Any) -> str | None:
        if isinstance(value, str) and value in choices:
            return value
        cure = did_you_mean(value, choices, otherwise="Choose one of them.") if isinstance(value, str) else "Choose one."
        place.refuse(f"This must be one of {', '.join(choices)}.", cure)
        return None

    return read


def _whole(low: int, high: int) -> Reader:
    def read(place: Place, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        place.refuse(f"This must be a whole number from {low} to {high}.", "Write such a number.")
        return None

    return read


def _duration(least: float) -> Reader:
    def read(place: Place, value: Any) -> float | None:
        try:
            seconds = seconds_of(value) if isinstance(value, str) else -1.0
        except ValueError:
            seconds = -1.0
        if seconds >= least:
            return seconds
        place.refuse(
            f"This must be a duration of at least {least:g} s and at most ten years."
            if least
            else "This must be a duration of at most ten years.",
            'Write it like "500ms", "30s", "5m", "1h", "2d" or in ISO 8601.',
        )
        return None

    return read


def _flag(place: Place, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    place.refuse("This must be true or false.", "Write true or false.")
    return None


def _fraction(place: Place, value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    place.refuse("This must be a number from 0 to 1.", "Write such a number.")
    return None


def _object(place: Place, value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return value
    place.refuse("This must be an object.", "Write an object.")
    return None


def _texts(place: Place, value: Any) -> tuple[str, ...] | None:
    if isinstance(value, list) and len(value) <= 100 and all(isinstance(each, str) for each in value):
        return tuple(value)
    place.refuse("This must be a list of at most 100 texts.", "Write a list of texts.")
    return None


def _id(place: Place, value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_ID and re.fullmatch(ID_PATTERN, value, re.ASCII):
        return value
    more: dict[str, Any] = {}
    if isinstance(value, str) and (mended := re.sub(r"[^A-Za-z0-9_]+", "_", value)[:MAX_ID].strip("_")):
        more["fix"] = replace(place.pointer, f"_{mended}"[:MAX_ID] if mended[0].isdigit() else mended)
    place.refuse(
        f"An id begins with a letter or _, goes on with letters, digits and _, and has at most {MAX_ID} characters.",
        "Rename it; a text of any form may stand in `label`.",
        code="invalid_id",
        **more,
    )
    return None


def members(place: Place, value: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The well-formed members of an object; unknown keys and bad values are reported. Null counts as absent."""
    found: dict[str, Any] = {}
    for key, each in value.items():
        reader = readers.get(key)
        if reader is None:
            place.at(key).refuse(
                f"There is no setting {key[:100]!r} here.",
                did_you_mean(key, tuple(readers), otherwise=f"Known are {', '.join(readers)}."),
                code="unknown_key",
                fix=remove(place.at(key).pointer),
            )
        elif each is not None:
            parsed = reader(place.at(key), each)
            if parsed is not None:
                found[key] = parsed
    return found


def _required(place: Place, value: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        if value.get(key) is None:
            place.refuse(f"{key!r} is missing.", f"Add {key!r}.", code="missing_key")


def _join(place: Place, value: Any) -> str | None:
    if isinstance(value, dict):
        for key in value:
            if key in LATER_JOIN_KEYS:
                place.at(key).refuse(
                    f"The join setting {key!r} is not in this release.", "Remove it.", code="not_in_this_release",
                    fix=remove(place.at(key).pointer),
                )  # fmt: skip
        known = {key: each for key, each in value.items() if key not in LATER_JOIN_KEYS}
        mode: str | None = members(place, known, {"mode": _join}).get("mode")
        return mode
    if isinstance(value, str) and value in LATER_JOINS:
        place.refuse(
            f"The join {value!r} is not in this release.", "Use auto, all or any.", code="not_in_this_release"
        )
        return None
    parsed: str | None = _one_of("auto", "all", "any")(place, value)
    return parsed


_RETRY: Mapping[str, Reader] = {
    "max_attempts": _whole(1, 1_000),
    "backoff": _one_of("fixed", "linear", "exponential"),
    "initial": _duration(0),
    "max": _duration(0),
    "jitter": _fraction,
    "on": _texts,
}


def _retry(place: Place, value: Any) -> Retry | None:
    if not isinstance(value, dict):
        place.refuse("This must be an object.", 'Write {"max_attempts": 3}.')
        return None
    found = members(place, value, _RETRY)
    renamed = {"initial": "initial_seconds", "max": "max_seconds"}
    return Retry(**{renamed.get(key, key): each for key, each in found.items()})


def _section(place: Place, _: Any) -> None:
    place.refuse(
        "Sections belong to `try`, which is not in this release.",
        "Remove it.",
        code="not_in_this_release",
        fix=remove(place.pointer),
    )


_NODE: Mapping[str, Reader] = {
    "id": _id,
    "type": _text(100, empty=False),
    "type_version": _whole(1, 10_000),
    "label": _text(500),
    "note": _text(10_000),
    "parent": _text(MAX_ID),
    "section": _section,
    "config": _object,
    "join": _join,
    "retry": _retry,
    "timeout": _duration(1),
    "queue": _text(100, empty=False),
    "priority": _whole(0, 9),
    "on_worker_loss": _one_of("hold", "fail", "retry"),
    "max_iterations": _whole(1, MAX_ITERATIONS),
}


def _node(place: Place, index: int, value: Any) -> Node | None:
    if not isinstance(value, dict):
        place.refuse("A node must be an object.", 'Write {"id": …, "type": …, "config": {…}}.')
        return None
    node_id = value.get("id")
    place.node_id = node_id if isinstance(node_id, str) else None
    found = members(place, value, _NODE)
    _required(place, value, "id", "type")
    if "id" not in found or "type" not in found:
        return None
    found.pop("note", None)
    if "timeout" in found:
        found["timeout_seconds"] = found.pop("timeout")
    return Node(index=index, **found)


def _when(place: Place, value: Any) -> str | None:
    if isinstance(value, str) and value.startswith("{{") and value.endswith("}}"):
        return value
    place.refuse("A guard must be one expression.", 'Write it like "{{ steps.a.output > 1 }}".')
    return None


_EDGE: Mapping[str, Reader] = {
    "from": _text(200, empty=False),
    "to": _text(MAX_ID, empty=False),
    "when": _when,
}


def _edge(place: Place, index: int, value: Any) -> Edge | None:
    if not isinstance(value, dict):
        place.refuse("An edge must be an object.", 'Write {"from": "a", "to": "b"}.')
        return None
    found = members(place, value, _EDGE)
    _required(place, value, "from", "to")
    if "from" not in found or "to" not in found:
        return None
    source, _, port = found["from"].partition(".")
    return Edge(index, source, port or DEFAULT_PORT, found["to"], found.get("when"))


_CONCURRENCY: Mapping[str, Reader] = {
    "limit": _whole(1, 100_000),
    "key": _text(1_000, empty=False),
    "on_limit": _one_of(*ON_LIMIT),
}


def _concurrency(place: Place, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        place.refuse("This must be an object.", 'Write {"limit": 10}.')
        return None
    _required(place, value, "limit")
    return {"key": None, "on_limit": "queue", **members(place, value, _CONCURRENCY)}


_SETTINGS: Mapping[str, Reader] = {
    "timeout": _duration(1),
    "priority": _whole(0, 9),
    "max_steps": _whole(1, 100_000_000),
    "concurrency": _concurrency,
    "on_conflict": _one_of(*ON_CONFLICT),
    "canvas": _flag,
}


def _settings(place: Place, value: Any) -> Settings | None:
    if not isinstance(value, dict):
        place.refuse("This must be an object.", "Write an object.")
        return None
    found = members(place, value, _SETTINGS)
    if "timeout" in found:
        found["timeout_seconds"] = found.pop("timeout")
    return Settings(**found)


def _variables(place: Place, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        place.refuse("Variables are an object: name → default value.", 'Write {"name": null}.')
        return None
    for name, each in value.items():
        if _id(place.at(name), name) and isinstance(each, str) and "{{" in each:
            place.report.warning(
                "default_is_not_evaluated",
                place.at(name).pointer,
                "A default is a plain value; its expression is not evaluated.",
                "Set the variable in a set_variables node.",
            )
    return value


def _output(place: Place, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        place.refuse("The output is an object: name → expression.", 'Write {"total": "{{ … }}"}.')
        return None
    return value


def _inputs(place: Place, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        place.refuse("Inputs are a JSON Schema of type object.", 'Write {"type": "object", "properties": {…}}.')
        return None
    if value.get("type", "object") != "object":
        place.at("type").refuse(
            "An execution's input is an object.", 'Write "object".', code="invalid_inputs_schema",
            fix=replace(place.at("type").pointer, "object"),
        )  # fmt: skip
    _check_schema(place, value)
    return value


_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def _check_schema(place: Place, value: Any) -> None:
    """Whether a JSON Schema looks valid, as deep as it goes."""
    if isinstance(value, bool):
        return
    if not isinstance(value, dict):
        place.refuse("A schema is an object, true or false.", "Write an object.", code="invalid_inputs_schema")
        return
    kinds = value.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if not isinstance(kind, str) or kind not in _TYPES:
            place.at("type").refuse(
                f"{str(kind)[:50]!r} is not a JSON Schema type.",
                did_you_mean(str(kind), sorted(_TYPES), otherwise=f"Choose of {', '.join(sorted(_TYPES))}."),
                code="invalid_inputs_schema",
            )
    for key, kind, what in (("required", list, "a list of texts"), ("enum", list, "a list")):
        if key in value and not isinstance(value[key], kind):
            place.at(key).refuse(f"{key!r} must be {what}.", f"Write {what}.", code="invalid_inputs_schema")
    for key in _SCHEMA_MAPS:
        inner = value.get(key, {})
        if not isinstance(inner, dict):
            place.at(key).refuse(f"{key!r} must be an object.", "Write one.", code="invalid_inputs_schema")
            continue
        for name, each in inner.items():
            _check_schema(place.at(key).at(name), each)
    for key in _SCHEMA_LISTS:
        for at, each in enumerate(value[key] if isinstance(value.get(key), list) else []):
            _check_schema(place.at(key).at(at), each)
    for key in _SCHEMAS:
        if key in value:
            _check_schema(place.at(key), value[key])


def _entries(kind: Literal["node", "edge"], limit: int, read: Callable[[Place, int, Any], T | None]) -> Reader:
    def reader(place: Place, value: Any) -> tuple[T, ...] | None:
        if not isinstance(value, list):
            place.refuse(f"{kind.capitalize()}s are a list.", "Write a list.")
            return None
        if len(value) > limit:
            place.refuse(
                f"There are {len(value)} {kind}s; the limit is {limit}.",
                "Move a part into a sub-workflow.",
                code="limit_exceeded",
            )
            return None
        return tuple(each for at, entry in enumerate(value) if (each := read(place.at(at), at, entry)) is not None)

    return reader


def _schema_version(place: Place, value: Any) -> str | None:
    if value != SCHEMA:
        place.refuse(
            f"The schema version must be {SCHEMA!r}.", f"Write {SCHEMA!r}.", code="unknown_schema",
            fix=replace(place.pointer, SCHEMA),
        )  # fmt: skip
    return None


_ROOT: Mapping[str, Reader] = {
    "schema": _schema_version,
    "name": _text(200, empty=False),
    "description": _text(10_000),
    "inputs": _inputs,
    "variables": _variables,
    "output": _output,
    "settings": _settings,
    "nodes": _entries("node", MAX_NODES, _node),
    "edges": _entries("edge", MAX_EDGES, _edge),
}


def read_document(value: Any, report: Report) -> Document | None:
    """The well-formed parts of a document; None when it is not even an object. Reports every fault of shape."""
    place = Place(report)
    if not isinstance(value, dict):
        place.refuse("A document must be an object.", f'Write {{"schema": "{SCHEMA}", "name": …, "nodes": […]}}.')
        return None
    found = members(place, value, _ROOT)
    _required(place, value, "schema", "name", "nodes")
    found.pop("description", None)
    return Document(**{"name": "", **found})
