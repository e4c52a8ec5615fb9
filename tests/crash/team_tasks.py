"""What every worker of the fleet loads beside the product: effects on an outside ledger, and planted bugs.

The outside is a file to which each effect appends a line (`key`, `pid`); a remote that honours idempotency
keys would apply one effect per key, so the suite counts lines and keys. `FERMATA_CRASH_HOME` says where it
is. A file `plants/<name>` there switches a bug on, in every process at once.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from celery import Task, shared_task

from fermata.coordination.epoch import Epoch, EpochState
from fermata.coordination.lease import Leases
from fermata.engine import faultpoints
from fermata.engine.perform import Performer
from fermata.engine.together import Session

HOME = Path(os.environ["FERMATA_CRASH_HOME"])
EFFECTS = HOME / "effects"
PERFORMED = HOME / "performed"


def append(path: Path, row: dict[str, Any]) -> None:
    """One line, whole: appends of this size are atomic."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, json.dumps(row).encode() + b"\n")
    finally:
        os.close(descriptor)


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def await_file(path: Path) -> None:
    """Wait until somebody makes the file; the worker has a step's whole time for it."""
    while not path.exists():
        time.sleep(0.005)


class NotYetError(Exception):
    """The remote asks to be tried again."""


@shared_task(name="crash.effect", bind=True)
def effect(self: Task, gate: str | None = None, held_from: int = 1, fail: int = 0) -> dict[str, Any]:
    """Do something outside: once per call, under the step's key. `fail` calls of a key are refused first.

    With `gate` the effect is under way until the file of this name exists, from the key's `held_from`th call
    on.
    """
    key = self.request.headers["idempotency_key"]
    append(EFFECTS, {"key": key, "pid": os.getpid()})
    faultpoints.reached("during_effect")
    call = sum(row["key"] == key for row in rows(EFFECTS))
    if gate is not None and call >= held_from:
        await_file(HOME / gate)
    if call <= fail:
        raise NotYetError
    return {"call": call}


@shared_task(name="crash.poison")
def poison() -> None:
    """End the worker's child, every time."""
    os.kill(os.getpid(), signal.SIGKILL)


def planted(name: str) -> bool:
    """Whether this bug is switched on."""
    return (HOME / "plants" / name).exists()


def _watch_performances() -> None:
    """Leave a line for each look at a step, so that a woken zombie's last word can be awaited."""
    perform_one = Performer._perform_one

    @functools.wraps(perform_one)
    def watched(self: Performer, step_id: str, *given: Any, **more: Any) -> Any:
        done = perform_one(self, step_id, *given, **more)
        append(PERFORMED, {"step": step_id, "pid": os.getpid(), "result": done.result})
        return done

    Performer._perform_one = watched  # type: ignore[method-assign]
    perform = Session.perform

    @functools.wraps(perform)
    def watched_session(self: Session, step_ids: Any) -> bool:
        done = perform(self, step_ids)
        result = "recorded" if done else "stale"
        append(PERFORMED, {"step": step_ids[0], "pid": os.getpid(), "result": result})
        return done

    Session.perform = watched_session  # type: ignore[method-assign]


def _plant_in_coordination() -> None:
    held, acquire = Leases.held, Leases.acquire

    def held_or_not(self: Leases, step_ids: Any) -> set[str]:
        return set() if planted("recovery_ignores_leases") else held(self, step_ids)

    def acquire_or_lie(self: Leases, step_id: str, **how: Any) -> bool:
        return True if planted("lying_lock") else acquire(self, step_id, **how)

    read = Epoch.read

    def read_or_trust(self: Epoch, ttl_seconds: float) -> EpochState:
        return EpochState(True, ttl_seconds) if planted("epoch_is_trusted") else read(self, ttl_seconds)

    Epoch.read = read_or_trust  # type: ignore[method-assign]
    Leases.held, Leases.acquire = held_or_not, acquire_or_lie  # type: ignore[method-assign, assignment]


_watch_performances()
_plant_in_coordination()
