"""What a draft holds, made fit to be stored: definition, source and editor that belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from fermata.errors import InvalidInput
from fermata.graph.validate import validate
from fermata.nodes.catalogue import catalogue
from fermata.workflows import formats, limits

JUDGED_BYTES = 256 * 1024
"""Definitions up to this size are judged whenever they are saved; larger ones only when somebody asks."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft holds. ``definition`` None with ``source``: read from the YAML text."""

    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = field(default_factory=dict)


def settled(content: Content, *, fallback: dict[str, Any] | None = None) -> Content:
    """The content with a definition, and with its source only while that parses to the definition.

    Raises InvalidInput, PayloadTooLarge for what cannot be stored.
    """
    definition, source = content.definition, content.source
    if source is not None:
        limits.check_source(source)
        if definition is None:
            definition = formats.from_yaml(source)
    if definition is None:
        definition = fallback
    limits.check_definition(definition)
    limits.check_editor(content.editor)
    return Content(definition=definition, source=kept_source(source, definition), editor=content.editor)


def kept_source(source: str | None, definition: Any) -> str | None:
    """The source while it parses to the definition, else None."""
    if source is None:
        return None
    try:
        return source if same(formats.from_yaml(source), definition) else None
    except InvalidInput:
        return None


def same(first: Any, second: Any) -> bool:
    """Equal as documents: the order of keys does not matter; ``1``, ``1.0`` and ``true`` are three values."""
    return orjson.dumps(first, option=orjson.OPT_SORT_KEYS) == orjson.dumps(
        second, option=orjson.OPT_SORT_KEYS
    )


def identical(first: Content, second: Content) -> bool:
    """Whether both are the same to the byte: definition with the order of its keys, text, positions."""
    return _bytes(first) == _bytes(second)


def _bytes(content: Content) -> bytes:
    return orjson.dumps([content.definition, content.source, content.editor])


def problems(definition: Any) -> list[dict[str, Any]]:
    """Every problem of a definition, errors and warnings, in the shape of the interface.

    Evaluates nothing.
    """
    return [shown(problem) for problem in validate(definition, catalogue())]


def shown(problem: Any) -> dict[str, Any]:
    """A problem as a JSON row, keys without a value left out."""
    row = problem if isinstance(problem, dict) else problem.to_json()
    return {key: value for key, value in row.items() if value is not None}


def error_count(definition: Any) -> int | None:
    """How many errors keep a definition from being published; None for one too large to judge on the way."""
    if len(orjson.dumps(definition)) > JUDGED_BYTES:
        return None
    return sum(1 for row in problems(definition) if row["severity"] == "error")


def empty_document(name: str) -> dict[str, Any]:
    """The document a new workflow starts with."""
    return {"schema": "fermata/1", "name": name, "nodes": [], "edges": []}
