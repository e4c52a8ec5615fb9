"""Starts a second over HTTP, on the whole platform as `make run` starts it, with its data on the disk."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from fermata.config import env
from tests.bench.stack import Stack, running

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

FLOOR = 150.0
"""Starts a second."""
STARTS, CLIENTS = 840, 12
PARKED = {"id": "away", "type": "celery_task", "config": {"task": "away.work", "queue": "nobody"}}
"""For a queue that no worker serves: what is measured is the acceptance alone."""
PERFORMED = {"id": "hello", "type": "transform", "config": {"output": "hello"}}


class Api:
    """One connection to the platform, kept alive."""

    def __init__(self, port: int, token: str) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and the parsed answer."""
        self.link.request("POST", f"/api/v1{path}", json.dumps(body), self.headers)
        response = self.link.getresponse()
        return response.status, json.loads(response.read())


@pytest.fixture(scope="module")
def platform() -> Iterator[tuple[Stack, str]]:
    """The running platform, and a token for it."""
    with running(disk="disk") as stack:
        made = subprocess.run(
            [sys.executable, "manage.py", "create_token"],
            cwd=env.ROOT, env=stack.environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
        token = next(word for word in made.stdout.split() if word.startswith("fmt_"))
        yield stack, token


def rate(platform: tuple[Stack, str], node: dict[str, Any], record: Any) -> float:
    """Starts a second of a workflow with one node, by a dozen clients at once."""
    stack, token = platform
    api = Api(stack.port, token)
    document = {"schema": "fermata/1", "name": node["id"], "nodes": [node], "edges": []}
    with closing(api.link):
        status, workflow = api.post("/workflows", {"name": node["id"], "definition": document})
        assert status == 201, workflow
        status, answer = api.post(f"/workflows/{workflow['id']}/publish", {})
        assert status == 201, answer
    path = f"/workflows/{workflow['id']}/executions"
    times: list[float] = []
    refused: list[Any] = []

    def client(number: int) -> None:
        own = Api(stack.port, token)
        with closing(own.link):
            for _ in range(number):
                began = time.perf_counter()
                code, started = own.post(path, {"input": {"n": 1}})
                times.append(time.perf_counter() - began)
                if code != 202:
                    refused.append(started)

    client(20)
    times.clear()
    clients = [threading.Thread(target=client, args=(STARTS // CLIENTS,)) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    seconds = time.perf_counter() - began
    assert refused == []
    assert len(times) == STARTS
    ordered = sorted(times)
    record("starts_per_second", f"{STARTS / seconds:.0f}")
    record("p50_ms", f"{ordered[len(ordered) // 2] * 1000:.1f}")
    record("p95_ms", f"{ordered[int(len(ordered) * 0.95)] * 1000:.1f}")
    return STARTS / seconds


def test_starts_are_accepted(platform: tuple[Stack, str], record_property: Any) -> None:
    assert rate(platform, PARKED, record_property) >= FLOOR


def test_starts_are_accepted_while_workers_perform_them(
    platform: tuple[Stack, str], record_property: Any
) -> None:
    """Workers take the same two cores: told, and held to a third of the floor."""
    assert rate(platform, PERFORMED, record_property) >= FLOOR / 3
