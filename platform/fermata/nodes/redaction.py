"""Taking secrets out of what a node answers, before anything is stored."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Shorter secrets are left alone: taking them out would shred ordinary text."""
SHORTEST_PART = 8
"""A line of a longer secret, or its beginning where a text was cut off, counts from here on."""
BLOT = "•••"
_OF_PATHS = "!$&'()*+,;=:@/"
"""What stands in a URL's path as it is (RFC 3986); in its query ``?`` too."""


def secret_forms(secrets: Any) -> tuple[str, ...]:
    """Every form in which the texts inside ``secrets`` (any JSON value) may turn up, longest first."""
    forms: set[str] = set()
    for text in _texts(secrets):
        lines = [line.strip() for line in text.splitlines()]
        for part in (text, *(line for line in lines if len(line) >= SHORTEST_PART)):
            forms.update(_forms_of(part))
    return tuple(
        sorted((form for form in forms if len(form) >= SHORTEST), key=lambda form: (-len(form), form))
    )


def redact(value: Any, forms: Iterable[str]) -> Any:
    """``value`` (JSON) with every occurrence of a form blotted out, in keys too."""
    if isinstance(value, str):
        for form in forms:
            if form in value:
                value = value.replace(form, BLOT)
            cut = _cut_off(value, form)
            if cut:
                value = value[:-cut] + BLOT
        return value
    if isinstance(value, Mapping):
        return {redact(key, forms): redact(part, forms) for key, part in value.items()}
    if isinstance(value, list):
        return [redact(part, forms) for part in value]
    return value


def _forms_of(text: str) -> Iterable[str]:
    raw = text.encode("utf-8", "replace")
    plain = (
        text,
        quote(text, safe=""),
        quote(text),
        quote(text, safe=_OF_PATHS),
        quote(text, safe=_OF_PATHS + "?"),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        raw.hex(),
    )
    for form in plain:
        yield from (form, form.upper(), form.lower())
    for turn in range(3):
        yield from _base64_forms(raw, turn)


def _base64_forms(raw: bytes, turn: int) -> Iterable[str]:
    """The characters that ``raw`` alone decides in base64 when ``turn`` bytes (modulo 3) come before it."""
    first, last = (0, 2, 3)[turn], (len(raw) + turn) * 4 // 3
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(bytes(turn) + raw).decode()
        yield whole[first:last]
        if turn == 0:
            yield from (whole, whole.rstrip("="))


def _cut_off(text: str, form: str) -> int:
    """How many characters at the end of ``text`` begin ``form``: messages are cut to a length."""
    start = max(0, len(text) - len(form))
    while (at := text.find(form[:SHORTEST_PART], start)) >= 0 and len(form) > SHORTEST_PART:
        if form.startswith(text[at:]):
            return len(text) - at
        start = at + 1
    return 0


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if len(value) >= SHORTEST:
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
