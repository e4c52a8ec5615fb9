from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis

from fermata.coordination import broker
from fermata.coordination.pipeline import Pipeline
from fermata.engine.ledger import Ring
from workers.app import app
from workers.dispatcher import CeleryDispatcher
from workers.messages import template

WORKER = ("-m", "celery", "-A", "echo_worker", "worker", "-l", "info")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


def ring(queue: str = "default") -> Ring:
    return Ring(str(uuid4()), str(uuid4()), node_id="n", kind="node", queue=queue, priority=5)


def what_celery_sends(connection: redis.Redis, asked: Ring) -> dict[str, Any]:
    with app.connection_for_write() as link:
        producer = app.amqp.Producer(link)
        app.signature(broker.STEP_TASK, args=(asked.execution_id, asked.step_id)).apply_async(
            task_id=asked.step_id, queue=asked.queue, producer=producer, ignore_result=True
        )
    return json.loads(connection.rpop(f"wf:{asked.queue}"))


@pytest.fixture
def celery_on_redis(redis_url: str) -> None:
    """The application was configured when it was imported; the run's server is the one it must use."""
    assert app.conf.broker_url == redis_url


def test_writes_the_bytes_that_celery_would_have_sent(connection: redis.Redis, celery_on_redis: None) -> None:
    asked = ring()
    usual = what_celery_sends(connection, asked)
    CeleryDispatcher(mode="off").ring([asked])
    ours = connection.rpop("wf:default")
    UUID(usual["properties"]["delivery_tag"])
    usual["properties"]["delivery_tag"] = json.loads(ours)["properties"]["delivery_tag"]
    UUID(usual["properties"]["reply_to"])
    usual["properties"]["reply_to"] = ""  # nobody replies: results are not kept
    assert json.loads(ours) == usual
    assert ours == json.dumps(usual).encode()
    body = json.loads(base64.b64decode(json.loads(ours)["body"]))
    assert body[0] == [asked.execution_id, asked.step_id]


def test_gives_every_message_a_delivery_tag_of_its_own(connection: redis.Redis) -> None:
    asked = ring()
    CeleryDispatcher(mode="off").ring([asked] * 50)
    tags = {json.loads(text)["properties"]["delivery_tag"] for text in connection.lrange("wf:default", 0, -1)}
    assert len(tags) == 50


@pytest.mark.parametrize("queue", ["default", "q" * 100])
def test_keeps_a_message_within_fifteen_hundred_bytes(queue: str) -> None:
    asked = ring(queue)
    assert len(template(queue).message(asked.execution_id, asked.step_id)) <= 1500


@pytest.mark.parametrize("bad", ['"], [], {}]', "", "0" * 36, "A" * 8, str(uuid4()).upper() + "\n"])
def test_refuses_ids_that_are_no_uuids(bad: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        template("default").message(str(uuid4()), bad)


def test_rings_a_hundred_steps_in_one_round_trip(
    connection: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings = [ring("default" if number % 3 else "slow") for number in range(100)]
    dispatcher = CeleryDispatcher(mode="off")
    dispatcher.ring([ring()])  # connects
    connection.flushall()
    sent: list[int] = []
    real = redis.connection.AbstractConnection.send_packed_command

    def counted(self: redis.Connection, command: object, **options: object) -> None:
        sent.append(1)
        real(self, command, **options)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", counted)
    dispatcher.ring(rings)
    assert len(sent) == 1
    monkeypatch.undo()
    assert dispatcher.depth(["default", "slow"]) == {"default": 66, "slow": 34}
    assert broker.queued("slow", 100) == [asked.step_id for asked in rings[::3]]


def test_leaves_the_sending_to_the_owner_of_a_pipeline(connection: redis.Redis) -> None:
    pipeline = Pipeline()
    CeleryDispatcher(mode="off").ring([ring()], pipeline=pipeline)
    assert connection.llen("wf:default") == 0
    pipeline.execute()
    assert connection.llen("wf:default") == 1


def test_skips_a_queue_that_would_break_the_broker(connection: redis.Redis) -> None:
    good = ring()
    CeleryDispatcher(mode="off").ring([ring("unacked"), ring("_kombu.binding.default"), ring(""), good])
    assert connection.keys("*") == [b"wf:default"]
    assert broker.queued("default") == [good.step_id]


def test_loses_and_doubles_a_tenth_in_chaos_and_repeatably(connection: redis.Redis) -> None:
    rings = [ring() for _ in range(2000)]
    CeleryDispatcher(mode="chaos", seed=7).ring(rings)
    first = broker.queued("default", 10_000)
    connection.flushall()
    CeleryDispatcher(mode="chaos", seed=7).ring(rings)
    assert broker.queued("default", 10_000) == first
    times = Counter(Counter(first).values())
    lost = len(rings) - sum(times.values())
    assert 140 <= lost <= 260
    assert 140 <= times[2] <= 260
    assert set(times) == {1, 2}


def test_is_understood_by_a_real_worker(connection: redis.Redis, start: Callable[..., Any]) -> None:
    worker = start(*WORKER, "-c", "1", *QUIET)
    worker.said("ready.")
    rings = [ring() for _ in range(20)]
    CeleryDispatcher(mode="off").ring(rings)
    heard = [connection.blpop("echo", timeout=20) for _ in rings]
    assert [line[1].decode().split()[:3] for line in heard] == [
        [asked.execution_id, asked.step_id, asked.step_id] for asked in rings
    ]
    worker.stop()
    assert connection.hlen("wf:unacked") == 0
    assert not [key for key in connection.keys("*") if b"celery-task-meta" in key]


def test_a_worker_takes_one_message_at_a_time_and_leaves_no_trace_of_it(
    connection: redis.Redis, start: Callable[..., Any]
) -> None:
    connection.set("hold", "1")
    worker = start(*WORKER, "-c", "1", *QUIET)
    worker.said("ready.")
    rings = [ring() for _ in range(5)]
    CeleryDispatcher(mode="off").ring(rings)
    assert connection.blpop("echo", timeout=20)
    assert broker.depth(["default"]) == {"default": 4}
    assert connection.hlen("wf:unacked") == 0
    connection.delete("hold")
    for _ in rings[1:]:
        assert connection.blpop("echo", timeout=20)
    worker.stop()
    assert connection.hlen("wf:unacked") == 0


def test_sends_a_team_its_own_task(connection: redis.Redis, celery_on_redis: None) -> None:
    task_id = str(uuid4())
    CeleryDispatcher().send_task(
        "shop.charge", args=[1], kwargs={"to": "x"}, queue="shop", task_id=task_id, headers={"token": "t"}
    )
    [message] = [json.loads(text) for text in connection.lrange("wf:shop", 0, -1)]
    assert json.loads(base64.b64decode(message["body"]))[:2] == [[1], {"to": "x"}]
    assert message["properties"]["correlation_id"] == task_id
    assert message["headers"]["token"] == "t"  # the worker offers it as `self.request.headers["token"]`
    assert broker.queued("shop") == []
