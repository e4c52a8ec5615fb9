"""Cursors of lists: opaque text, made from the sort key and id of a page's last row."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from fermata.errors import InvalidInput

Row = TypeVar("Row")


def encode(*parts: Any) -> str:
    """A cursor that holds these JSON values, times and ids."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The parts of a cursor as these types, None for none.

    Raises InvalidInput for a text that is no cursor.
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
        raise InvalidInput(row["message"], problems=[row]) from error


def page(
    rows: Sequence[Row], *, limit: int, cursor: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """Of up to ``limit + 1`` rows the first ``limit``, and the cursor of what follows, or None at the end."""
    shown = rows[:limit]
    return shown, cursor(shown[-1]) if len(rows) > limit else None


def _as(kind: type, part: Any) -> Any:
    if kind in {datetime, UUID}:
        if not isinstance(part, str):
            raise ValueError("wrong type")
        return UUID(part) if kind is UUID else _moment(part)
    if type(part) is not kind or (isinstance(part, str) and "\x00" in part):
        raise ValueError("wrong type")
    return part


def _moment(text: str) -> datetime:
    """A time with a zone, in UTC; one that leaves the calendar there is refused."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error
