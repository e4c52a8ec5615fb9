"""What the cases saw, as the table in the documentation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

HEAD = """# The crash matrix

Written by `make crash`: real Celery workers, PostgreSQL and Valkey are killed, paused, cut off, emptied and restarted
at named points (`fermata.engine.faultpoints`), and afterwards the rows, the journal and an outside ledger of effects
are audited (`tests/crash/audit.py`). Each row is a case that held; each fault is proved to have happened. The bugs
planted to test the suite itself (`tests/crash/test_planted_bugs.py`) have no rows.

What is asked of every case: each execution reaches its final state; each step has exactly one terminal event, and no
event after it; fences never fall and revisions grow; joins open once, and not before all their arrivals are recorded;
no item or passage is skipped or doubled; the journal has no gap; the safety net (`ExecutionRepaired`) was not needed;
a repeated effect carries the key of the first, an `unsafe` one is never repeated but held for a person.

{cases} cases held, {failed} did not; {strikes} faults struck.

Reading the faults: *child* is the process that performs the step, *worker* the Celery worker with all its children;
*paused and woken* means stopped until somebody else had finished the step, then continued. *attempts* is the step's
number of attempts, *calls* how often its effect was asked for, *woken* what the paused process was told.
"""


@dataclass
class Findings:
    """One row per case that held."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, point: str, fault: str, seen: dict[str, Any]) -> None:
        """Remember what a case saw."""
        shown = ", ".join(f"{name} {what}" for name, what in seen.items() if what != "—")
        self.rows.append((point, fault, shown))

    def page(self, *, strikes: int, failed: int) -> str:
        """The page in Markdown, by point."""
        by_point: dict[str, list[str]] = defaultdict(list)
        for point, fault, seen in self.rows:
            by_point[point].append(f"| {fault} | {seen} |")
        parts = [HEAD.format(cases=len(self.rows), strikes=strikes, failed=failed)]
        for point, lines in by_point.items():
            parts.append(f"## {point}\n\n| fault | seen |\n| --- | --- |\n" + "\n".join(lines) + "\n")
        return "\n".join(parts)
