"""The functions expressions have beyond CEL's own, in Python, with caps. All are pure; none reads a clock.

Integers stay integers and doubles doubles; ``sum``, ``min``, ``max`` and ``avg`` skip null. Each may be
called as ``f(x)`` or ``x.f()``. A wrong argument raises :class:`FunctionRefusedError`, shown to the author
as it is.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

MAX_ITEMS = 100_000
MAX_TEXT = 1_000_000
MAX_COMPREHENSION_ITEMS = 1_000
MAX_QUANTIFIER_ITEMS = 10_000
MAX_RANGE_WEIGHT = 1_000_000

BUILT_IN = frozenset({"size", "string", "int", "uint", "double", "timestamp", "duration", "dyn"})
"""CEL's own functions that may be used; ``bytes`` is none of them, since bytes are not JSON."""

METHODS = frozenset(
    {
        *("contains", "startsWith", "endsWith", "matches"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    }
)
"""CEL's own methods, written behind a value."""


class FunctionRefusedError(ValueError):
    """An argument a function cannot take; the text is shown to the author."""


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise FunctionRefusedError(f"{name}() needs a list, not {kind_of(value)}.")
    if len(value) > MAX_ITEMS:
        raise FunctionRefusedError(f"{name}() takes at most {MAX_ITEMS} items; the list has {len(value)}.")
    return value


def _map(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FunctionRefusedError(f"{name}() needs a map, not {kind_of(value)}.")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise FunctionRefusedError(f"{name}() needs a text, not {kind_of(value)}.")
    return value


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise FunctionRefusedError(f"{name}() needs a whole number, not {kind_of(value)}.")
    return value


def _number(value: Any, name: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FunctionRefusedError(f"{name}() needs numbers, not {kind_of(value)}.")
    return value


def _fits(text: str, name: str) -> str:
    if len(text) > MAX_TEXT:
        raise FunctionRefusedError(f"{name}() would give more than {MAX_TEXT} characters.")
    return text


def kind_name(value: Any) -> str:
    """The type of a JSON value: null, bool, int, double, text, list or map."""
    return kind_of(value).split()[-1]


def kind_of(value: Any) -> str:
    """How the value's type is called in messages."""
    names = {type(None): "null", bool: "a bool", int: "an int", float: "a double", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a map")


def _numbers(value: Any, name: str) -> list[int | float]:
    return [_number(each, name) for each in _list(value, name) if each is not None]


def _sum(values: Any) -> int | float:
    numbers = _numbers(values, "sum")
    return math.fsum(numbers) if any(isinstance(each, float) for each in numbers) else sum(numbers)


def _avg(values: Any) -> float | None:
    numbers = _numbers(values, "avg")
    return math.fsum(numbers) / len(numbers) if numbers else None


def _rank(value: Any) -> tuple[int, Any]:
    """A total order over JSON: null, bools, numbers, texts, then the rest by its canonical text."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, int | float):
        return (2, value)
    if isinstance(value, str):
        return (3, value)
    return (4, canonical(value))


def _extreme(name: str, choose: Callable[..., Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        listed = _list(values[0], name) if len(values) == 1 else list(values)
        present = [each for each in listed if each is not None]
        if len({_rank(each)[0] for each in present}) > 1:
            raise FunctionRefusedError(f"{name}() cannot compare values of different types.")
        return choose(present, key=_rank) if present else None

    return function


def canonical(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _distinct(values: Any) -> list[Any]:
    seen: dict[Any, Any] = {}
    for each in _list(values, "distinct"):
        seen.setdefault(_rank(each), each)
    return list(seen.values())


def _flatten(values: Any) -> list[Any]:
    flat: list[Any] = []
    for each in _list(values, "flatten"):
        flat.extend(each if isinstance(each, list) else [each])
    return _list(flat, "flatten")


def _field(item: Any, key: str) -> Any:
    return item.get(key) if isinstance(item, dict) else None


def _sort_by(values: Any, key: Any) -> list[Any]:
    name = _text(key, "sort_by")
    return sorted(_list(values, "sort_by"), key=lambda each: _rank(_field(each, name)))


def _pluck(values: Any, key: Any) -> list[Any]:
    return [_field(each, _text(key, "pluck")) for each in _list(values, "pluck")]


def _group_by(values: Any, key: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for each in _list(values, "group_by"):
        found = _field(each, _text(key, "group_by"))
        groups.setdefault(found if isinstance(found, str) else canonical(found), []).append(each)
    return groups


def _slice(values: Any, start: Any, end: Any = None) -> Any:
    subject = values if isinstance(values, str) else _list(values, "slice")
    return subject[_whole(start, "slice") : None if end is None else _whole(end, "slice")]


def _chunk(values: Any, size: Any) -> list[list[Any]]:
    listed, width = _list(values, "chunk"), _whole(size, "chunk")
    if width < 1:
        raise FunctionRefusedError("chunk() needs a size of at least 1.")
    return [listed[at : at + width] for at in range(0, len(listed), width)]


def _range(*bounds: Any) -> list[int]:
    numbers = [_whole(each, "range") for each in bounds]
    if not 1 <= len(numbers) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        raise FunctionRefusedError(
            "range() takes an end, a start and an end, or start, end and a step other than 0."
        )
    found = range(*numbers)
    if found[MAX_ITEMS:]:  # len() of a range may not fit
        raise FunctionRefusedError(f"range() gives at most {MAX_ITEMS} numbers.")
    return list(found)


def _merge(*maps: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for each in _list(maps[0], "merge") if len(maps) == 1 and isinstance(maps[0], list) else maps:
        merged.update(_map(each, "merge"))
    return merged


def _get(subject: Any, path: Any, default: Any = None) -> Any:
    """``get(map, "a.b", default)``: the value at a dotted path; the default where it is missing or null."""
    for key in _text(path, "get").split("."):
        if isinstance(subject, dict) and key in subject:
            subject = subject[key]
        elif isinstance(subject, list) and key.isdigit() and len(key) < 10 and int(key) < len(subject):
            subject = subject[int(key)]
        else:
            return default
    return default if subject is None else subject


def _pick(subject: Any, keys: Any) -> dict[str, Any]:
    return {key: each for key, each in _map(subject, "pick").items() if key in _list(keys, "pick")}


def _omit(subject: Any, keys: Any) -> dict[str, Any]:
    return {key: each for key, each in _map(subject, "omit").items() if key not in _list(keys, "omit")}


def _join(values: Any, separator: Any = "") -> str:
    parts = [each if isinstance(each, str) else canonical(each) for each in _list(values, "join")]
    return _fits(_text(separator, "join").join(parts), "join")


def _split(text: Any, separator: Any) -> list[str]:
    if not separator:
        raise FunctionRefusedError("split() needs a separator.")
    return _list(_text(text, "split").split(_text(separator, "split")), "split")


def _replace(text: Any, old: Any, new: Any) -> str:
    subject, before, after = _text(text, "replace"), _text(old, "replace"), _text(new, "replace")
    if len(subject) + subject.count(before) * len(after) > MAX_TEXT:
        raise FunctionRefusedError(f"replace() would give more than {MAX_TEXT} characters.")
    return subject.replace(before, after)


def _round(value: Any, digits: Any = 0) -> float:
    return float(round(float(_number(value, "round")), _whole(digits, "round")))


def _whole_part(name: str, function: Callable[[Any], int]) -> Callable[[Any], int]:
    def rounded(value: Any) -> int:
        number = _number(value, name)
        if not math.isfinite(number):
            raise FunctionRefusedError(f"{name}() needs a finite number.")
        return function(number)

    return rounded


def _parse_json(text: Any) -> Any:
    try:
        return json.loads(_text(text, "parse_json"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FunctionRefusedError(f"parse_json() cannot read the text: {error}.") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _base64_decode(text: Any) -> str:
    try:
        return base64.b64decode(_text(text, "base64_decode"), validate=True).decode()
    except ValueError:
        raise FunctionRefusedError("base64_decode() needs base64 of UTF-8 text.") from None


def _zip(*lists: Any) -> list[list[Any]]:
    listed = [_list(each, "zip") for each in lists]
    return [list(each) for each in zip(*listed, strict=False)]


def _coalesce(*values: Any) -> Any:
    return next((each for each in values if each is not None), None)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": _sum,
    "min": _extreme("min", min),
    "max": _extreme("max", max),
    "avg": _avg,
    "sort": lambda values: sorted(_list(values, "sort"), key=_rank),
    "sort_by": _sort_by,
    "distinct": _distinct,
    "flatten": _flatten,
    "reverse": lambda values: values[::-1] if isinstance(values, str) else _list(values, "reverse")[::-1],
    "first": lambda values: next(iter(_list(values, "first")), None),
    "last": lambda values: next(iter(_list(values, "last")[-1:]), None),
    "slice": _slice,
    "chunk": _chunk,
    "compact": lambda values: [each for each in _list(values, "compact") if each is not None],
    "pluck": _pluck,
    "group_by": _group_by,
    "zip": _zip,
    "range": _range,
    "keys": lambda subject: sorted(_map(subject, "keys")),
    "values": lambda subject: [each for _, each in sorted(_map(subject, "values").items())],
    "entries": lambda subject: [
        {"key": key, "value": each} for key, each in sorted(_map(subject, "entries").items())
    ],
    "merge": _merge,
    "get": _get,
    "pick": _pick,
    "omit": _omit,
    "coalesce": _coalesce,
    "join": _join,
    "split": _split,
    "lower": lambda text: _text(text, "lower").lower(),
    "upper": lambda text: _text(text, "upper").upper(),
    "trim": lambda text: _text(text, "trim").strip(),
    "replace": _replace,
    "url_encode": lambda text: _fits(quote(_text(text, "url_encode"), safe=""), "url_encode"),
    "base64_encode": lambda text: base64.b64encode(_text(text, "base64_encode").encode()).decode(),
    "base64_decode": _base64_decode,
    "json": canonical,
    "parse_json": _parse_json,
    "kind": kind_name,
    "abs": lambda value: abs(_number(value, "abs")),
    "round": _round,
    "floor": _whole_part("floor", math.floor),
    "ceil": _whole_part("ceil", math.ceil),
}


def _weight(value: Any) -> int:
    """Characters and items in a value, counted up to just beyond the cap."""
    total = 0
    waiting: list[Iterable[Any]] = [[value]]
    while waiting and total <= MAX_RANGE_WEIGHT:
        for each in itertools.islice(waiting.pop(), MAX_RANGE_WEIGHT):
            total += len(each) if isinstance(each, str) else 1
            if isinstance(each, dict):
                waiting.append(each.values())
            elif isinstance(each, list):
                waiting.append(each)
    return total


def _walked(macro: str, limit: int) -> Callable[[Any], Any]:
    def bounded(value: Any) -> Any:
        """The list a comprehension walks over: a map's keys in sorted order; refused beyond the caps."""
        walked = sorted(value, key=str) if isinstance(value, dict) else value
        if not isinstance(walked, list):
            raise FunctionRefusedError(f"{macro}() needs a list or a map, not {kind_of(value)}.")
        if len(walked) > limit:
            raise FunctionRefusedError(
                f"{macro}() walks over at most {limit} items; this list has {len(walked)}. "
                "Use a list function or a foreach node."
            )
        if _weight(walked) > MAX_RANGE_WEIGHT:
            raise FunctionRefusedError(
                f"{macro}() walks over at most {MAX_RANGE_WEIGHT} characters and values."
            )
        return walked

    return bounded


WALKED: Mapping[str, Callable[[Any], Any]] = {
    macro: _walked(macro, MAX_COMPREHENSION_ITEMS if macro in {"map", "filter"} else MAX_QUANTIFIER_ITEMS)
    for macro in ("map", "filter", "all", "exists", "exists_one")
}
"""Hidden functions around the list of each comprehension: its square cost is bounded by them."""
