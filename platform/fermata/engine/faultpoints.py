"""Named points at which a crash can be asked for (``FERMATA_CRASH_AT``), so that every crash is a test.

``FERMATA_CRASH_AT=after_claim:3`` kills this process with SIGKILL the third time it reaches the point;
``after_claim:3:stop`` pauses it with SIGSTOP instead (a zombie, until somebody sends SIGCONT). With
``FERMATA_CRASH_ONCE=<file>`` the file is created first and a process that finds it does nothing: the fault happens
once in a whole fleet, and the file proves that it did. Unset, ``reached`` costs one comparison.
"""

from __future__ import annotations

import os
import signal
from itertools import count
from pathlib import Path

_SPEC = os.environ.get("FERMATA_CRASH_AT", "")
_POINT, _, _REST = _SPEC.partition(":")
_NTH, _, _HOW = _REST.partition(":")
_ONCE = os.environ.get("FERMATA_CRASH_ONCE", "")
_arrivals = count(1)


def reached(point: str) -> None:
    """Die here if this is the asked-for arrival at the asked-for point."""
    if point != _POINT or not _POINT:
        return
    if next(_arrivals) != int(_NTH or 1):
        return
    if _ONCE and not _first(Path(_ONCE)):
        return
    os.kill(os.getpid(), signal.SIGSTOP if _HOW == "stop" else signal.SIGKILL)


def _first(mark: Path) -> bool:
    try:
        with mark.open("x") as file:
            file.write(f"{os.getpid()} {_POINT}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True
