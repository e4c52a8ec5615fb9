"""Loaded by the workers that are to be looked into: it times the phases of every step, in place.

`FOLDER` names where the meters lie, `PROFILE` a folder for cProfile's figures of each child. The names below
are the engine's own: one that is gone ends the worker at its start, so no phase is silently nought. A stack
that is compared with raw Celery does not load this.
"""

from __future__ import annotations

import cProfile
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from fermata.engine import runtime, store
from fermata.engine.holding import Keeper
from fermata.engine.invocation import Invocation
from fermata.engine.perform import Performer
from tests.bench.meter import Meter
from workers import strategy

FOLDER, PROFILE = "FERMATA_BENCH_METERS", "FERMATA_BENCH_PROFILES"
SAVED_EVERY = 50
"""Deliveries after which a child writes its profile anew."""

_meters: list[Meter] = []


def _fresh() -> None:
    _meters[:] = [Meter(Path(os.environ[FOLDER]))]


def timed(phase: str, usual: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its time added to a phase."""

    @functools.wraps(usual)
    def measured(*arguments: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return usual(*arguments, **options)
        finally:
            _meters[0].add(phase, time.perf_counter() - began)

    return measured


def _profiled(usual: Callable[..., Any]) -> Callable[..., Any]:
    folder = os.environ.get(PROFILE)
    if not folder:
        return usual
    profile, path = cProfile.Profile(), Path(folder) / f"{os.getpid()}.profile"
    seen = 0

    @functools.wraps(usual)
    def watched(*arguments: Any, **options: Any) -> Any:
        nonlocal seen
        seen += 1
        profile.enable()
        try:
            return usual(*arguments, **options)
        finally:
            profile.disable()
            if seen % SAVED_EVERY == 0:
                profile.dump_stats(path)

    return watched


_fresh()
os.register_at_fork(after_in_child=_fresh)
strategy.perform = _profiled(timed("task", strategy.perform))
for _owner, _name, _phase in (
    (runtime, "perform", "perform"),
    (Keeper, "take", "lease"),
    (Keeper, "acquire_many", "lease"),
    (store.PostgresLedger, "claim", "claim"),
    (store.PostgresLedger, "claim_many", "claim"),
    (store.PostgresLedger, "look", "claim"),
    (Invocation, "__call__", "invoke"),
    (Performer, "decide", "decide"),
    (store.PostgresLedger, "record", "record"),
    (store.PostgresLedger, "record_many", "record"),
    (Keeper, "finish", "finish"),
    (Keeper, "finish_many", "finish"),
    (store, "_persistently", "pg"),
    (redis.connection.Connection, "send_packed_command", "redis"),
):
    setattr(_owner, _name, timed(_phase, getattr(_owner, _name)))
