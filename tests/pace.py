"""Limits of CPU time, in the measure of the machine: a slower one gets as much more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

WORK_SECONDS = 0.026
"""What :func:`_work` takes with Debian 12's CPython 3.11 at 2.5 GHz, where every limit holds with room."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when the block takes more CPU time of this process, by the machine's pace before and after it."""
    before, began = _work(), time.process_time()
    yield
    took = time.process_time() - began
    slower = max(1.0, max(before, _work()) / WORK_SECONDS)
    assert took < seconds * slower, f"{took:.2f} s of {seconds} s, machine x{slower:.2f}"


def _work() -> float:
    began, total = time.process_time(), 0
    for number in range(100_000):
        total = (total * 31 + number) & 0xFFFFFFFF
    return time.process_time() - began
