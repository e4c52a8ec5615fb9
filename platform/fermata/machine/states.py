"""The legal moves of executions and steps, as data. The diagrams in the docs are drawn from these tables."""

from __future__ import annotations

from typing import Final

EXECUTION_MOVES: Final[dict[str, tuple[str, ...]]] = {
    "queued": ("running", "cancelling", "cancelled", "timed_out"),
    "running": ("pausing", "cancelling", "succeeded", "failed", "cancelled", "timed_out"),
    "pausing": ("paused", "running", "cancelling", "succeeded", "failed", "cancelled", "timed_out"),
    "paused": ("running", "cancelling", "cancelled", "timed_out"),
    "cancelling": ("succeeded", "failed", "cancelled", "timed_out"),
    "succeeded": (),
    "failed": (),
    "cancelled": (),
    "timed_out": (),
}

STEP_MOVES: Final[dict[str, tuple[str, ...]]] = {
    "ready": (
        "running",
        "waiting",
        "held",
        "retrying",
        "succeeded",
        "failed",
        "cancelled",
        "timed_out",
        "skipped",
    ),
    "running": ("ready", "waiting", "held", "retrying", "succeeded", "failed", "cancelled", "timed_out"),
    "waiting": ("ready", "cancelled"),
    "held": ("ready", "cancelled"),
    "retrying": ("ready", "cancelled"),
    "succeeded": (),
    "failed": (),
    "skipped": (),
    "cancelled": (),
    "timed_out": (),
}

EXECUTION_FINAL: Final = frozenset(state for state, moves in EXECUTION_MOVES.items() if not moves)
STEP_FINAL: Final = frozenset(state for state, moves in STEP_MOVES.items() if not moves)
STEP_LIVE: Final = frozenset(STEP_MOVES) - STEP_FINAL


def diagram(moves: dict[str, tuple[str, ...]]) -> str:
    """The table as a Mermaid state diagram, one line a move, in the table's order."""
    lines = ["stateDiagram-v2"]
    for state, targets in moves.items():
        lines += [f"    {state} --> {target}" for target in targets]
        if not targets:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines) + "\n"
