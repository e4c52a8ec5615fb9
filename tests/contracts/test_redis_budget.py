"""What a step may cost in Redis: the lease, and one pipeline that gives it back, signals and rings."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from fermata.coordination.client import exchange
from fermata.coordination.lease import Leases
from fermata.engine.holding import Keeper
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.engine.store import PostgresLedger, run
from tests.contracts.harness import World
from tests.contracts.postgres import Postgres
from tests.contracts.test_budgets import chain, first_step
from workers.dispatcher import CeleryDispatcher


@pytest.mark.parametrize("mode", ["off", "on"])
@pytest.mark.django_db
@pytest.mark.usefixtures("redis_url")
def test_a_step_makes_two_round_trips_to_redis(monkeypatch: pytest.MonkeyPatch, mode: Any) -> None:
    world = World(chain(3), Postgres())
    world.start()
    keeper = Keeper(Leases(), PostgresLedger(), ttl_seconds=15, worker="here")
    parts = Parts(PostgresLedger(), world.plans, world.types, CeleryDispatcher(mode=mode), leases=keeper)
    exchange([("PING",)])  # connected: that is paid once
    sent: list[bytes] = []
    send = redis.connection.Connection.send_packed_command

    def counted(self: Any, command: Any, *options: Any, **more: Any) -> Any:
        sent.append(b"".join(command) if isinstance(command, list) else command)
        return send(self, command, *options, **more)

    monkeypatch.setattr(redis.connection.Connection, "send_packed_command", counted)
    step = first_step(world)
    assert Performer(parts, worker="here").perform(step).result == "recorded"
    assert len(sent) == 2, sent
    assert run("SELECT state FROM fermata_step WHERE id = %s", [step]) == [("succeeded",)]
