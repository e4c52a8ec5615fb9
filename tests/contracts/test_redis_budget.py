"""What a step may cost in Redis: the lease, and one pipeline that gives it back, signals and rings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from fermata.coordination.client import exchange
from fermata.coordination.lease import Leases
from fermata.engine import perform
from fermata.engine.early import Early
from fermata.engine.holding import Keeper
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.engine.store import PostgresLedger, run
from tests.contracts.harness import World, together
from tests.contracts.postgres import Postgres
from tests.contracts.test_budgets import chain, fan, first_step
from workers.dispatcher import CeleryDispatcher


@contextmanager
def sent_to_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What goes to Redis inside, one entry a round trip."""
    exchange([("PING",)])  # connected: that is paid once
    sent: list[bytes] = []
    send = redis.connection.Connection.send_packed_command

    def counted(self: Any, command: Any, *options: Any, **more: Any) -> Any:
        sent.append(b"".join(command) if isinstance(command, list) else command)
        return send(self, command, *options, **more)

    with monkeypatch.context() as patched:
        patched.setattr(redis.connection.Connection, "send_packed_command", counted)
        yield sent


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_url")
def test_a_batch_makes_two_round_trips_to_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(together(fan(20)), Postgres())
    world.start()
    keeper = Keeper(Leases(), PostgresLedger(), ttl_seconds=15, worker="here")
    parts = Parts(PostgresLedger(), world.plans, world.types, CeleryDispatcher(), leases=keeper)
    ring = world.dispatcher.rings.popleft()
    with sent_to_redis(monkeypatch) as sent:
        assert Performer(parts, worker="here").perform(ring.step_id, ring.also).result == "recorded"
    assert len(sent) == 2, sent
    rows = run("SELECT count(*) FROM fermata_step WHERE state = 'succeeded'")
    assert rows == [(1 + len(ring.also or ()),)]


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_url")
def test_a_ring_that_leaves_early_is_a_round_trip_of_its_own_and_the_only_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(chain(3), Postgres())
    world.start()
    keeper = Keeper(Leases(), PostgresLedger(), ttl_seconds=15, worker="here")
    parts = Parts(PostgresLedger(), world.plans, world.types, CeleryDispatcher(), leases=keeper)
    monkeypatch.setattr(perform, "LATE_SECONDS", 60.0)  # the first record of all plans its statements
    parts.early, parts.room = Early(200, typical=0.0), lambda _plan: {"default": 200}
    step = first_step(world)
    with sent_to_redis(monkeypatch) as sent:
        assert Performer(parts, worker="here").perform(step).result == "recorded"
    assert [b"LPUSH" in packet for packet in sent] == [True, False], sent


@pytest.mark.parametrize("mode", ["off", "on"])
@pytest.mark.parametrize(("kind", "trips"), [("transform", 1), ("celery_task", 2)])
@pytest.mark.django_db
@pytest.mark.usefixtures("redis_url")
def test_a_pure_step_makes_one_round_trip_to_redis_and_an_effectful_one_two(
    monkeypatch: pytest.MonkeyPatch, mode: Any, kind: str, trips: int
) -> None:
    world = World(chain(3, kind=kind, tasks={"n0": [{"output": 1}]}), Postgres())
    world.start()
    keeper = Keeper(Leases(), PostgresLedger(), ttl_seconds=15, worker="here")
    parts = Parts(PostgresLedger(), world.plans, world.types, CeleryDispatcher(mode=mode), leases=keeper)
    step = first_step(world)
    with sent_to_redis(monkeypatch) as sent:
        assert Performer(parts, worker="here").perform(step).result == "recorded"
    assert len(sent) == trips, sent
    assert run("SELECT state FROM fermata_step WHERE id = %s", [step]) == [("succeeded",)]
