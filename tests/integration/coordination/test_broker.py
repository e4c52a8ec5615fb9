from __future__ import annotations

import json

import redis

from fermata.coordination import broker


def message(step_id: str, task: str = broker.STEP_TASK, *, also: tuple[str, ...] | None = None) -> bytes:
    headers = {"task": task} if also is None else {"also": also, "task": task}
    return json.dumps({"headers": headers, "properties": {"correlation_id": step_id}}).encode()


def test_measures_many_queues(connection: redis.Redis) -> None:
    connection.lpush("wf:a", b"1", b"2")
    assert broker.depth(["a", "b"]) == {"a": 2, "b": 0}
    assert broker.depth([]) == {}


def test_counts_each_step_that_a_message_rings(connection: redis.Redis) -> None:
    connection.lpush("wf:a", message("s0"), message("s1", also=("s2", "s3")), message("s4", also=()))
    assert broker.depth(["a"]) == {"a": 5}
    assert broker.queued("a") == ["s0", "s1", "s2", "s3", "s4"]


def test_counts_the_messages_of_a_queue_that_is_longer_than_any_window(connection: redis.Redis) -> None:
    connection.lpush("wf:a", *[message("s", also=("t",))] * (broker.COUNTED_AT_MOST + 1))
    assert broker.depth(["a"]) == {"a": broker.COUNTED_AT_MOST + 1}


def test_lists_the_next_to_be_delivered_first(connection: redis.Redis) -> None:
    for number in range(4):
        connection.lpush("wf:a", message(f"s{number}"))
    connection.rpush("wf:a", message("x", task="billing.send"))
    assert broker.queued("a", 3) == ["s0", "s1"]
    assert broker.queued("a", 100) == ["s0", "s1", "s2", "s3"]
    assert broker.queued("a", 0) == []
