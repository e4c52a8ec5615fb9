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
from fermata.graph.fields import (
    Place,
    Reader,
    an_object,
    duration,
    flag,
    fraction,
    members,
    one_of,
    required,
    text,
    texts,
    whole,
)
from fermata.graph.inputs_schema import read_inputs
from fermata.graph.plan import Retry, Settings
from fermata.graph.problems import Report, remove, replace

T = TypeVar("T")

LATER_JOINS = ("first_success", "at_least", "percent", "quorum", "each")
LATER_JOIN_KEYS = ("timeout", "late", "losers", "errors", "on_unmet")
ON_CONFLICT = ("use_existing", "reject", "cancel_old")
DISPATCH = ("each", "together")
NOT_YET_HELD = frozenset({"concurrency", "max_steps"})
"""Settings that are read and kept, but that no engine of this release enforces."""
ON_LIMIT = ("queue", "reject", "cancel_old")


def _id(place: Place, value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_ID and re.fullmatch(ID_PATTERN, value, re.ASCII):
        return value
    more: dict[str, Any] = {}
    if isinstance(value, str) and (mended := re.sub(r"[^A-Za-z0-9_]+", "_", value)[:MAX_ID].strip("_")):
        more["fix"] = replace(place.pointer, f"_{mended}"[:MAX_ID] if mended[0].isdigit() else mended)
    place.refuse(
        f"An id is a letter or _, then letters, digits and _, at most {MAX_ID} characters in all.",
        "Rename it; a text of any form may stand in `label`.",
        code="invalid_id",
        **more,
    )
    return None


def _join(place: Place, value: Any) -> str | None:
    if isinstance(value, dict):
        for key in value:
            if key in LATER_JOIN_KEYS:
                place.at(key).refuse(
                    f"The join setting {key!r} is not in this release.",
                    "Remove it.",
                    code="not_in_this_release",
                    fix=remove(place.at(key).pointer),
                )
        known = {key: each for key, each in value.items() if key not in LATER_JOIN_KEYS}
        mode: str | None = members(place, known, {"mode": _join}).get("mode")
        return mode
    if isinstance(value, str) and value in LATER_JOINS:
        place.refuse(
            f"The join {value!r} is not in this release.", "Use auto, all or any.", code="not_in_this_release"
        )
        return None
    parsed: str | None = one_of("auto", "all", "any")(place, value)
    return parsed


_RETRY: Mapping[str, Reader] = {
    "max_attempts": whole(1, 1_000),
    "backoff": one_of("fixed", "linear", "exponential"),
    "initial": duration(0),
    "max": duration(0),
    "jitter": fraction,
    "on": texts,
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
    "type": text(100, empty=False),
    "type_version": whole(1, 10_000),
    "label": text(500),
    "note": text(10_000),
    "parent": text(MAX_ID),
    "section": _section,
    "config": an_object,
    "join": _join,
    "retry": _retry,
    "timeout": duration(1),
    "queue": text(100, empty=False),
    "priority": whole(0, 9),
    "on_worker_loss": one_of("hold", "fail", "retry"),
    "max_iterations": whole(1, MAX_ITERATIONS),
}


def _node(place: Place, index: int, value: Any) -> Node | None:
    if not isinstance(value, dict):
        place.refuse("A node must be an object.", 'Write {"id": …, "type": …, "config": {…}}.')
        return None
    node_id = value.get("id")
    place.node_id = node_id if isinstance(node_id, str) else None
    found = members(place, value, _NODE)
    required(place, value, "id", "type")
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
    "from": text(200, empty=False),
    "to": text(MAX_ID, empty=False),
    "when": _when,
}


def _edge(place: Place, index: int, value: Any) -> Edge | None:
    if not isinstance(value, dict):
        place.refuse("An edge must be an object.", 'Write {"from": "a", "to": "b"}.')
        return None
    found = members(place, value, _EDGE)
    required(place, value, "from", "to")
    if "from" not in found or "to" not in found:
        return None
    source, _, port = found["from"].partition(".")
    return Edge(index, source, port or DEFAULT_PORT, found["to"], found.get("when"))


_CONCURRENCY: Mapping[str, Reader] = {
    "limit": whole(1, 100_000),
    "key": text(1_000, empty=False),
    "on_limit": one_of(*ON_LIMIT),
}


def _concurrency(place: Place, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        place.refuse("This must be an object.", 'Write {"limit": 10}.')
        return None
    required(place, value, "limit")
    return {"key": None, "on_limit": "queue", **members(place, value, _CONCURRENCY)}


_SETTINGS: Mapping[str, Reader] = {
    "timeout": duration(1),
    "priority": whole(0, 9),
    "max_steps": whole(1, 100_000_000),
    "concurrency": _concurrency,
    "on_conflict": one_of(*ON_CONFLICT),
    "canvas": flag,
    "dispatch": one_of(*DISPATCH),
}


def _settings(place: Place, value: Any) -> Settings | None:
    if not isinstance(value, dict):
        place.refuse("This must be an object.", "Write an object.")
        return None
    found = members(place, value, _SETTINGS)
    for name in sorted(NOT_YET_HELD & value.keys()):
        place.report.warning(
            "not_in_this_release",
            place.at(name).pointer,
            f"{name} is kept but not yet held: executions are not limited by it in this release.",
            "Leave it in for later, or remove it.",
        )
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


def _entries(
    kind: Literal["node", "edge"], limit: int, read: Callable[[Place, int, Any], T | None]
) -> Reader:
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
        return tuple(
            each for at, entry in enumerate(value) if (each := read(place.at(at), at, entry)) is not None
        )

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
    "name": text(200, empty=False),
    "description": text(10_000),
    "inputs": read_inputs,
    "variables": _variables,
    "output": _output,
    "settings": _settings,
    "nodes": _entries("node", MAX_NODES, _node),
    "edges": _entries("edge", MAX_EDGES, _edge),
}


def read_document(value: Any, report: Report) -> Document | None:
    """The well-formed parts of a document; None when it is no object. Reports every fault of shape."""
    place = Place(report)
    if not isinstance(value, dict):
        place.refuse(
            "A document must be an object.", f'Write {{"schema": "{SCHEMA}", "name": …, "nodes": […]}}.'
        )
        return None
    found = members(place, value, _ROOT)
    required(place, value, "schema", "name", "nodes")
    found.pop("description", None)
    return Document(**{"name": "", **found})
