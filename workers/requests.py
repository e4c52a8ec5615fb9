"""How a worker answers for a message: a refused acknowledgement makes it reconnect.

Celery logs "Couldn't ack" and goes on. The unacknowledged delivery then fills the worker's prefetch window
for ever: it stops asking for messages, so it never notices that its connection died either (a Redis that is
away for a second while a step ends is enough).
"""

from __future__ import annotations

from typing import NoReturn

from celery.contrib.django.task import DjangoTask
from celery.worker.request import Request
from kombu.asynchronous import get_event_loop


class FermataRequest(Request):  # type: ignore[misc]
    """A delivery whose acknowledgement is not lost silently."""

    def acknowledge(self) -> None:
        """Acknowledge; when the broker did not take it, have the consumer connect anew.

        The message comes back after the visibility timeout, and its step is seen to be recorded then.
        """
        super().acknowledge()
        loop = get_event_loop()
        if loop is not None and not self.message.acknowledged:
            loop.call_soon(_reconnect)


class FermataTask(DjangoTask):  # type: ignore[misc]
    """The base of this application's tasks."""

    abstract = True
    Request = FermataRequest


def _reconnect() -> NoReturn:
    """Raised in the worker's loop, this is a lost connection: the consumer starts anew, with a new window."""
    raise ConnectionResetError("the broker did not take an acknowledgement")
