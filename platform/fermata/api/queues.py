"""``/queues`` and ``/workers``: what waits where, and who works.

A queue is shared by all workspaces. An operator sees the steps of their own workspaces and how many slots
consume the queue; the figures of the whole installation, and the inventory of workers with hosts and steps,
are for its staff: they would tell one team what another one does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.resource import Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import QueuePage, WorkerPage
from fermata.coordination import broker, fleet
from fermata.coordination.fleet import Living
from fermata.engine import queries as engine
from fermata.engine.runtime import DEFAULT_QUEUE, ring_window
from fermata.errors import ServerUnavailable

STEPS_SHOWN = 100
NOTHING = {"ready": 0, "rung": 0, "unrung": 0, "oldest_ready_seconds": None, "running": 0, "capped": False}


class Nothing(Query):
    """No parameters."""


class QueuesView(Resource):
    """Queues."""

    actions = {"get": "queue.read"}

    @described("List queues", answer=QueuePage, query=Nothing, workspace=True)
    def get(self, request: Request) -> Response:
        """By name; steps of the caller's workspaces, and for staff those of the installation as well."""
        self.query(Nothing)
        staff = self.principal.installation_refusal("worker.read") is None
        found = engine.queues(workspace_ids=self.workspace_ids("queue.read"))
        mine = {name for name, entry in found.items() if entry["own"]["ready"] or entry["own"]["running"]}
        living = _living()
        names = {DEFAULT_QUEUE, *settings.FERMATA_QUEUES, *mine}
        if staff:
            names |= {*found, *(name for row in living or () for name in row.worker.queues)}
        messages = _messages(names) if staff else None
        rows = [
            {
                "name": name,
                **_consumers(name, living),
                **(found[name]["own"] if name in found else NOTHING),
                "installation": None
                if messages is None
                else {**(found[name]["all"] if name in found else NOTHING), **messages[name]},
            }
            for name in sorted(names)
        ]
        return Response({"results": rows, "next": None, "window": ring_window()})


class WorkersView(Resource):
    """Workers."""

    actions = {"get": "worker.read"}

    @described("List workers", answer=WorkerPage, query=Nothing)
    def get(self, request: Request) -> Response:
        """Those heard of within half a minute, with the steps they perform; for the staff."""
        self.query(Nothing)
        living, steps = fleet.living(), engine.under_way()
        now = timezone.now().timestamp()
        rows = [_worker(row, steps.get(row.worker.name, []), now=now) for row in living]
        heard = {row.worker.name for row in living}
        elsewhere = sum(len(held) for name, held in steps.items() if name not in heard)
        return Response({"results": rows, "next": None, "running_elsewhere": elsewhere})


def _worker(row: Living, steps: list[dict[str, Any]], *, now: float) -> dict[str, Any]:
    worker = row.worker
    return {
        "name": worker.name,
        "host": worker.host,
        "pid": worker.pid,
        "queues": worker.queues,
        "concurrency": worker.concurrency,
        "version": worker.version,
        "started_at": datetime.fromtimestamp(worker.started_at, UTC),
        "last_seen_at": datetime.fromtimestamp(now - row.silent_seconds, UTC),
        "running": len(steps),
        "steps": steps[:STEPS_SHOWN],
    }


def _living() -> list[Living] | None:
    """The workers, or None while Redis does not answer: the ledger's figures are good without."""
    try:
        return fleet.living()
    except ServerUnavailable:
        return None


def _consumers(queue: str, living: list[Living] | None) -> dict[str, int | None]:
    if living is None:
        return {"workers": None, "slots": None}
    theirs = [row.worker for row in living if queue in row.worker.queues]
    return {"workers": len(theirs), "slots": sum(worker.concurrency for worker in theirs)}


def _messages(queues: set[str]) -> dict[str, dict[str, int | None]]:
    """Queue → messages ``queued`` in the broker; None without Redis."""
    try:
        depths = broker.depth(queues)
    except ServerUnavailable:
        return {queue: {"queued": None} for queue in queues}
    return {queue: {"queued": depths[queue]} for queue in queues}
