"""Readers of single values: each answers with the value, or reports what is wrong and answers None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fermata.graph.durations import seconds_of
from fermata.graph.expression import escaped
from fermata.graph.problems import Report, did_you_mean, remove

Reader = Callable[["Place", Any], Any]


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


def text(limit: int, *, empty: bool = True) -> Reader:
    """A text of at most ``limit`` characters."""

    def read(place: Place, value: Any) -> str | None:
        if isinstance(value, str) and len(value) <= limit and (value or empty):
            return value
        place.refuse(f"This must be a text of at most {limit} characters.", "Write a text.")
        return None

    return read


def one_of(*choices: str) -> Reader:
    """One of the given texts."""

    def read(place: Place, value: Any) -> str | None:
        if isinstance(value, str) and value in choices:
            return value
        cure = (
            did_you_mean(value, choices, otherwise="Choose one of them.")
            if isinstance(value, str)
            else "Choose one."
        )
        place.refuse(f"This must be one of {', '.join(choices)}.", cure)
        return None

    return read


def whole(low: int, high: int) -> Reader:
    """A whole number between two bounds, both allowed."""

    def read(place: Place, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        place.refuse(f"This must be a whole number from {low} to {high}.", "Write such a number.")
        return None

    return read


def duration(least: float) -> Reader:
    """A duration of at least ``least`` seconds, in seconds."""

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


def flag(place: Place, value: Any) -> bool | None:
    """True or false."""
    if isinstance(value, bool):
        return value
    place.refuse("This must be true or false.", "Write true or false.")
    return None


def fraction(place: Place, value: Any) -> float | None:
    """A number from 0 to 1."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    place.refuse("This must be a number from 0 to 1.", "Write such a number.")
    return None


def an_object(place: Place, value: Any) -> dict[str, Any] | None:
    """An object, as it is."""
    if isinstance(value, dict):
        return value
    place.refuse("This must be an object.", "Write an object.")
    return None


def texts(place: Place, value: Any) -> tuple[str, ...] | None:
    """A list of texts."""
    if isinstance(value, list) and len(value) <= 100 and all(isinstance(each, str) for each in value):
        return tuple(value)
    place.refuse("This must be a list of at most 100 texts.", "Write a list of texts.")
    return None


def members(place: Place, value: Mapping[str, Any], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The well-formed members of an object; others are reported. Null counts as absent."""
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


def required(place: Place, value: Mapping[str, Any], *keys: str) -> None:
    """Report each key that is missing or null."""
    for key in keys:
        if value.get(key) is None:
            place.refuse(f"{key!r} is missing.", f"Add {key!r}.", code="missing_key")
