"""How a batch of rings is sent: as it is, or (for tests) with rings lost and doubled.

A ring is never more than a hint, so every way here gives the same executions: the ledger rings what is owed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Literal

from fermata.engine.ledger import Ring

Mode = Literal["on", "off", "chaos"]

LOST = 0.1
DOUBLED = 0.1
"""Shares of the rings in chaos."""


def chaotic(rings: Sequence[Ring], *, chance: random.Random) -> Iterator[Ring]:
    """The rings with about a tenth lost and a tenth doubled; the same `chance` gives the same choice."""
    for ring in rings:
        fate = chance.random()
        if fate < LOST:
            continue
        yield ring
        if fate >= 1 - DOUBLED:
            yield ring
