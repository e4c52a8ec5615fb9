"""What the cases saw, for the table in the documentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Findings:
    """One row per case that held."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, point: str, fault: str, seen: dict[str, Any]) -> None:
        """Remember what a case saw."""
        self.rows.append((point, fault, ", ".join(f"{name} {what}" for name, what in seen.items() if what != "—")))
