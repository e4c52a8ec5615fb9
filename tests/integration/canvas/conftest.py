"""Workers that tell what they were given, and executions on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.db import connection as database

from fermata.engine import dispatch, runtime
from fermata.engine.models import Execution, Step
from tests.integration.workers.conftest import ROOT, Program, connection
from tests.integration.workers.test_engine import QUIET, begin, finished

HERE = Path(__file__).resolve().parent

__all__ = ["connection"]


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
        found += [{"from": one, "to": other} for one, other in pairwise(nodes)]
    return found


@pytest.fixture(scope="module")
def launch(django_db_setup: None, redis_url: str) -> Iterator[Callable[..., Program]]:
    """Starts recording workers of two children: `launch(mode, **environment)`. All end with the module.

    A ring that gets lost is repeated after ten seconds, unless FERMATA_RERING_SECONDS says otherwise.
    """
    parts = urlsplit(os.environ["DATABASE_URL"])
    programs: list[Program] = []

    def run(mode: str, **more: str) -> Program:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "recording_worker", "worker", "-c", "2", *QUIET],
            cwd=HERE,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "platform", HERE))),
                "PYTHONUNBUFFERED": "1",
                "DJANGO_SETTINGS_MODULE": "fermata.config.settings",
                "DATABASE_URL": urlunsplit(parts._replace(path=f"/{database.settings_dict['NAME']}")),
                "FERMATA_CANVAS": mode,
                "FERMATA_LEASE_TTL_SECONDS": "2",
                "FERMATA_SWEEP_SECONDS": "0.2",
                "FERMATA_RERING_SECONDS": "10",
                "FERMATA_PROCESS": "worker",
            }
            | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        program = Program(process)
        programs.append(program)
        threading.Thread(target=program.listen, daemon=True).start()
        program.said("ready.")
        return program

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.stop()
        if program.process.stdout is not None:
            program.process.stdout.close()


@pytest.fixture
def quiet(transactional_db: None, connection: redis.Redis) -> Iterator[redis.Redis]:
    """An empty ledger and an empty broker."""
    runtime.forget()
    dispatch.dispatcher.cache_clear()
    yield connection
    dispatch.dispatcher.cache_clear()
    runtime.forget()


@pytest.fixture(scope="module")
def worker(launch: Callable[..., Program]) -> Program:
    """One worker with the canvas on, for the whole module."""
    return launch("on")


@pytest.fixture
def stage(worker: Program, quiet: redis.Redis) -> Stage:
    """The module's worker and an empty stage."""
    return Stage(quiet, worker)
