"""What an expression gives at its place in a draft: read here, evaluated in a child."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from fermata.engine.previews.pool import pool
from fermata.engine.queries.seen import Stand, seen, seen_sizes
from fermata.errors import ExpressionError, InvalidInput
from fermata.graph.expression import KEYED, ROOTS
from fermata.graph.foretold import Foretold
from fermata.graph.inferred import example_of
from fermata.graph.sketch import Place, Sketch

VALUE_BYTES = 16 * 1024
READ_BYTES = 8 * 1024 * 1024
SAMPLED = tuple(root for root in ROOTS if root not in {"secrets", "error"})
NO_OBJECTS = frozenset({"item", "index", "arrivals"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A text at its place.

    ``at``: a place in an execution, whose values are seen; ``sample``: values by root name, without one.
    """

    sketch: Sketch
    place: Place
    text: str
    at: Stand | None = None
    sample: Mapping[str, Any] | None = None


def preview(asked: Asked) -> dict[str, Any]:
    """{"ok", "value", "type", "truncated", "from", "error"}.

    Raises InvalidInput for a sample of no use, PreviewsBusy.
    """
    check_sample(asked.sample)
    try:
        bindings = _bindings(asked, asked.sketch.reads(asked.place, asked.text))
        if not connection.in_atomic_block:  # no connection is kept from others while a child computes
            connection.close_if_unusable_or_obsolete()
        answer = pool().evaluate({"text": asked.text, "bindings": bindings, "room": VALUE_BYTES})
    except ExpressionError as error:
        return _failed(asked, _row(error, asked.text))
    if "error" in answer:
        return _failed(asked, {"code": ExpressionError.code, **answer["error"]})
    return {"ok": True, **answer, "from": _origin(asked), "error": None}


def check_sample(sample: Mapping[str, Any] | None) -> None:
    """Raise InvalidInput unless the sample names roots that expressions have, with objects where they are."""
    rows = []
    for name, value in (sample or {}).items():
        if name not in SAMPLED:
            rows.append(_fault(name, "There is no such name.", f"Known are {', '.join(SAMPLED)}."))
        elif name not in NO_OBJECTS and not isinstance(value, Mapping):
            rows.append(_fault(name, "This is an object.", "Send an object."))
    if rows:
        raise InvalidInput("The sample cannot be used.", problems=rows)


def _bindings(asked: Asked, reads: Collection[str]) -> dict[str, Any]:
    if asked.at is None:
        return _with_sample(_examples(asked, reads), asked.sample or {})
    if sum(seen_sizes(asked.at, reads=reads).values()) > READ_BYTES:
        raise ExpressionError(
            f"What this reads is larger than the {READ_BYTES} bytes that a preview takes.",
            cure="Read less, or run the node.",
            reason="values_too_large",
        )
    names = {read[4:] for read in reads if read.startswith("var:")}
    declared = asked.sketch.structure.document.variables
    variables = {name: value for name, value in declared.items() if name in names}
    return seen(asked.at, reads=reads, variables=variables)


def _examples(asked: Asked, reads: Collection[str]) -> dict[str, Any]:
    """Something for each name that is read: declared defaults, and values made up by their schemas."""
    foretold = Foretold(asked.sketch, asked.place)
    variables = asked.sketch.structure.document.variables
    bound: dict[str, Any] = {"execution": example_of(foretold.at("execution")), "index": 0}
    bound |= {"vars": {}, "steps": {}, "previous": {}}
    for kind, _, name in (read.partition(":") for read in reads):
        if kind == "var":
            bound["vars"][name] = variables[name]
        elif kind in {"step", "previous"}:
            node = name.rpartition("/")[2]
            bound["steps" if kind == "step" else kind][node] = {"output": example_of(foretold.output(node))}
        else:
            bound[kind] = example_of(foretold.at(kind))
    return bound


def _with_sample(bound: dict[str, Any], sample: Mapping[str, Any]) -> dict[str, Any]:
    merged = {root: {**bound[root], **sample[root]} for root in KEYED & bound.keys() & sample.keys()}
    return {**bound, **sample, **merged}


def _origin(asked: Asked) -> Any:
    if asked.at is not None:
        return asked.at.origin
    return "sample" if asked.sample is not None else None


def _failed(asked: Asked, error: dict[str, Any]) -> dict[str, Any]:
    shown = {"ok": False, "value": None, "type": None, "truncated": False}
    return {**shown, "from": _origin(asked), "error": error}


def _row(error: ExpressionError, text: str) -> dict[str, Any]:
    """An error found here; one without a place is about the whole text."""
    return {
        "code": error.data.get("reason") or error.code,
        "message": error.message,
        "cure": error.cure,
        "offset": error.data.get("offset", 0),
        "length": error.data.get("length", len(text)),
    }


def _fault(name: str, message: str, cure: str) -> dict[str, Any]:
    return {"code": "invalid_sample", "pointer": f"/sample/{name[:100]}", "message": message, "cure": cure}
