"""JSON in, strictly.

What PostgreSQL, Python and JavaScript would each read differently is refused at the border.

Refused with a pointer and a cure: NUL, half surrogate pairs, integers beyond 64 bits, NaN and infinities,
depth over 100, a key given twice, a body over 8 MiB, another content type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from fermata.api.problems import InvalidRequest
from fermata.errors import InvalidInput, PayloadTooLarge
from fermata.workflows import limits

BODY_BYTES = 8 * 1024 * 1024
MOST_PROBLEMS = 100
CURE = "Send one JSON value in UTF-8."


class StrictJsonParser(BaseParser):
    """DRF's parser on :func:`loads`."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises InvalidRequest, PayloadTooLarge."""
        body = _bounded(stream)
        return loads(body) if body else {}


class JsonPatchParser(StrictJsonParser):
    """The same for RFC 6902 patches."""

    media_type = "application/json-patch+json"


class _Repeated(dict[str, Any]):
    """An object in which a key stood twice."""

    key: str


class TextParser(StrictJsonParser):
    """Text in UTF-8, answered as it is; a mark of the byte order before it is dropped."""

    media_type = "text/plain"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's text. Raises InvalidRequest, PayloadTooLarge."""
        try:
            return Text(_bounded(stream).decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"The body is no UTF-8 (byte {error.start}).", cure=CURE) from error


class Text(str):
    """The text of a body that was not sent as JSON."""

    __slots__ = ()


def _bounded(stream: IO[bytes]) -> bytes:
    body = stream.read(BODY_BYTES + 1)
    if len(body) > BODY_BYTES:
        raise PayloadTooLarge(f"The body is larger than {BODY_BYTES} bytes.", limit=BODY_BYTES)
    return body


def loads(body: bytes) -> Any:
    """The JSON value of ``body``. Raises InvalidRequest, or InvalidInput with up to 100 problems."""
    suspicious: list[object] = []
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, suspicious),
            parse_int=lambda digits: _integer(digits, suspicious),
            parse_float=lambda digits: _float(digits, suspicious),
            parse_constant=lambda _: _float("nan", suspicious),
        )
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is no UTF-8 (byte {error.start}).", cure=CURE) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidRequest(f"The body is no JSON: {error.msg} at {place}.", cure=CURE) from error
    except RecursionError as error:
        row = _row("too_deep", "", f"Values are nested deeper than {limits.DEPTH}.", "Flatten the value.")
        raise InvalidInput(row["message"], problems=[row]) from error
    if suspicious or _may_hold_bad_text(text) or _is_deep(value):
        problems = [row for row, _ in zip(_problems(value), range(MOST_PROBLEMS), strict=False)]
        if problems:
            raise InvalidInput("The body holds values that cannot be accepted.", problems=problems)
    return value


def _object(pairs: list[tuple[str, Any]], suspicious: list[object]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated = _Repeated(pairs)
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    suspicious.append(repeated)
    return repeated


def _integer(digits: str, suspicious: list[object]) -> int:
    # Python needs quadratic time for very long integers; beyond 20 characters nothing fits anyway.
    value = int(digits) if len(digits) <= 20 else limits.INTEGER_MAX + 1
    if not limits.INTEGER_MIN <= value <= limits.INTEGER_MAX:
        suspicious.append(value)
    return value


def _float(digits: str, suspicious: list[object]) -> float:
    value = float(digits)
    if not math.isfinite(value):
        suspicious.append(value)
    return value


def _may_hold_bad_text(text: str) -> bool:
    """Escapes are the only way to NUL and to half a surrogate pair."""
    lowered = text.lower() if "\\u" in text else ""
    return "\\u0000" in lowered or "\\ud" in lowered


def _is_deep(value: Any) -> bool:
    """True when containers are nested deeper than the limit; level by level, no recursion."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limits.DEPTH):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
    return bool(level)


def _problems(value: Any) -> Iterator[dict[str, str]]:
    yield from _repeated_keys(value)
    yield from limits.problems_of_value(value)


def _repeated_keys(value: Any) -> Iterator[dict[str, str]]:
    stack: list[tuple[Any, str]] = [(value, "")]
    while stack:
        item, pointer = stack.pop()
        if isinstance(item, _Repeated):
            where = f"{pointer}/{limits.escape(item.key)}".encode("utf-8", "replace").decode()
            yield _row("repeated_key", where, "This key stands twice in one object.", "Keep one of the two.")
        if isinstance(item, dict):
            stack.extend((inner, f"{pointer}/{limits.escape(key)}") for key, inner in item.items())
        elif isinstance(item, list):
            stack.extend((inner, f"{pointer}/{index}") for index, inner in enumerate(item))


def _row(code: str, pointer: str, message: str, cure: str) -> dict[str, str]:
    return {"code": code, "pointer": pointer, "message": message, "cure": cure}
