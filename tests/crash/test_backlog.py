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
SLOWEST_STEPS_PER_SECOND = 20.0
"""Of a machine with much else to do; an idle one with two cores is many times faster."""


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("steps", "down_seconds"), [(2_000, 10.0), (50_000, 60.0)])
def test_ready_steps_without_workers_wait_outside_the_broker_and_drain_by_themselves(
    steps: int, down_seconds: float, stage: Stage, findings: Findings
) -> None:
    fleet = stage.fleet
    for worker in fleet.workers.values():
        worker.kill()
    beat = fleet.launch_beat()
    deepest, down_at = 0, time.monotonic()
    try:
        document = {"nodes": [value(f"n{place}") for place in range(STEPS_EACH)]}
        runs: list[Run] = []
        while len(runs) * STEPS_EACH < steps:
            runs.append(stage.start(document))
            deepest = max(deepest, depth(fleet))
        assert _ready() == steps
        while time.monotonic() - down_at < down_seconds:
            deepest = max(deepest, depth(fleet))
            time.sleep(0.02)
        assert _ready() == steps
        assert deepest <= ring_window() + 200
        fleet.strikes.append("workers away")
        fleet.heal()
        drained, deepest = _drain(fleet, deepest, seconds=60 + steps / SLOWEST_STEPS_PER_SECOND)
    finally:
        os.kill(beat.pid, 9)
        beat.wait()
    assert deepest <= ring_window() + 200
    assert all(run.status() == ("succeeded", True) for run in runs)
    doubled = ask(
        "SELECT count(*) FROM fermata_step WHERE execution_id = ANY (%s::uuid[]) AND rings > 0",
        [[run.id for run in runs]],
    )
    # Some are taken for lost: a message in a worker's hands stands nowhere, and 0.2 s are soon over.
    assert doubled[0][0] <= steps / 10, "messages that wait in the queue are not lost ones"
    for run in (runs[0], runs[-1]):
        run.check()
    seen = {"steps": steps, "deepest queue": deepest, "seconds to drain": round(drained)}
    findings.add("queued", f"workers away for {down_seconds:.0f} s under {steps:,} READY steps", seen)


def _ready() -> int:
    return int(ask("SELECT count(*) FROM fermata_step WHERE state = 'ready'")[0][0])


def _drain(fleet: Fleet, deepest: int, *, seconds: float) -> tuple[float, int]:
    """(seconds until no execution is left, the deepest queue seen)."""
    began = time.monotonic()
    seen = [deepest]

    def is_empty() -> bool:
        seen.append(depth(fleet))
        return not ask("SELECT 1 FROM fermata_execution WHERE finished_at IS NULL LIMIT 1")

    eventually(is_empty, seconds=seconds, what="the backlog drains")
    return time.monotonic() - began, max(seen)
