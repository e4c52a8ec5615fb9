"""Deliveries are taken without acknowledgement (see `app`), so nothing is sent when one is done.

Celery would still remove each from the broker's book of unacknowledged deliveries, where it never stood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import bootsteps


class Acknowledging(bootsteps.StartStopStep):  # type: ignore[misc]
    """A step of the consumer, started before its loop: marks messages as done and says nothing to Redis."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Put our own way of acknowledging into the consumer (`parent`)."""
        parent.call_soon_ack = settle


def settle(acknowledge: Callable[..., None], *_arguments: Any) -> None:
    """`acknowledge` is a method of the message; Celery asks it whether it was acknowledged."""
    acknowledge.__self__._state = "ACK"  # type: ignore[attr-defined]  # noqa: SLF001 - the message's own mark
