"""The floors, held against the figures measured last (`make bench` measures and then runs this)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.bench import floors
from tests.bench.page import KEPT
from tests.bench.shapes import Json

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def sections() -> list[Json]:
    path = Path(os.environ.get("FERMATA_BENCH_RESULTS", KEPT))
    if not path.exists():
        pytest.skip("nothing has been measured yet: make bench")
    found: list[Json] = json.loads(path.read_text())["sections"]
    return found


def rows(sections: list[Json], kind: str) -> list[Json]:
    found = [row for section in sections for row in section.get(kind, [])]
    if not found:
        pytest.skip(f"no {kind} were measured")
    return found


def test_nodes_per_second_reach_their_share_of_raw_celery(sections: list[Json]) -> None:
    held = [section for section in sections if section["disk"] == floors.HELD_ON]
    assert list(floors.of_shapes(rows(held, "shapes"))) == []


def test_an_idle_system_answers_soon(sections: list[Json]) -> None:
    assert list(floors.of_latency(rows(sections, "latency"))) == []


def test_costs_memory_and_messages_stay_flat(sections: list[Json]) -> None:
    assert list(floors.of_growth(rows(sections, "growth"))) == []
