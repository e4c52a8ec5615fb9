"""What Celery's broker holds.

Queued and delivered messages. Read only; recovery compares it with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from fermata.coordination import keys
from fermata.coordination.client import answering, client, text

STEP_TASK = "fermata.run_step"
"""The name of the Celery task that performs a step; its task id is the step's id."""

SCANNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Unacked:
    """A message that a worker holds.

    `delivered_at`: Unix seconds by *that worker's* clock; 0.0 when unknown.
    """

    step_id: str
    queue: str
    delivered_at: float


def depth(queues: Iterable[str]) -> dict[str, int]:
    """Messages waiting on each queue (delivered ones not counted).

    One round trip. Raises `ServerUnavailable`.
    """
    names = list(queues)
    with answering("measuring the queues"), client().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.llen(keys.queue(name))
        return dict(zip(names, pipe.execute(), strict=True))


def unacked() -> list[Unacked]:
    """The `run_step` messages that workers hold and have not acknowledged. Raises `ServerUnavailable`.

    A dead worker's messages stay here until Celery's visibility timeout.
    """
    connection = client()
    found: list[Unacked] = []
    with answering("reading what workers hold"):
        scores: Any = connection.zrange(keys.UNACKED_INDEX, 0, -1, withscores=True)
        delivered = dict(scores)
        for tag, value in connection.hscan_iter(keys.UNACKED, count=SCANNED_AT_ONCE):
            held = _parse_unacked(value)
            if held is not None:
                step_id, queue = held
                found.append(Unacked(step_id, queue, float(delivered.get(tag, 0.0))))
    return found


def queued(queue: str, limit: int = 1000) -> list[str]:
    """Step ids of the `run_step` messages waiting on a queue, the next to be delivered first."""
    if limit < 1:
        return []
    with answering("reading a queue"):
        messages: Any = client().lrange(keys.queue(queue), -limit, -1)
    steps = (_step_of(_loaded(message)) for message in reversed(messages))
    return [step_id for step_id in steps if step_id is not None]


def _parse_unacked(value: bytes) -> tuple[str, str] | None:
    """(step id, queue) of kombu's ``[message, exchange, routing key]``; None for what is not ours to read."""
    entry = _loaded(value)
    if not isinstance(entry, list) or len(entry) != 3:
        return None
    step_id = _step_of(entry[0])
    return None if step_id is None else (step_id, text(entry[2]))


def _step_of(message: Any) -> str | None:
    """The step a message rings, None when it is another task's."""
    if not isinstance(message, dict):
        return None
    headers, properties = message.get("headers"), message.get("properties")
    if not isinstance(headers, dict) or not isinstance(properties, dict) or headers.get("task") != STEP_TASK:
        return None
    step_id = properties.get("correlation_id")
    return step_id if isinstance(step_id, str) else None


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
