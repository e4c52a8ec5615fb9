"""The leases of a batch: one heartbeat keeps them all, and only the step under way is shown as running."""

from __future__ import annotations

from typing import Any

import pytest

from fermata.coordination.lease import MemoryLeases
from fermata.engine.holding import Keeper
from fermata.engine.store import PostgresLedger, run
from fermata.errors import LeaseLost
from fermata.machine.view import Claim
from tests.contracts.harness import World, together
from tests.contracts.postgres import Postgres
from tests.contracts.test_budgets import fan

pytestmark = pytest.mark.django_db


class Held(Keeper):
    """Beats when it is told to."""

    def _beating(self) -> None:
        """No thread."""

    def beat(self) -> None:
        """One beat of every hold."""
        for hold in list(self.holds.values()):
            self._beat(hold)


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def keeper(clock: list[float]) -> Held:
    return Held(MemoryLeases(lambda: clock[0]), PostgresLedger(), ttl_seconds=15, worker="here")  # type: ignore[arg-type]


@pytest.fixture
def claims(keeper: Held) -> list[Claim]:
    """Of four READY steps, under leases."""
    world = World(together(fan(4)), Postgres())
    world.start()
    ids = [row[0] for row in run("SELECT id::text FROM fermata_step ORDER BY node_id")]
    assert keeper.acquire_many(ids, "mine") == ids
    [passage] = world.ledger.claim_many(ids).passages
    return list(passage.claims)


def running() -> list[Any]:
    return [row[0] for row in run("SELECT node_id FROM fermata_step WHERE state = 'running'")]


def test_only_the_step_under_way_is_marked_running(
    keeper: Held, claims: list[Claim], clock: list[float]
) -> None:
    with keeper.hold_many(claims, "mine") as begin:
        begin(claims[0].step.id)
        live = begin(claims[1].step.id)
        clock[0] = 14.0
        keeper.beat()
        clock[0] = 28.0
        live()
        ids = {claim.step.id for claim in claims}
        assert keeper.leases.held(ids) == ids
    assert running() == [claims[1].step.node]
    assert keeper.holds == {}


def test_a_step_that_another_took_is_lost_to_the_batch(keeper: Held, claims: list[Claim]) -> None:
    with keeper.hold_many(claims, "mine") as begin:
        live = begin(claims[0].step.id)
        run("UPDATE fermata_step SET fence = fence + 1 WHERE id = %s", [claims[0].step.id])
        keeper.beat()
        with pytest.raises(LeaseLost):
            live()
        begin(claims[1].step.id)()
        begin("a follower, which has no row yet")()
