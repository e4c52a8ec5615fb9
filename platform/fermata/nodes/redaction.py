"""Taking secrets out of what a node answers, before anything is stored."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Shorter secrets are left alone: taking them out would shred ordinary text."""
BLOT = "•••"


def secret_forms(secrets: Any) -> tuple[str, ...]:
    """Every form in which the texts inside ``secrets`` (any JSON value) may turn up, longest first."""
    forms: set[str] = set()
    for text in _texts(secrets):
        raw = text.encode("utf-8", "replace")
        encoded = (b64encode(raw).decode(), urlsafe_b64encode(raw).decode())
        forms.update((text, quote(text, safe=""), quote(text), quote_plus(text), json.dumps(text)[1:-1]))
        forms.update((*encoded, *(form.rstrip("=") for form in encoded)))
    return tuple(
        sorted((form for form in forms if len(form) >= SHORTEST), key=lambda form: (-len(form), form))
    )


def redact(value: Any, forms: Iterable[str]) -> Any:
    """``value`` (JSON) with every occurrence of a form blotted out, in keys too."""
    if isinstance(value, str):
        for form in forms:
            if form in value:
                value = value.replace(form, BLOT)
        return value
    if isinstance(value, Mapping):
        return {redact(key, forms): redact(part, forms) for key, part in value.items()}
    if isinstance(value, list):
        return [redact(part, forms) for part in value]
    return value


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
