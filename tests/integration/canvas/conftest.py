"""Workers that tell what they were given, and executions on them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from fermata.engine.models import Execution, Step
from tests.integration.workers.conftest import ROOT, Program, connection, start
from tests.integration.workers.test_engine import QUIET, begin, environment, finished

HERE = Path(__file__).resolve().parent

__all__ = ["connection", "environment", "start"]


@dataclass(frozen=True)
class Told:
    """One delivery, as `recording_worker` tells it."""

    node: str
    step: str
    links: int
    group: str | None
    index: int | None
    body: str | None
    by_celery: bool


@dataclass
class Stage:
    """A worker that records, and what can be asked of it."""

    connection: redis.Redis
    worker: Program

    def run(
        self, nodes: list[dict[str, Any]], edges: list[dict[str, Any]], *, seconds: float = 40, **input_: Any
    ) -> Execution:
        """Run a document to its end."""
        return finished(self.connection, begin(nodes, edges, **input_), seconds=seconds)

    def told(self, execution: Execution) -> list[Told]:
        """The deliveries of an execution's steps, in order."""
        nodes = {str(row.id): row.node_id for row in Step.objects.filter(execution_id=execution.id)}
        heard = [json.loads(line) for line in self.connection.lrange("deliveries", 0, -1)]
        return [Told(node=nodes.get(entry["step"], "?"), **entry) for entry in heard]

    def keys(self) -> set[str]:
        """Keys of chords and results, without the marks by which Celery knows a chord that is over."""
        found = {key.decode() for key in self.connection.keys("wf:celery-*")}
        return {key for key in found if not (key.endswith(".c") and self.connection.get(key) == b"done")}


def rung_again(execution: Execution) -> int:
    """How many rings recovery had to repeat."""
    return sum(Step.objects.filter(execution_id=execution.id).values_list("rings", flat=True))


def edges(*ways: str) -> list[dict[str, Any]]:
    """``"a>b>c"``: edges from a to b and from b to c."""
    found = []
    for way in ways:
        nodes = way.split(">")
        found += [{"from": one, "to": other} for one, other in zip(nodes, nodes[1:], strict=False)]
    return found


@pytest.fixture
def stage(
    connection: redis.Redis,
    environment: dict[str, str],
    start: Callable[..., Program],
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    """A worker of two children with the canvas on; a ring that gets lost is repeated after ten seconds."""
    worker = start(
        "-m", "celery", "-A", "recording_worker", "worker", "-c", "2", *QUIET,
        **environment | {"FERMATA_CANVAS": "on", "FERMATA_RERING_SECONDS": "10"}
        | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "platform", HERE)))},
    )  # fmt: skip
    worker.said("ready.")
    return Stage(connection, worker)
