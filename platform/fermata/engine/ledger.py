"""The ledger port: where executions live. Two implementations, one contract suite (``tests/contracts``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fermata.machine.commands import Beginning, Decision
from fermata.machine.together import Batch, Claims, Sight
from fermata.machine.view import Claim, Refusal, StepView


@dataclass(frozen=True, slots=True)
class Ring:
    """A READY row that somebody should look at. ``rung``: counted as rung, so a message is owed for it.

    ``also``: rows of the same execution and queue to be looked at with it, in a session; None: it alone.
    ``carried``: its claim, sealed, when the record that made it READY knew it (``engine.carried``).
    """

    execution_id: str
    step_id: str
    node_id: str
    kind: str
    queue: str
    priority: int
    rung: bool = True
    lane: int | None = None
    region_id: str = ""
    iteration: int = 0
    also: tuple[str, ...] | None = None
    carried: str | None = field(default=None, compare=False)


@dataclass(slots=True)
class Recorded:
    """What a record came to.

    ``result``: recorded, stale (somebody was first), cancelled (its scope is closing); of a step performed on
    a claim known ahead also absent (its row is not there, or not yet) or unclaimed (it must be claimed after
    all).

    Of a batch: recorded, or alone (nothing was written, every step is to be recorded by itself).

    ``rings``: the READY rows it made. ``filled``: rows, also of other executions, that had waited for a place
    in the window. ``finished``: final status when this record ended the execution.
    """

    result: str
    rings: list[Ring] = field(default_factory=list)
    finished: str | None = None
    paused: bool = False
    filled: list[Ring] = field(default_factory=list)


@dataclass(slots=True)
class NewExecution:
    """One execution to start, everything decided. ``deadline_seconds`` from now; values are JSON."""

    id: str
    workspace_id: str
    workflow_id: str
    version_id: str
    version: int
    beginning: Beginning
    input: Any = None
    trigger: dict[str, Any] | None = None
    workflow_key: str | None = None
    parent_step_id: str | None = None
    parent_ordinal: int = 0
    parent_attempt: int = 1
    on_conflict: str = "reject"
    root_id: str | None = None
    depth: int = 0
    tags: list[str] = field(default_factory=list)
    priority: int = 5
    debug: bool = False
    started_by: str = ""
    deadline_seconds: float | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    idempotency: dict[str, Any] | None = None
    room: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What still lives of what was asked to end, and the rings that let it."""

    left: int
    rings: list[Ring] = field(default_factory=list)


Meanwhile = Callable[[str | None], None]
"""What is done while a record is under way; its argument is the output's JSON text."""


class Ledger(Protocol):
    """Storage for executions; every method is one transaction."""

    def start(self, execution: NewExecution) -> Recorded:
        """Write the execution, its first steps and the journal."""
        ...

    def claim(self, step_id: str, *, worker: str, patient: bool = False) -> Claim | Refusal:
        """Take the step and load what it reads.

        An effectful one, one rung again and one debugged becomes RUNNING under a new fence. ``patient``: wait
        a moment for a row that is not there (``engine.early``).
        """
        ...

    def record(self, decision: Decision, *, meanwhile: Meanwhile | None = None) -> Recorded:
        """Write a decision behind a compare-and-swap on (step, fence, state).

        One on a claim known ahead waits a moment for a row that is not there (``engine.early``).

        ``meanwhile`` is called once, with the text of the step's output, while it is being written: it may be
        for nothing, and must not raise.
        """
        ...

    def claim_many(self, step_ids: Sequence[str]) -> Claims:
        """Claim pure steps of one execution at their first dispatch; nothing is written."""
        ...

    def look(self, region_id: str, iterations: Sequence[int], reads: Sequence[str]) -> list[Sight]:
        """What each of these passages of a region lets one see of these reads."""
        ...

    def record_many(self, batch: Batch) -> Recorded:
        """Write a batch, every step behind a compare-and-swap of its own; all of it or nothing."""
        ...

    def versions_of(self, execution_ids: Collection[str]) -> dict[str, str]:
        """Execution → version, of those there are."""
        ...

    def open_joins(self, joins: Sequence[str]) -> frozenset[str]:
        """Which of these joins have opened."""
        ...

    def give_back(self, step: StepView) -> None:
        """A claimed step this process cannot perform is READY again, under a new fence."""
        ...

    def end_children(self, step_id: str) -> Ending:
        """Begin to cancel the step's live children."""
        ...

    def outputs(self, execution_id: str, nodes: Sequence[str]) -> dict[str, Any]:
        """Node → output, of those root nodes that succeeded."""
        ...

    def cancel_live(self, step: StepView) -> Ending:
        """For a settle row: cancel the live steps of its scope, 500 at a time, and ask children to end."""
        ...
