from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import redis

from fermata.coordination import broker
from fermata.engine.dispatch import MOST_TOGETHER
from fermata.engine.ledger import Ring
from workers.app import app
from workers.canvas import LONGEST_QUEUE, WINDOW_LINKS, Link, Place, Sending
from workers.messages import WINDOW_BYTES, signature, template

MESSAGE_BYTES = 1500


def ring(queue: str = "default") -> Ring:
    return Ring(str(uuid4()), str(uuid4()), node_id="n", kind="node", queue=queue, priority=5)


def link(queue: str = "default") -> Link:
    return Link(str(uuid4()), str(uuid4()), queue)


def what_celery_sends(connection: redis.Redis, asked: Ring, **options: Any) -> dict[str, Any]:
    with app.connection_for_write() as opened:
        app.signature(broker.STEP_TASK, args=(asked.execution_id, asked.step_id)).apply_async(
            task_id=asked.step_id,
            queue=asked.queue,
            producer=app.amqp.Producer(opened),
            ignore_result=True,
            **options,
        )
    return json.loads(connection.rpop(f"wf:{asked.queue}"))


def readable(message: dict[str, Any] | bytes) -> dict[str, Any]:
    """The message without what differs from one to the next."""
    found = json.loads(message) if isinstance(message, bytes) else message
    body = json.loads(b64decode(found["body"]))
    properties = {**found["properties"], "delivery_tag": "", "reply_to": ""}
    return {**found, "body": body, "properties": properties}


def test_writes_a_window_as_celery_would(connection: redis.Redis) -> None:
    asked, links = ring(), (link(), link())
    chain = [app.signature(json.loads(signature(one))) for one in reversed(links)]
    ours = template(asked.queue).sent(Sending(asked, links=links))
    assert readable(ours) == readable(what_celery_sends(connection, asked, chain=chain))


def test_writes_a_part_of_a_chord_as_celery_would(connection: redis.Redis) -> None:
    asked, place = ring(), Place(str(uuid4()), 7, link())
    usual = what_celery_sends(
        connection,
        asked,
        group_id=place.group,
        group_index=place.index,
        chord=app.signature(json.loads(signature(place.body))),
    )
    usual["headers"]["argsrepr"] = ""  # ours leaves it out: a hundred bytes that only logs would show
    assert readable(template(asked.queue).sent(Sending(asked, place=place))) == readable(usual)


def test_writes_a_sessions_message_as_celery_would(connection: redis.Redis) -> None:
    also = tuple(str(uuid4()) for _ in range(3))
    asked = replace(ring(), also=also)
    ours = template(asked.queue).sent(Sending(asked))
    assert readable(ours) == readable(what_celery_sends(connection, asked, headers={"also": list(also)}))


def test_keeps_a_sessions_message_within_four_kilobytes() -> None:
    queue = "q" * 100
    asked = replace(ring(queue), also=tuple(str(uuid4()) for _ in range(MOST_TOGETHER - 1)))
    assert len(template(queue).sent(Sending(asked))) <= WINDOW_BYTES
    assert len(template(queue).sent(Sending(replace(asked, also=())))) <= MESSAGE_BYTES


def test_refuses_to_name_a_step_by_anything_but_its_uuid() -> None:
    with pytest.raises(ValueError, match="UUID"):
        template("default").sent(Sending(replace(ring(), also=('"]',))))


@pytest.mark.parametrize("queue", ["default", "q" * LONGEST_QUEUE])
def test_keeps_a_part_of_a_chord_within_fifteen_hundred_bytes(queue: str) -> None:
    place = Place(str(uuid4()), 99_999, link(queue))
    assert len(template(queue).sent(Sending(ring(queue), place=place))) <= MESSAGE_BYTES


@pytest.mark.parametrize("length", [1, 7, 40, 100, 250])
def test_keeps_as_many_links_as_four_kilobytes_hold(length: int) -> None:
    queue = "q" * length
    links = tuple(link(queue) for _ in range(WINDOW_LINKS - 1))
    message = template(queue).sent(Sending(ring(queue), links=links))
    kept = readable(message)["body"][2]["chain"]
    assert len(message) <= WINDOW_BYTES
    assert [one["options"]["task_id"] for one in reversed(kept)] == [
        one.step_id for one in links[: len(kept)]
    ]
    assert len(kept) == WINDOW_LINKS - 1 or len(message) + 400 + 2 * length > WINDOW_BYTES


def test_lets_no_name_of_a_queue_break_out_of_a_message() -> None:
    queue = 'a","task_id":"x\\'
    message = template(queue).sent(Sending(ring(queue), links=(link(queue),)))
    [kept] = readable(message)["body"][2]["chain"]
    assert kept["options"]["queue"] == queue
