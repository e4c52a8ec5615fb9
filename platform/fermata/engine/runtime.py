"""This process's performer, made once from settings; forgotten after a fork."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.conf import settings

from fermata.coordination.lease import Leases
from fermata.engine import limits, opening, plans
from fermata.engine.carried import Carried
from fermata.engine.dispatch import dispatcher
from fermata.engine.early import Early
from fermata.engine.holding import Keeper
from fermata.engine.parts import Parts
from fermata.engine.perform import Performed, Performer
from fermata.engine.store import PostgresLedger
from fermata.errors import ServerUnavailable
from fermata.graph.plan import Plan
from fermata.nodes.catalogue import catalogue

DEPTH_KNOWN_FOR_SECONDS = 0.05
DEFAULT_QUEUE = "default"
_task_caller: list[Callable[..., Any]] = []


def set_task_caller(caller: Callable[..., Any]) -> None:
    """Offer ``caller(name, args, kwargs, key)`` to celery_task nodes performed in this process."""
    _task_caller[:] = [caller]
    performer.cache_clear()


class Rooms:
    """How many more rings each queue takes: the ring window less the depth, asked at most every 50 ms."""

    def __init__(self, window: int) -> None:
        """``window``: messages a queue may hold."""
        self.window = window
        self._known: dict[str, int] = {}
        self._queues = {DEFAULT_QUEUE, *settings.FERMATA_QUEUES}
        self._seen: set[str] = set()
        self._at = 0.0

    def __call__(self, plan: Plan | None = None) -> dict[str, int]:
        """Queue → room, for the queues in use here; without Redis no room at all, so recovery rings.

        ``plan``: whose queues are wanted too, from now on.
        """
        now = time.monotonic()
        if plan is not None and plan.digest not in self._seen:
            self._seen.add(plan.digest)
            self._queues |= {node.queue for node in plan.nodes.values()}
            self._at = 0.0
        if now - self._at > DEPTH_KNOWN_FOR_SECONDS:
            queues = sorted(self._queues)
            try:
                depths = dispatcher().depth(queues)
            except ServerUnavailable:
                depths = dict.fromkeys(queues, self.window)
            self._known = {queue: max(0, self.window - depth) for queue, depth in depths.items()}
            self._at = now
        return self._known


@cache
def rooms() -> Rooms:
    """This process's view of the queues."""
    return Rooms(ring_window())


def ring_window() -> int:
    """Messages a queue may hold: four for each slot of a worker, at least 200."""
    return max(200, 4 * (os.cpu_count() or 1))


@cache
def performer(worker: str) -> Performer:
    """The performer of this process under ``worker``'s name."""
    ledger = PostgresLedger()
    keeper = Keeper(Leases(), ledger, settings.FERMATA.lease_ttl_seconds, worker)
    parts = Parts(
        ledger=ledger,
        plans=plans,
        types=catalogue(),
        dispatcher=dispatcher(),
        leases=keeper,
        guard=limits.expression_time,
        time_limit=limits.wall_time,
        call_task=_task_caller[0] if _task_caller else None,
        allowed_hosts=settings.FERMATA_REACHABLE_HOSTS,
        open_secrets=opening.opened,
        room=rooms(),
        carried=Carried(settings.SECRET_KEY.encode()),
        early=Early(ring_window()),
    )
    return Performer(parts, worker=worker)


def perform(
    execution_id: str,
    step_id: str,
    *,
    worker: str,
    also: Sequence[str] | None = None,
    carried: object = None,
) -> Performed:
    """Look at one step, as a ring asks, or at several in a session.

    The execution id in a ring is for people; the row says the truth. ``carried``: the ring's sealed claim.
    """
    here = performer(worker)
    ahead = None if carried is None else here.parts.carried.opened(execution_id, step_id, carried)
    return here.perform(step_id, also, ahead=ahead, patient=carried is not None)


def forget() -> None:
    """Drop what a fork must not share."""
    performer.cache_clear()
    rooms.cache_clear()


os.register_at_fork(after_in_child=forget)
