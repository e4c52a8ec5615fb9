"""A worker whose `run_step` writes down which function called it: `python -m plain_worker --pool solo`."""

from __future__ import annotations

import sys
from types import SimpleNamespace

from fermata.coordination.client import client
from workers import lifecycle, tasks
from workers.app import app


class Idle:
    """Stands for recovery: there is no ledger here."""

    def __init__(self, heartbeat: object, sweeps: bool) -> None:  # noqa: FBT001 - as the one it stands for
        """Nothing is swept."""

    def start(self) -> None:
        """Nothing to do."""

    def end(self) -> None:
        """Nothing to end."""


def tells(*_: object, **__: object) -> SimpleNamespace:
    """Instead of performing: who called the task."""
    client().rpush("callers", sys._getframe(2).f_code.co_name)
    return SimpleNamespace(result="recorded")


if __name__ == "__main__":
    lifecycle.RecoveryThread = Idle
    tasks.runtime.perform = tells
    app.worker_main(["worker", "--without-gossip", "--without-mingle", "--without-heartbeat", *sys.argv[1:]])
