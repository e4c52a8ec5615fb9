"""What no document may hold, whatever its shape: the border between any JSON value and the house."""

from __future__ import annotations

import math
from typing import Any

from fermata.graph.expression import escaped
from fermata.graph.problems import Report
from fermata.graph.values import INT_MAX, INT_MIN

MAX_DEPTH = 100
MAX_REPORTED = 100

_Trail = tuple[Any, Any] | None


def check_values(document: Any, report: Report) -> bool:
    """Report values nobody can hold: NUL, wide ints, NaN, deep nesting, foreign types.

    False when the value cannot even be read as a document (it is too deep, or holds what is not JSON).
    """
    readable = True
    waiting: list[tuple[Any, int, _Trail]] = [(document, 0, None)]
    first = len(report.problems)
    while waiting and len(report.problems) - first < MAX_REPORTED:
        value, depth, trail = waiting.pop()
        fault = _fault(value)
        if fault:
            readable = readable and "not JSON" not in fault[0]
            report.error("invalid_value", _pointer(trail), *fault)
        elif isinstance(value, dict | list) and depth >= MAX_DEPTH:
            readable = False
            report.error(
                "too_deep",
                _pointer(trail),
                f"The document is nested more than {MAX_DEPTH} levels deep.",
                "Flatten the value.",
            )
        elif isinstance(value, dict):
            for key, each in value.items():
                bad_key = "a key that is not a text" if not isinstance(key, str) else _text_fault(key)
                if bad_key:
                    readable = readable and isinstance(key, str)
                    report.error("invalid_value", _pointer(trail), f"A key is {bad_key}.", "Rename the key.")
                else:
                    waiting.append((each, depth + 1, (trail, key)))
        elif isinstance(value, list):
            waiting.extend((each, depth + 1, (trail, at)) for at, each in enumerate(value))
    return readable and not waiting


def _fault(value: Any) -> tuple[str, str] | None:
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, str):
        what = _text_fault(value)
        return (f"The text is {what}.", "Remove the character.") if what else None
    if isinstance(value, int):
        if INT_MIN <= value <= INT_MAX:
            return None
        return "The whole number does not fit in 64 bits.", "Write it as a text."
    if isinstance(value, float):
        return (
            None if math.isfinite(value) else ("The number is not finite.", "Write a finite number or null.")
        )
    return f"The value is {type(value).__name__}, which is not JSON.", "Write plain JSON."


def _text_fault(text: str) -> str | None:
    if "\0" in text:
        return "one with a NUL character"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "one with half a surrogate pair"
    return None


def _pointer(trail: _Trail) -> str:
    parts: list[str] = []
    while trail is not None:
        trail, key = trail
        parts.append(escaped(key) if isinstance(key, int) or not _text_fault(key) else "?")
    return "".join(f"/{part}" for part in reversed(parts))
