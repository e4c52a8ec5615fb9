"""JSON on its way into and out of the evaluator: paths followed, data checked, results made plain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fermata.errors import ExpressionError
from fermata.graph.functions import canonical
from fermata.graph.syntax import Path, fault

MAX_DATA_DEPTH = 100
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class _Missing:
    """The mark of a path that leads nowhere."""


MISSING = _Missing()


def resolve(path: Path, bindings: Mapping[str, Any]) -> Any:
    """What the path leads to; MISSING where it breaks off."""
    value: Any = bindings.get(path.root, MISSING)
    for key in path.keys:
        if isinstance(key, str):
            if not isinstance(value, Mapping):
                return MISSING
            value = value.get(key, MISSING)
        elif isinstance(value, list) and key < len(value):
            value = value[key]
        else:
            return MISSING
    return value


def missing(path: Path, bindings: Mapping[str, Any]) -> ExpressionError:
    """The error for a path that leads nowhere, pointing at the first selector that fails."""
    at = path.root
    value: Any = bindings.get(path.root, MISSING)
    message = f"{path.root!r} is not known here."
    if value is not MISSING:
        for key in path.keys:
            following = resolve(Path("it", (key,), 0, 0), {"it": value})
            if following is MISSING:
                message = _no_key(at, key, value)
                break
            at = f"{at}.{key}" if isinstance(key, str) else f"{at}[{key}]"
            value = following
    return fault(
        message,
        offset=path.start,
        length=path.end - path.start,
        cure="Ask first with has(), or take get(map, path, default).",
    )


def _no_key(at: str, key: str | int, value: Any) -> str:
    if value is None:
        return f"{at} is null, so it has no key {key!r}."
    if isinstance(key, int) and isinstance(value, list):
        return f"{at} has {len(value)} items, so none at {key}."
    if isinstance(value, Mapping):
        return f"{at} has no key {key!r}."
    return f"{at} is a single value or a list, so it has no key {key!r}."


def broken(message: str, source: str, *, cure: str | None = None) -> ExpressionError:
    """An ExpressionError about the whole source."""
    return fault(message, offset=0, length=len(source), cure=cure)


def check_data(value: Any, path: Path) -> None:
    """Refuse what would crash or silently change in the library: deep data, wide ints, what is not JSON."""
    if type(value) in {str, bool, float, type(None)}:
        return
    level = [value]
    for _ in range(MAX_DATA_DEPTH + 1):
        deeper: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is dict:
                deeper.extend(each.values())
            elif kind is list:
                deeper.extend(each)
            elif kind is int:
                if not INT_MIN <= each <= INT_MAX:
                    raise _unfit("holds a whole number beyond 64 bits", path)
            elif kind not in {str, bool, float, type(None)}:
                raise _unfit("is not plain JSON", path)
        if not deeper:
            return
        level = deeper
    raise _unfit(f"is nested more than {MAX_DATA_DEPTH} levels deep", path)


def _unfit(what: str, path: Path) -> ExpressionError:
    name = ".".join(map(str, (path.root, *path.keys)))
    return fault(f"{name} {what}.", offset=path.start, length=path.end - path.start)


def json_of(value: Any, source: str, depth: int = 0) -> Any:
    """A result of the library as JSON; maps get sorted keys, since the library forgets their order."""
    kind = type(value)
    if kind in {str, bool, type(None)}:
        return value
    if kind is int:
        if INT_MIN <= value <= INT_MAX:
            return value
        raise broken("The result holds a whole number beyond 64 bits.", source)
    if kind is float:
        if value - value == 0.0:
            return value
        raise broken("The result holds a number that is not finite.", source)
    if depth > MAX_DATA_DEPTH:
        raise broken(f"The result is nested more than {MAX_DATA_DEPTH} levels deep.", source)
    if kind is list:
        return [json_of(each, source, depth + 1) for each in value]
    if kind is dict:
        return {_key_of(key): json_of(value[key], source, depth + 1) for key in sorted(value, key=_key_of)}
    return _scalar_of(value, source)


def _key_of(key: Any) -> str:
    return key if isinstance(key, str) else canonical(key)


def _scalar_of(value: Any, source: str) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.9f}".rstrip("0").rstrip(".") + "s"
    raise broken(
        f"The result is {type(value).__name__}, which is not JSON.", source, cure="Convert it with string(x)."
    )
