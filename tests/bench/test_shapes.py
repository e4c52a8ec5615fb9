"""The documents that `make bench` measures are ones that Fermata takes, and as large as they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fermata.workflows.operations import compiled
from tests.bench import floors, page, report, watch
from tests.bench.raw import FORMS
from tests.bench.shapes import SHAPES, Json

LOOPS = {"W3": 1, "foreach": 1}
"""Containers, which the raw side does not have and which are not counted."""


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_compiles_and_counts_its_nodes(name: str) -> None:
    shape = SHAPES[name]
    plan = compiled(shape.document())
    inside = len(plan.nodes) - LOOPS.get(name, 0)
    passages = {"W3": 100, "foreach": 10_000}.get(name, 1)
    assert inside * passages * shape.executions == shape.nodes


def test_every_shape_has_a_raw_twin() -> None:
    assert FORMS.keys() == SHAPES.keys()


def row(default: list[float], raw: list[float]) -> Json:
    sides = {"default": {"walls": default, "how": ""}, "raw": {"walls": raw, "how": "solo"}}
    return {"shape": "W1", "title": "", "nodes": 100, "sides": sides, "skips": [], "foreign_cpu_share": 0.0}


def test_ratios_are_taken_within_a_round() -> None:
    assert report.ratios(row([1.0, 2.0], [2.0, 2.0]), "default") == [2.0, 1.0]


def test_a_missed_floor_says_which_and_by_how_much() -> None:
    assert list(floors.of_shapes([row([2.0, 2.0, 2.0], [1.0, 1.0, 1.0])])) == [
        "W1 default: 0.50 × raw Celery, 0.30 below the floor of 0.8."
    ]
    assert list(floors.of_shapes([row([1.0, 2.0, 1.0], [1.0, 1.0, 1.0])])) == []


def test_a_connection_of_another_process_is_a_stranger(redis_url: str) -> None:
    code = (
        "import os, redis, sys\n"
        "link = redis.Redis.from_url(os.environ['REDIS_URL']); link.ping()\n"
        "print(link.client_info()['laddr'], link.client_info()['addr'], flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"REDIS_URL": redis_url},
    ) as other:  # fmt: skip
        assert other.stdin is not None
        assert other.stdout is not None
        port = int(other.stdout.readline().rpartition(":")[2])
        try:
            assert watch.strangers([port], [os.getpid()]) == {port}
            assert watch.strangers([port], [os.getpid(), other.pid]) == set()
        finally:
            other.stdin.close()


def test_descendants_and_their_use_of_the_machine_are_seen() -> None:
    code = "import sys; sum(range(10 ** 7)); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        try:
            assert child.pid in watch.descendants(os.getpid())
            assert watch.cpu_seconds([child.pid]) > 0.02
            assert watch.resident_bytes(child.pid) > 1_000_000
        finally:
            child.stdin.close()


def test_the_cost_of_a_flush_is_measured(tmp_path: Path) -> None:
    assert watch.fsync_milliseconds(tmp_path, writes=3) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_page_is_the_one_that_the_kept_figures_make() -> None:
    if page.KEPT.exists():
        assert page.PAGE.read_text() == page.page(json.loads(page.KEPT.read_text()))
