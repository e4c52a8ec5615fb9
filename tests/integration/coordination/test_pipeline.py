from __future__ import annotations

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fermata.coordination.lease import Leases
from fermata.coordination.pipeline import Pipeline
from fermata.errors import ServerUnavailable


def test_does_everything_in_one_round_trip(connection: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = Leases()
    leases.acquire("s", token="a", ttl_seconds=30)
    sent: list[int] = []
    real = redis.connection.AbstractConnection.send_packed_command

    def counted(self: redis.Connection, command: object, **options: object) -> None:
        sent.append(1)
        real(self, command, **options)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", counted)
    pipeline = Pipeline().release("s", "a").announce("e1", "w1")
    for number in range(100):
        pipeline.push("default", b"%d" % number)
    pipeline.execute()
    assert len(sent) == 1
    monkeypatch.undo()
    assert leases.held(["s"]) == set()
    assert connection.llen("wf:default") == 100
    assert connection.rpop("wf:default") == b"0"
    [(_, fields)] = connection.xrange("fermata:signals")
    assert fields == {b"e": b"e1", b"w": b"w1"}


def test_leaves_the_lease_of_another_alone(connection: redis.Redis) -> None:
    Leases().acquire("s", token="a", ttl_seconds=30)
    Pipeline().release("s", "b").execute()
    assert Leases().held(["s"]) == {"s"}


def test_signals_an_execution_once(connection: redis.Redis) -> None:
    Pipeline().announce("e", "w").announce("e", "w").announce("f", "w").execute()
    assert connection.xlen("fermata:signals") == 2


def test_starts_empty_again(connection: redis.Redis) -> None:
    pipeline = Pipeline().push("q", b"1")
    pipeline.execute()
    pipeline.execute()
    assert connection.llen("wf:q") == 1


def test_sends_nothing_when_its_block_fails(connection: redis.Redis) -> None:
    def fail_half_way() -> None:
        with Pipeline() as pipeline:
            pipeline.push("q", b"1")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert connection.llen("wf:q") == 0


def test_keeps_about_ten_thousand_signals(connection: redis.Redis) -> None:
    pipeline = Pipeline()
    for number in range(10_500):
        pipeline.announce(str(number), "w")
    pipeline.execute()
    assert 10_000 <= connection.xlen("fermata:signals") <= 10_200


def test_says_so_when_nobody_answers() -> None:
    pipeline = Pipeline(redis.Redis(port=9, retry=Retry(NoBackoff(), 0))).push("q", b"1")
    with pytest.raises(ServerUnavailable, match="ringing the next steps"):
        pipeline.execute()


def test_goes_on_after_a_pooled_connection_was_cut(connection: redis.Redis, redis_url: str) -> None:
    Pipeline().push("q", b"1").execute()
    other = redis.Redis.from_url(redis_url)
    other.client_kill_filter(_type="normal", skipme=True)
    Pipeline().push("q", b"2").execute()
    assert connection.llen("wf:q") == 2
