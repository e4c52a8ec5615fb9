"""The dispatcher port: who carries rings. Chosen in settings by dotted path (``FERMATA_DISPATCHER``)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from django.conf import settings

from fermata.engine.ledger import Ring
from fermata.graph.plan import Plan


class Dispatcher(Protocol):
    """Carries rings to workers. Losing, doubling or delaying one is harmless."""

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Send one message per ring, in the caller's Redis pipeline when one is given.

        ``plan``: of the execution the rings belong to, for dispatchers that see shapes in it.
        """
        ...

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """Messages waiting per queue. Raises ServerUnavailable."""
        ...


class InProcessDispatcher:
    """Keeps rings in a list; whoever drives it performs them. For tests, test mode and single-process use."""

    def __init__(self) -> None:
        """Empty."""
        self.rings: deque[Ring] = deque()

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Append."""
        self.rings.extend(rings)

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """How many rings wait, by queue."""
        counts = dict.fromkeys(queues, 0)
        for ring in self.rings:
            counts[ring.queue] = counts.get(ring.queue, 0) + 1
        return counts


class SilentDispatcher:
    """Carries nothing: every ring is left to recovery."""

    def ring(self, rings: Sequence[Ring], *, pipeline: Any = None, plan: Plan | None = None) -> None:
        """Drop."""

    def depth(self, queues: Sequence[str]) -> dict[str, int]:
        """Always empty."""
        return dict.fromkeys(queues, 0)


@cache
def dispatcher() -> Dispatcher:
    """This process's dispatcher, made once from settings."""
    module, _, name = settings.FERMATA_DISPATCHER.rpartition(".")
    return cast("Dispatcher", getattr(import_module(module), name)())
