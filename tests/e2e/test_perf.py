"""The timed budgets of the screen, fed by a journal recorded before: `make perf`, alone on the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.conftest import Site


@pytest.mark.perf
@pytest.mark.timeout(900)
def test_the_screen_keeps_its_times(site: Site, tmp_path: Path) -> None:
    recording = str(tmp_path / "recording.json")
    recorded = site.journey("perf/record", seconds=200, RECORDING=recording)
    assert recorded.returncode == 0, recorded.stdout
    rounds = os.environ.get("ROUNDS") or "5"
    done = [
        site.journey(f"perf/{name}", seconds=600, RECORDING=recording, ROUNDS=rounds)
        for name in ("measure", "edit")
    ]
    report = [line for one in done for line in one.stdout.splitlines() if "machine" in line]
    os.write(1, ("\n" + "\n".join(report) + "\n").encode())
    for one in done:
        assert one.returncode == 0, one.stdout
