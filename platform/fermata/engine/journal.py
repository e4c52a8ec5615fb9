"""The journal's order. Writers append rows without a place; whoever reads lets ``number`` give them one.

Ids are drawn at the end of a transaction, after every lock is held, so between transactions that met at a
lock id order respects cause; and what an event depends on was committed, hence is numbered, before it
(engine.md §7).
"""

from __future__ import annotations

from uuid import UUID

from fermata.engine.store import run


def number(execution_id: UUID | str) -> int:
    """Number the committed events of an execution; the last ``seq`` (0 without events)."""
    rows = run("SELECT fermata_number(%s)", [str(execution_id)])
    return int(rows[0][0])
