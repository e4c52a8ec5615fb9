"""A Celery application whose `run_step` writes down what it was given: `celery -A echo_worker worker`."""

from __future__ import annotations

import os
import time

from fermata.coordination.broker import STEP_TASK
from fermata.coordination.client import client
from workers import lifecycle
from workers.app import app

app.conf.include = ["workers.lifecycle"]


class Idle:
    """Stands for recovery: there is no ledger here."""

    def __init__(self, heartbeat: object, sweeps: bool) -> None:  # noqa: FBT001 - as the one it stands for
        """Nobody looks at the inventory here, and nothing is swept."""

    def start(self) -> None:
        """Nothing to do."""

    def end(self) -> None:
        """Nothing to end."""


lifecycle.RecoveryThread = Idle


@app.task(name=STEP_TASK, bind=True)
def run_step(self, execution_id: str, step_id: str) -> None:
    """Write execution id, step id and task id to the list ``echo``; while ``hold`` exists, wait."""
    request = self.request
    client().rpush("echo", f"{execution_id} {step_id} {request.id} {os.getpid()}")
    while client().exists("hold"):
        time.sleep(0.01)
