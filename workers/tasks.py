"""The one task of Fermata: look at a step."""

from __future__ import annotations

import time
from typing import Any

from celery import Task
from celery.exceptions import Ignore
from django.db import connections

from fermata.coordination.broker import STEP_TASK
from fermata.engine import runtime
from workers import canvas
from workers.app import app
from workers.calls import call_task

CONNECTIONS_CHECKED_EVERY_SECONDS = 30

runtime.set_task_caller(call_task)

_checked_at = 0.0


@app.task(name=STEP_TASK, bind=True, Strategy="workers.strategy:at_once")  # type: ignore[untyped-decorator]
def run_step(self: Task, execution_id: str, step_id: str) -> None:
    """Perform a step if it is ready and nobody else does. The task id is the step id.

    A message of a session names more steps in its header `also`; `carried` holds the step's sealed claim.

    Chain and chord are taken out of the request, so neither goes on by itself. What follows is sent by the
    dispatcher, from the record; a chord's part is counted here, when the canvas says so. Every other end
    than a record (not ready, leased by another, suspended, gated, absent) raises `Ignore`.
    """
    renew_connections()
    chord = self.request.chord
    delivery = canvas.read(self.request)
    with canvas.delivering(delivery):
        performed = runtime.perform(
            execution_id,
            step_id,
            also=getattr(self.request, "also", None),
            carried=getattr(self.request, "carried", None),
            worker=worker_name(self),
        )
    redelivered = bool((self.request.delivery_info or {}).get("redelivered"))
    if canvas.counts(delivery, performed.result, redelivered=redelivered):
        self.request.chord = chord  # Celery counts the part when this returns
    elif performed.result != "recorded":
        raise Ignore(performed.result)


def worker_name(task: Task) -> str:
    """The Celery node's name, e.g. ``celery@host``."""
    return str(task.request.hostname or "unnamed")


def renew_connections() -> None:
    """Close database connections that failed or grew old, so that the next statement opens new ones.

    Celery would do this twice per task and ping each time; here only a failure or half a minute gives cause.
    """
    global _checked_at  # noqa: PLW0603 - one clock per process
    now = time.monotonic()
    opened: list[Any] = list(connections.all(initialized_only=True))
    if now - _checked_at < CONNECTIONS_CHECKED_EVERY_SECONDS:
        opened = [connection for connection in opened if connection.errors_occurred]
    else:
        _checked_at = now
    for connection in opened:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
