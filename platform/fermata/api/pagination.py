"""Cursors of lists: opaque text, made from the sort key and id of a page's last row."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from fermata.api.problems import InvalidRequest

Row = TypeVar("Row")


def encode(*parts: Any) -> str:
    """A cursor that holds these JSON values, times and ids."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The parts of a cursor as these types, None for none.

    Raises InvalidRequest for a text that is no cursor.
    """
    if cursor is None:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError("wrong parts")
        return tuple(_as(kind, part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, binascii.Error, UnicodeError) as error:
        row = {
            "code": "invalid_cursor",
            "pointer": "/cursor",
            "message": "This is no cursor of this list.",
            "cure": "Send the `next` of the page before, unchanged.",
        }
        raise InvalidRequest(row["message"], problems=[row]) from error


def page(
    rows: Sequence[Row], *, limit: int, cursor: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """Of up to ``limit + 1`` rows the first ``limit``, and the cursor of what follows, or None at the end."""
    shown = rows[:limit]
    return shown, cursor(shown[-1]) if len(rows) > limit else None


def _as(kind: type, part: Any) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment
    if kind is UUID:
        return UUID(part)
    if type(part) is not kind or (isinstance(part, str) and "\x00" in part):
        raise ValueError("wrong type")
    return part
