"""A refused acknowledgement makes the worker connect anew.

Celery logs "Couldn't ack" and goes on. The unacknowledged delivery then fills the worker's prefetch window
for ever: it asks for no more messages, so it never notices that its connection died either. A Redis that is
away for a second while a step ends is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import bootsteps


class Acknowledging(bootsteps.StartStopStep):  # type: ignore[misc]
    """A step of the consumer, started before its loop: watches over every acknowledgement."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Put our own way of acknowledging into the consumer (`parent`), if it has an event loop."""
        if parent.hub is None:
            return

        def acknowledge_soon(acknowledge: Callable[..., None], *arguments: Any) -> Any:
            """In the loop's next turn; `acknowledge` is a method of the message and logs its own failure.

            The error raised counts as a lost connection: the consumer starts anew with a new window. The
            message comes back, and its step is seen to be recorded then.
            """

            def settle() -> None:
                acknowledge(*arguments)
                taken: bool = acknowledge.__self__.acknowledged  # type: ignore[attr-defined]
                if not taken and parent.blueprint.state == bootsteps.RUN:  # at the end nothing is consumed
                    raise ConnectionResetError("the broker did not take an acknowledgement")

            return parent.hub.call_soon(settle)

        parent.call_soon_ack = acknowledge_soon
