"""Counts and times a process keeps in a file that others read while it runs; adding costs no system call."""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

PHASES = ("task", "perform", "lease", "claim", "invoke", "decide", "record", "finish", "pg", "redis")
"""In a worker's child: the whole delivery; Fermata's part of it; its phases; round trips."""
PAIR = struct.Struct("dd")
SIZE = PAIR.size * len(PHASES)

Totals = dict[str, tuple[float, float]]
"""Phase → (how often, seconds in all)."""


class Meter:
    """This process's file in `folder`."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{os.getpid()}.meter"
        path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SIZE)

    def add(self, phase: str, seconds: float) -> None:
        """One more."""
        at = PAIR.size * PHASES.index(phase)
        count, total = PAIR.unpack_from(self._map, at)
        PAIR.pack_into(self._map, at, count + 1, total + seconds)


def read(folder: Path) -> dict[int, Totals]:
    """pid → what each process has added so far."""
    return {
        int(path.stem): dict(zip(PHASES, PAIR.iter_unpack(path.read_bytes()), strict=True))
        for path in folder.glob("*.meter")
    }


def grown(before: dict[int, Totals], after: dict[int, Totals]) -> dict[int, Totals]:
    """What was added between two readings; processes that added nothing are left out."""
    nothing: Totals = dict.fromkeys(PHASES, (0.0, 0.0))
    found = {}
    for pid, totals in after.items():
        first = before.get(pid, nothing)
        more = {
            name: (count - first[name][0], seconds - first[name][1])
            for name, (count, seconds) in totals.items()
        }
        if any(count for count, _ in more.values()):
            found[pid] = more
    return found


def total(of: dict[int, Totals]) -> Totals:
    """All processes together."""
    return {
        name: (sum(one[name][0] for one in of.values()), sum(one[name][1] for one in of.values()))
        for name in PHASES
    }
