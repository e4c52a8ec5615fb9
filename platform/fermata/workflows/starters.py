"""Documents to begin with: the YAML files in `templates/`, each a whole workflow that runs as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fermata.workflows import formats

PLACE = Path(__file__).parent / "templates"
NAMES = ("first-steps", "each-item", "ask-a-person", "call-an-interface", "until-it-is-done")
"""In the order in which they are offered: the easiest first."""


@dataclass(frozen=True, slots=True)
class Starter:
    """One template: what it is called, its text with its comments, and what that says."""

    name: str
    source: str
    definition: dict[str, Any]


@lru_cache(maxsize=1)
def starters() -> tuple[Starter, ...]:
    """Every template. They never change while a process lives."""
    return tuple(_read(name) for name in NAMES)


def _read(name: str) -> Starter:
    source = (PLACE / f"{name}.yaml").read_text(encoding="utf-8")
    return Starter(name=name, source=source, definition=formats.from_yaml(source))
