"""What a worker process does beside tasks: recovery, watchdog, and nothing shared after a fork.

Importing it wires these functions to Celery's signals; the application includes it in workers only.
"""

from __future__ import annotations

import logging
import logging.config
import os
import time
import warnings
from typing import Any

from billiard import pool
from celery import signals
from celery.exceptions import CPendingDeprecationWarning
from django.conf import settings
from django.db import connections

from fermata.coordination.client import forget_connections
from fermata.engine import dispatch
from workers import heartbeat, watchdog
from workers.recovery import RecoveryThread

# Celery warns root of pickled messages (this application accepts JSON only) and tells of a choice made here.
warnings.filterwarnings("ignore", message=r"(?s).*running the worker with superuser privileges")
warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)

pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 20
"""Tenths of a second a child of the prefork pool waits, as it ends, until its parent has counted its results.

A count can be lost as both are asked to end, and the wait was half a minute then. What a step came to is in
the database by that time: two seconds will do.
"""

CHATTY = ("celery.worker.strategy", "celery.app.trace")
"""Loggers that write two lines per step at INFO; the journal has it all."""

_threads: list[RecoveryThread | watchdog.Watchdog] = []
_sweeps = True
_replaced = False


def keep_logging(**_: Any) -> None:
    """Use Django's logging; connecting here keeps Celery from making its own."""
    logging.config.dictConfig(settings.LOGGING)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def sweeps(wanted: bool) -> None:  # noqa: FBT001 - one question, one answer
    """Whether this worker runs recovery. Of a fleet's workers one does; beat does, too."""
    global _sweeps  # noqa: PLW0603 - decided once, before the worker starts
    _sweeps = wanted


def replaced() -> None:
    """Somebody starts another worker when this one ends."""
    global _replaced  # noqa: PLW0603 - decided once, before the worker starts
    _replaced = True


def start_threads(sender: Any = None, **_: Any) -> None:
    """Start recovery and watchdog in the main process, after the children were made.

    Celery says `ready` again after every reconnection; the threads are started once.
    """
    if _threads or sender is None:
        return
    queues = tuple(sender.app.amqp.queues.consume_from)
    _threads.append(RecoveryThread(heartbeat.of(sender), sweeps=_sweeps))
    _threads.append(
        watchdog.Watchdog(
            queues,
            patience_seconds=watchdog.PATIENCE_SECONDS,
            clock=time.monotonic,
            most_mb=settings.FERMATA.worker_memory_mb if _replaced else None,
        )
    )
    for thread in _threads:
        thread.start()


def end_threads(**_: Any) -> None:
    """Stop both; a sweep under way may finish."""
    while _threads:
        _threads.pop().end()


def share_nothing(**_: Any) -> None:
    """Drop the connections, threads and dispatcher that a new child inherited.

    The descriptor is closed, not the connection: a goodbye on the shared socket would end the parent's
    session.
    """
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            os.close(connection.connection.fileno())
            connection.connection = None
    forget_connections()
    dispatch.dispatcher.cache_clear()
    _threads.clear()


def connect() -> None:
    """Wire the receivers to Celery's signals."""
    signals.setup_logging.connect(keep_logging)
    signals.worker_ready.connect(start_threads)
    signals.worker_shutdown.connect(end_threads)
    signals.worker_process_init.connect(share_nothing)


connect()
