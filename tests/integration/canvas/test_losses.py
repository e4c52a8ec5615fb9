"""What the canvas loses, recovery rings."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import redis

from fermata.engine.models import Execution, Step
from tests.integration.canvas.conftest import Stage, edges
from tests.integration.workers.conftest import Program
from tests.integration.workers.test_engine import begin, finished, states, value


@pytest.fixture(scope="module")
def worker(launch: Callable[..., Program]) -> Program:
    """A worker whose recovery is quick."""
    return launch("on", FERMATA_RERING_SECONDS="0.5", FERMATA_TASK_MODULES="holding_tasks")


HOLD: dict[str, Any] = {
    "id": "h", "type": "celery_task", "config": {"task": "canvas.hold", "effect": "idempotent"},
}  # fmt: skip


def held(stage: Stage) -> tuple[Execution, int]:
    """a → (b, h) → z, with h held up and b recorded; the pid of the process that holds."""
    execution = begin([value("a", 1), value("b", 2), HOLD, value("z", 3)], edges("a>b>z", "a>h>z"))
    answer = stage.connection.blpop("holding", timeout=30)
    assert answer is not None
    until_recorded(stage.connection, execution, "b")
    return execution, int(answer[1])


def until_recorded(connection: redis.Redis, execution: Execution, node: str) -> None:
    """Wait for the signal after which the node is recorded."""
    last = "0-0"
    while not Step.objects.filter(execution_id=execution.id, node_id=node, state="succeeded").exists():
        [(_, entries)] = connection.xread({"fermata:signals": last}, block=20_000)
        last = entries[-1][0].decode()


def test_completes_a_chord_whose_counter_was_forgotten(stage: Stage) -> None:
    execution, _ = held(stage)
    forgotten = stage.connection.keys("wf:celery-taskset-meta-*")
    assert stage.connection.delete(*forgotten) == len(forgotten) > 0
    stage.connection.set("release", "1")
    assert finished(stage.connection, execution).status == "succeeded"
    assert states(execution) == {"succeeded": 4}
    assert Step.objects.get(execution_id=execution.id, node_id="z").rings == 1


def test_completes_a_chord_one_of_whose_branches_lost_its_process(stage: Stage) -> None:
    execution, pid = held(stage)
    os.kill(pid, signal.SIGKILL)
    stage.connection.set("release", "1")
    assert finished(stage.connection, execution).status == "succeeded"
    assert states(execution) == {"succeeded": 4}
    assert Step.objects.get(execution_id=execution.id, node_id="h").losses == 1


def test_goes_on_when_the_broker_forgot_a_window(stage: Stage) -> None:
    names = [f"n{at}" for at in range(8)]
    nodes = [*(value(name, 1) for name in names[:3]), HOLD, *(value(name, 1) for name in names[3:])]
    execution = begin(nodes, edges(">".join((*names[:3], "h", *names[3:]))))
    assert stage.connection.blpop("holding", timeout=30)
    stage.connection.delete("wf:default")
    stage.connection.set("release", "1")
    assert finished(stage.connection, execution).status == "succeeded"
    assert states(execution) == {"succeeded": 9}
