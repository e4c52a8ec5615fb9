"""The beginning of values: a page must not fetch megabytes to show four thousand characters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.utils.html import format_html

from fermata.accounts.staff import values

PREVIEWS = """
SELECT digest, size, left(body::text, %(shown)s), blob FROM fermata_payload WHERE digest = ANY (%(digests)s)
"""


@dataclass(frozen=True, slots=True)
class Preview:
    """A value's size in bytes, its text as far as it is shown, and where it lies when not in line."""

    size: int
    text: str | None
    blob: str | None


def previews(digests: Collection[Any], *, shown: int = values.SHOWN_CHARACTERS) -> Mapping[bytes, Preview]:
    """The values of these digests (None is passed over), in one query."""
    wanted = [bytes(digest) for digest in digests if digest is not None]
    if not wanted:
        return {}
    with connection.cursor() as database:
        database.execute(PREVIEWS, {"digests": wanted, "shown": shown})
        return {bytes(digest): Preview(size, text, blob) for digest, size, text, blob in database.fetchall()}


def shown(found: Mapping[bytes, Preview], digest: Any) -> Any:
    """A value for people: indented when it is whole, else cut, with its size and a way to its own page."""
    if digest is None:
        return values.NONE
    key = bytes(digest)
    preview = found.get(key)
    if preview is None:
        return "gone"
    page = values.link("engine_payload_change", key.hex(), values.size(preview.size))
    return format_html("<div>{}{}</div>", _block(preview), page)


def _block(preview: Preview) -> Any:
    if preview.text is None:
        return values.block(f"stored at {preview.blob}")
    try:
        return values.block(orjson.dumps(orjson.loads(preview.text), option=orjson.OPT_INDENT_2).decode())
    except orjson.JSONDecodeError:
        return values.block(preview.text, note="cut")
