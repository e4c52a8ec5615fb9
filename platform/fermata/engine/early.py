"""Rings that leave while their record is still being written, so that waking a worker costs no time (ADR 34).

A worker that takes such a ring performs the step, pure and on the claim it carries, and finds at its own
record whether the row is there: it bears the token of the ring. Until it is, the worker asks again for a
while, no longer; a record that takes its time is therefore followed by a second ring. Whatever goes wrong
between, nothing but a pure computation was for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fermata.engine.ledger import Recorded, Ring
from fermata.machine.view import Claim, Refusal

QUICK_SECONDS = 0.003
"""Where records typically take longer, a worker woken early would only wait: rings leave after them."""
FALLS, RISES = 0.5, 0.1
"""What is typical moves so far towards a quicker or slower record: one hiccup says little, nor the first."""
LATE_SECONDS = 0.05
"""After so long a record rings once more: who took the first ring may have given up."""
PATIENCE_SECONDS = 0.15
"""How long a worker asks for the row of a ring that came early; well beyond LATE_SECONDS."""
FIRST_PAUSE_SECONDS = 0.0002
LONGEST_PAUSE_SECONDS = 0.01

Answer = TypeVar("Answer", bound=Claim | Refusal | Recorded)


@dataclass(slots=True)
class Early:
    """One process's view of how long records take. ``window``: the room of a queue on which nothing waits."""

    window: int
    typical: float | None = None

    def took(self, seconds: float) -> None:
        """A record took so long."""
        typical = seconds if self.typical is None else self.typical
        self.typical = typical + (FALLS if seconds < typical else RISES) * (seconds - typical)

    def wanted(self, rings: Sequence[Ring], room: dict[str, int] | None) -> bool:
        """Whether these may leave now: one that carries its claim, to a queue where a worker may be idle.

        Behind a backlog nothing is won, and the second packet to Redis is lost.
        """
        if self.typical is None or self.typical > QUICK_SECONDS or len(rings) != 1:
            return False
        [ring] = rings
        return ring.carried is not None and room is not None and room.get(ring.queue, 0) >= self.window


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask for a row until it is there, or for so long that it will not come."""
    end = time.monotonic() + PATIENCE_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while _is_absent(answer := ask()) and time.monotonic() < end:
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    return answer


def _is_absent(answer: Claim | Refusal | Recorded) -> bool:
    return not isinstance(answer, Claim) and answer.result == "absent"
