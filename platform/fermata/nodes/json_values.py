"""JSON values: what may enter the database, and when two are the same."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

DEEPEST = 100
_INT64 = 2**63


def fault_in(value: Any) -> str | None:
    """The first reason why ``value`` cannot be stored, with its JSON pointer; None when it can.

    Refused are types that JSON has not, NaN and infinities, integers beyond 64 bits, texts with NUL or lone
    surrogates, object keys that are not texts, and more than 100 levels. A tuple counts as a list.
    """
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        pointer, item, depth = waiting.pop()
        reason = _fault(item) if depth <= DEEPEST else f"is deeper than {DEEPEST} levels"
        if reason:
            return f"the value at {pointer[:200] or 'the top'} {reason}"
        if isinstance(item, dict):
            waiting += [(f"{pointer}/{key}", part, depth + 1) for key, part in item.items()]
        elif isinstance(item, list | tuple):
            waiting += [(f"{pointer}/{index}", part, depth + 1) for index, part in enumerate(item)]
    return None


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 is 1.0, but true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def _fault(item: Any) -> str | None:
    if isinstance(item, str):
        return _text_fault(item)
    if item is None or isinstance(item, bool | list | tuple):
        return None
    if isinstance(item, int | float):
        return _number_fault(item)
    if isinstance(item, dict):
        return next((f"has a key that {fault}" for key in item if (fault := _key_fault(key))), None)
    return f"is of type {type(item).__name__}, which JSON has not"


def _number_fault(number: int | float) -> str | None:  # noqa: PYI041 - the two differ here
    if isinstance(number, float):
        return None if isfinite(number) else "is not a finite number"
    return None if -_INT64 <= number < _INT64 else "is an integer beyond 64 bits"


def _key_fault(key: Any) -> str | None:
    return _text_fault(key) if isinstance(key, str) else "is not a text"


def _text_fault(text: str) -> str | None:
    if "\x00" in text:
        return "holds the character NUL"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return None
