"""What Celery's broker holds.

Read only; recovery compares it with the ledger. Messages are delivered without acknowledgement: what a worker
has taken stands nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fermata.coordination import keys
from fermata.coordination.client import answering, client, script

STEP_TASK = "fermata.run_step"
"""The name of the Celery task that performs a step; its task id is the step's id."""


COUNTED_AT_MOST = 1000
"""Messages of a queue whose steps are counted; a window of rings is shorter."""


def depth(queues: Iterable[str]) -> dict[str, int]:
    """Steps that the messages waiting on each queue ring (delivered ones not counted).

    One round trip. Raises `ServerUnavailable`.
    """
    names = list(queues)
    with answering("measuring the queues"), client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.eval(script("queue_depth"), 1, keys.queue(name), COUNTED_AT_MOST)
        return dict(zip(names, pipe.execute(), strict=True))


def queued(queue: str, limit: int = 1000) -> list[str]:
    """Step ids of the `run_step` messages waiting on a queue, the next to be delivered first."""
    if limit < 1:
        return []
    with answering("reading a queue"):
        messages: Any = client().lrange(keys.queue(queue), -limit, -1)
    return [step_id for message in reversed(messages) for step_id in _steps_of(_loaded(message))]


def _steps_of(message: Any) -> list[str]:
    """The steps a message rings: its own and those of its header ``also``; none when it is another task's."""
    if not isinstance(message, dict):
        return []
    headers, properties = message.get("headers"), message.get("properties")
    if not isinstance(headers, dict) or not isinstance(properties, dict) or headers.get("task") != STEP_TASK:
        return []
    also = headers.get("also")
    named = [properties.get("correlation_id"), *(also if isinstance(also, list) else ())]
    return [step_id for step_id in named if isinstance(step_id, str)]


def _loaded(value: bytes) -> Any:
    """The JSON value; None for text that is none (somebody else's message must not stop recovery)."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def heads(queues: Iterable[str]) -> dict[str, bytes]:
    """The next message to be delivered on each queue that has one; one round trip.

    Raises `ServerUnavailable`.
    The same head twice means that nobody took anything in between: every message has a tag of its own.
    """
    names = list(queues)
    with answering("looking at the queues"), client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.lindex(keys.queue(name), -1)
        found = zip(names, pipe.execute(), strict=True)
    return {name: head for name, head in found if head is not None}
