"""How a worker of one process takes `run_step`: performed at once, when its message is read.

Celery's own strategy makes a request, keeps it in four sets and hands it to a tracer made for results,
retries and callbacks, of which this task has none; that costs as much as a small step. A message that
carries a chord's part is Celery's to count and goes its usual way, as does everything in a pool of several
processes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import Task
from celery._state import _task_stack
from celery.app.task import Context
from celery.concurrency.solo import TaskPool
from celery.exceptions import Ignore, InvalidTaskError
from celery.worker import state
from celery.worker.strategy import default

logger = logging.getLogger("fermata.strategy")

Handler = Callable[..., Any]

USUAL = ("eta", "expires", "group")
"""Headers of what Celery has more to do with than to call the task."""


def at_once(task: Task, app: Any, consumer: Any, **options: Any) -> Handler:
    """Celery's extension point `Task.Strategy`: answers what handles each message of the task."""
    usual: Handler = default(task, app, consumer, **options)
    if not isinstance(consumer.pool, TaskPool):
        return usual

    def handle(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any, **more: Any) -> Any:
        request = plain_request(message, hostname=consumer.hostname)
        if request is None:
            return usual(message, body, ack, reject, callbacks, **more)
        return perform(task, request)

    return handle


def plain_request(message: Any, *, hostname: str) -> Context | None:
    """What the task sees as its request; None for a message that is Celery's to deal with."""
    headers, payload = message.headers, message.payload
    if not isinstance(payload, list) or any(headers.get(name) for name in USUAL):
        return None
    if len(payload) != 3 or not isinstance(payload[2], dict):
        raise InvalidTaskError("The body is not [args, kwargs, embed].")  # Celery tells it and goes on
    args, kwargs, embed = payload
    if embed.get("chord") or embed.get("callbacks") or embed.get("errbacks"):
        return None
    request = Context()
    vars(request).update(  # as it would by itself, without looking for headers of somebody else's
        headers,
        args=args,
        kwargs=kwargs,
        chain=embed.get("chain"),
        hostname=hostname,
        delivery_info={"redelivered": message.delivery_info.get("redelivered")},
        called_directly=False,
        is_eager=False,
    )
    return request


def perform(task: Task, request: Context) -> None:
    """Call the task with its request. What it raises is told and goes no further: the ledger rings again."""
    state.total_count[task.name] += 1
    state.reserved_requests.add(request)  # the watchdog sees that this worker is busy
    _task_stack.push(task)
    task.request_stack.push(request)
    try:
        task.run(*request.args, **request.kwargs)
    except Ignore:
        logger.debug("Nothing to do for %s.", request.id)
    except Exception:
        logger.exception("Step %s was not looked at to the end.", request.id)
    finally:
        task.request_stack.pop()
        _task_stack.pop()
        state.reserved_requests.discard(request)
