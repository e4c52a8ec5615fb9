"""Durations of documents."""

from __future__ import annotations

import re

import pytest

from fermata.graph.durations import PATTERN, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5), ("30s", 30), ("5m", 300), ("1h", 3600), ("2d", 172_800), ("1.5h", 5400), ("0s", 0),
        ("PT30S", 30), ("P1D", 86_400), ("P1DT2H3M4.5S", 93_784.5), ("P2W", 1_209_600),
    ],
)  # fmt: skip
def test_reads(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds
    assert re.search(PATTERN, text)


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "-5m", "5M", "1h30m", "P", "PT", "P1Y", "P1M", "1e3s", "٣s", "9999d", "5m\n"]
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError):
        seconds_of(text)
