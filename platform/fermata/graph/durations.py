"""Durations as documents write them: ``500ms``, ``30s``, ``5m``, ``1h``, ``2d``, or ISO 8601."""

from __future__ import annotations

import re

MAX_SECONDS = 3650 * 86_400.0

_SHORT = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d)", re.ASCII)
_ISO = re.compile(
    r"P(?:(\d{1,9}(?:\.\d{1,9})?)W|(?=[\dT])(?:(\d{1,9}(?:\.\d{1,9})?)D)?"
    r"(?:T(?=\d)(?:(\d{1,9}(?:\.\d{1,9})?)H)?(?:(\d{1,9}(?:\.\d{1,9})?)M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?)",
    re.ASCII,
)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_ISO_SECONDS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)
PATTERN = r"^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)|P(?=[\dT])(?:\d+(?:\.\d+)?W|(?:\d+(?:\.\d+)?D)?(?:T[\dHMS.]+)?))$"


def seconds_of(text: str) -> float:
    """The duration in seconds. Raises ValueError when it is none, or longer than ten years.

    ISO 8601 years and months are refused: their length depends on the date.
    """
    short = _SHORT.fullmatch(text)
    if short:
        seconds = float(short[1]) * _SECONDS[short[2]]
    else:
        iso = _ISO.fullmatch(text)
        if iso is None or not any(iso.groups()):
            raise ValueError("not a duration")
        seconds = sum(
            float(part) * unit for part, unit in zip(iso.groups(), _ISO_SECONDS, strict=True) if part
        )
    if seconds > MAX_SECONDS:
        raise ValueError("longer than ten years")
    return seconds
