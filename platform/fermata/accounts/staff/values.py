"""Values, links and small tables as HTML. Everything from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

SHOWN_CHARACTERS = 4_000
NONE = "-"


def size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1024:,.0f} KiB"


def pretty(value: Any, *, shown: int = SHOWN_CHARACTERS) -> SafeString | str:
    """A JSON value, indented; of a large one the beginning and its size."""
    if value is None:
        return NONE
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if len(text) <= shown:
        return block(text)
    return block(text[:shown], note=f"cut; {size(len(text.encode()))} in all")


def block(text: str, *, note: str = "") -> SafeString:
    """A text as it is, in a box that scrolls."""
    below = format_html('<div class="help">{}</div>', note) if note else ""
    return format_html('<div><pre class="fermata-value">{}</pre>{}</div>', text, below)


def link(name: str, target: Any, text: Any = None) -> SafeString | str:
    """A link to a page: ``link("engine_execution_change", id)``; None has none."""
    if target is None:
        return NONE
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{name}", args=[target]), text or target)


def listed(name: str, text: str, **parameters: Any) -> SafeString:
    """A link to a list, narrowed by ``parameters``."""
    address = reverse(f"admin:{name}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(parameters), text)


def several(links: Iterable[SafeString | str]) -> SafeString:
    """Links beside each other."""
    return format_html_join(" · ", "{}", ((one,) for one in links))


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], *, more: SafeString | str = "") -> SafeString:
    """A small table, or "none"; ``more`` stands below."""
    if not rows:
        return format_html("none {}", more)
    head = format_html_join("", "<th>{}</th>", ((name,) for name in heads))
    cells = (
        (format_html_join("", "<td>{}</td>", ((NONE if cell is None else cell,) for cell in row)),)
        for row in rows
    )
    body = format_html_join("", "<tr>{}</tr>", cells)
    return format_html(
        '<div><table class="fermata-rows"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}</div>',
        head,
        body,
        more,
    )


def moment(value: Any) -> str:
    """A time to the millisecond, in UTC."""
    return NONE if value is None else value.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def short(identifier: Any) -> SafeString | str:
    """The last eight characters of an id: in one list they tell rows apart."""
    if identifier is None:
        return NONE
    return format_html('<span class="fermata-key">…{}</span>', str(identifier)[-8:])
