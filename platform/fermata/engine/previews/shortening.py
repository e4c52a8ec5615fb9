"""The beginning of a value that is too large to show."""

from __future__ import annotations

from typing import Any

import orjson

KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def kind_of(value: Any) -> str:
    """The JSON Schema type of a JSON value."""
    return KINDS.get(type(value), "null")


def shortened(value: Any, room: int) -> tuple[Any, bool]:
    """(the value, False) when its JSON fits in ``room`` bytes, else (its beginning, True).

    Raises TypeError for what JSON cannot hold.
    """
    if len(orjson.dumps(value)) <= room:
        return value, False
    return _beginning(value, room), True


def _beginning(value: Any, room: int) -> Any:
    """At most ``room`` bytes of JSON: leading characters, elements or members; the last may be cut too."""
    if isinstance(value, str):
        return _leading(value, room)
    if isinstance(value, list):
        return _elements(value, room - 2)
    if isinstance(value, dict):
        return _members(value, room - 2)
    return value


def _leading(text: str, room: int) -> str:
    text = text[: max(room, 0)]
    while text and len(orjson.dumps(text)) > room:
        text = text[: min(len(text) - 1, len(text) * room // len(orjson.dumps(text)))]
    return text


def _elements(values: list[Any], room: int) -> list[Any]:
    kept: list[Any] = []
    for each in values:
        cost = len(orjson.dumps(each)) + 1
        if cost > room:
            if isinstance(each, str | list | dict) and room > 2:
                kept.append(_beginning(each, room - 1))
            break
        kept.append(each)
        room -= cost
    return kept


def _members(values: dict[str, Any], room: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, each in values.items():
        room -= len(orjson.dumps(key)) + 2
        cost = len(orjson.dumps(each))
        if cost > room:
            if isinstance(each, str | list | dict) and room > 2:
                kept[key] = _beginning(each, room)
            break
        kept[key] = each
        room -= cost
    return kept
