"""A backlog far beyond what the broker may hold: it stays in PostgreSQL and drains by itself."""

from __future__ import annotations

import os
import time

import pytest

from fermata.engine.runtime import ring_window
from fermata.engine.store import run as ask
from tests.crash.findings import Findings
from tests.crash.fleet import Fleet, eventually
from tests.crash.stage import Run, Stage, value
from tests.crash.test_servers import depth

STEPS_EACH = 500
DOWN_SECONDS = 60.0
DRAIN_SECONDS = 420.0


@pytest.mark.full
@pytest.mark.timeout(900)
def test_fifty_thousand_ready_steps_wait_outside_the_broker_and_drain(
    stage: Stage, findings: Findings
) -> None:
    fleet = stage.fleet
    for worker in fleet.workers.values():
        worker.kill()
    beat = fleet.launch_beat()
    deepest, down_at = 0, time.monotonic()
    try:
        document = {"nodes": [value(f"n{place}") for place in range(STEPS_EACH)]}
        runs: list[Run] = []
        while len(runs) * STEPS_EACH < 50_000:
            runs.append(stage.start(document))
            deepest = max(deepest, depth(fleet))
        assert _ready() == 50_000
        while time.monotonic() - down_at < DOWN_SECONDS:
            deepest = max(deepest, depth(fleet))
            time.sleep(0.02)
        assert _ready() == 50_000
        fleet.strikes.append("workers away for a minute")
        fleet.heal()
        drained, deepest = _drain(fleet, deepest)
    finally:
        os.kill(beat.pid, 9)
        beat.wait()
    assert deepest <= ring_window() + 200
    assert all(run.status() == ("succeeded", True) for run in runs)
    for run in (runs[0], runs[50], runs[-1]):
        run.check()
    seen = {"steps": 50_000, "deepest queue": deepest, "seconds to drain": round(drained)}
    findings.add("queued", "workers away for a minute under 50,000 READY steps", seen)


def _ready() -> int:
    return int(ask("SELECT count(*) FROM fermata_step WHERE state = 'ready'")[0][0])


def _drain(fleet: Fleet, deepest: int) -> tuple[float, int]:
    """(seconds until no execution is left, the deepest queue seen)."""
    began = time.monotonic()
    seen = [deepest]

    def is_empty() -> bool:
        seen.append(depth(fleet))
        return not ask("SELECT 1 FROM fermata_execution WHERE finished_at IS NULL LIMIT 1")

    eventually(is_empty, seconds=DRAIN_SECONDS, what="the backlog drains")
    return time.monotonic() - began, max(seen)
