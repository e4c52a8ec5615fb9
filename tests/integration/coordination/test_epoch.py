from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fermata.coordination.epoch import Epoch


def test_trusts_nothing_until_one_ttl_after_it_was_written(connection: redis.Redis) -> None:
    state = Epoch().read(30)
    assert not state.trustworthy
    assert state.age_seconds == 0


def run_of(connection: redis.Redis) -> str:
    """The id of the server's present run, as it stands in the epoch."""
    return str(connection.info("server")["run_id"])


def test_trusts_an_epoch_that_is_older_than_the_ttl(connection: redis.Redis) -> None:
    seconds, _ = connection.time()
    connection.set("fermata:epoch", f"{(seconds - 20) * 1000} {run_of(connection)}")
    assert Epoch().read(19).trustworthy
    assert not Epoch().read(22).trustworthy


def test_begins_anew_when_everything_was_forgotten(connection: redis.Redis) -> None:
    seconds, _ = connection.time()
    connection.set("fermata:epoch", f"{(seconds - 100) * 1000} {run_of(connection)}")
    assert Epoch().read(15).trustworthy
    connection.flushall()
    assert not Epoch().read(15).trustworthy


def test_never_moves_an_epoch_that_is_there(connection: redis.Redis) -> None:
    Epoch().read(1)
    first = connection.get("fermata:epoch")
    Epoch().read(1)
    assert connection.get("fermata:epoch") == first
    assert connection.ttl("fermata:epoch") == -1


def test_is_not_trustworthy_when_nobody_answers() -> None:
    state = Epoch(redis.Redis(port=9, retry=Retry(NoBackoff(), 0))).read(15)
    assert (state.trustworthy, state.age_seconds) == (False, None)


def test_distrusts_the_epoch_of_another_run(connection: redis.Redis) -> None:
    seconds = int(connection.time()[0])
    connection.set("fermata:epoch", f"{(seconds - 100) * 1000} anotherrun")
    assert not Epoch().read(15).trustworthy
