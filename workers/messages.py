"""Celery messages built by hand: what `run_step.apply_async` would have sent, in a tenth of its time.

One real message per queue is made by Celery and kombu themselves, on a transport that keeps it; the ids in
it are then replaced. A new release of either that changes the envelope changes the template with it.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

from kombu import Connection, Exchange, Queue
from kombu.transport import memory, virtual
from kombu.utils.json import dumps

from fermata.coordination.broker import STEP_TASK
from workers.app import app
from workers.canvas import Link, Sending

EXECUTION = "00000000-0000-4000-8000-00000000e0e0"
STEP = "00000000-0000-4000-8000-0000000050e0"
"""Ids that stand in a template where a message's own will be."""

MESSAGE_BYTES = 1500
"""No message of a step alone, or of a chord's part, is longer because of the claim it carries."""

WINDOW_BYTES = 4096
"""No window of a chain is longer."""

NO_CHAIN = '"chain": null'
NO_CHORD = '"chord": null'
NO_GROUP = '"group": null, "group_index": null'
SHOWN = f"\"argsrepr\": \"('{EXECUTION}', '{STEP}')\""
"""What stands in a template where a chain or chord will be."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Template:
    """One message whose ids are placeholders.

    `body` is the plain text of what `envelope` carries as `encoded`.
    """

    envelope: str
    body: str
    encoded: str
    tag: str

    def message(self, execution_id: str, step_id: str) -> bytes:
        """The finished message of a step alone, with a delivery tag of its own.

        Raises ValueError for ids that are no UUIDs in lower case: anything else could break out of the JSON
        text.
        """
        return self._finished(self.envelope, self.body, execution_id, step_id)

    def sent(self, sending: Sending) -> bytes:
        """The finished message of a sending, as Celery would write it.

        Of the chain's links as many are kept as the window's bytes allow. Raises ValueError as `message`.
        """
        execution_id, step_id = sending.ring.execution_id, sending.ring.step_id
        if sending.ring.also is not None:
            return self._with_others(sending.ring.also, execution_id, step_id)
        if sending.ring.carried is not None:
            longest = WINDOW_BYTES if sending.links else MESSAGE_BYTES
            message = self._sent(sending, self._with_header("carried", sending.ring.carried))
            if len(message) <= longest:
                return message
        return self._sent(sending, self.envelope)

    def _sent(self, sending: Sending, envelope: str) -> bytes:
        execution_id, step_id = sending.ring.execution_id, sending.ring.step_id
        if sending.place is not None:
            place = sending.place
            group = f'"group": "{place.group}", "group_index": {place.index}'
            envelope = envelope.replace(NO_GROUP, group).replace(SHOWN, '"argsrepr": ""')
            body = self.body.replace(NO_CHORD, f'"chord": {signature(place.body)}')
            return self._finished(envelope, body, execution_id, step_id)
        links = [signature(link) for link in sending.links]
        while links:
            body = self.body.replace(NO_CHAIN, f'"chain": [{",".join(reversed(links))}]')
            message = self._finished(envelope, body, execution_id, step_id)
            if len(message) <= WINDOW_BYTES:
                return message
            links.pop()
        return self._finished(envelope, self.body, execution_id, step_id)

    def _with_header(self, name: str, value: Any) -> str:
        """The envelope with one header more."""
        return self.envelope.replace('"headers": {', f'"headers": {{"{name}": {json.dumps(value)}, ', 1)

    def _with_others(self, also: Sequence[str], execution_id: str, step_id: str) -> bytes:
        """A session's message names its other steps in a header, where recovery can read them, too."""
        if not all(map(_UUID.fullmatch, also)):
            raise ValueError("A ring names its steps by UUIDs.")
        return self._finished(self._with_header("also", list(also)), self.body, execution_id, step_id)

    def _finished(self, envelope: str, body: str, execution_id: str, step_id: str) -> bytes:
        if not (_UUID.fullmatch(execution_id) and _UUID.fullmatch(step_id)):
            raise ValueError("A ring names its execution and its step by UUIDs.")
        body = body.replace(EXECUTION, execution_id).replace(STEP, step_id)
        return (
            envelope.replace(self.encoded, b64encode(body.encode()).decode())
            .replace(self.tag, str(uuid4()))
            .replace(EXECUTION, execution_id)
            .replace(STEP, step_id)
            .encode()
        )


def signature(link: Link) -> str:
    """The JSON text of Celery's signature that rings this link's step."""
    return (
        f'{{"task":"{STEP_TASK}","args":["{link.execution_id}","{link.step_id}"],"kwargs":{{}},'
        f'"options":{{"task_id":"{link.step_id}","queue":{json.dumps(link.queue)}}},'
        '"subtask_type":null,"immutable":true}'
    )


@lru_cache(maxsize=256)
def template(queue: str) -> Template:
    """The template of the messages for a queue, made once per process."""
    return cut(real_message(queue))


def cut(envelope: dict[str, Any]) -> Template:
    """The template that a real message makes."""
    encoded = str(envelope["body"])
    return Template(
        envelope=dumps(envelope),
        body=b64decode(encoded).decode(),
        encoded=encoded,
        tag=str(envelope["properties"]["delivery_tag"]),
    )


def real_message(queue: str) -> dict[str, Any]:
    """What kombu would write to the broker for a `run_step` with the placeholder ids.

    The queue need not be one this process may consume: a step is rung where its workers are.
    """
    target = Queue(queue, Exchange(queue, type="direct"), routing_key=queue)
    message = app.amqp.as_task_v2(STEP, STEP_TASK, args=(EXECUTION, STEP), kwargs={}, ignore_result=True)
    with Connection(transport=_KeepingTransport) as connection:
        channel = connection.channel()
        producer = app.amqp.Producer(channel)
        app.amqp.send_task_message(producer, STEP_TASK, message, queue=target, retry=False)
        envelope: dict[str, Any] = channel.kept.pop()
    return envelope


class _KeepingChannel(memory.Channel):  # type: ignore[misc]
    """Keeps what is published instead of delivering it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept: list[dict[str, Any]] = []

    def _put(self, _queue: str, message: dict[str, Any], **_: Any) -> None:
        self.kept.append(message)


class _KeepingTransport(memory.Transport):  # type: ignore[misc]
    Channel = _KeepingChannel
    global_state = virtual.BrokerState()
