"""Named points at which a crash can be asked for (``FERMATA_CRASH_AT``), so that every crash is a test.

``FERMATA_CRASH_AT=after_claim:3`` kills this process with SIGKILL the third time it reaches the point;
``after_claim:3:stop`` pauses it with SIGSTOP instead (a zombie, until somebody sends SIGCONT). With
``FERMATA_CRASH_ONCE=<file>`` the file is created first and a process that finds it does nothing: the fault
happens once in a whole fleet, and the file proves that it did.

``FERMATA_CRASH_AT=@<file>`` arms a fleet that is running: while ``<file>`` exists it holds such a text;
arrivals are counted over all processes, and the one that is struck leaves its pid in ``<file>.done``. Unset,
``reached`` costs one comparison.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from itertools import count
from pathlib import Path

_SPEC = os.environ.get("FERMATA_CRASH_AT", "")
_ARMED = Path(_SPEC[1:]) if _SPEC.startswith("@") else None
_POINT, _, _REST = _SPEC.partition(":")
_NTH, _, _HOW = _REST.partition(":")
_ONCE = os.environ.get("FERMATA_CRASH_ONCE", "")
_arrivals = count(1)


def reached(point: str) -> None:
    """Die here if this is the asked-for arrival at the asked-for point."""
    if not _SPEC:
        return
    if _ARMED is not None:
        _look_into(_ARMED, point)
        return
    if point != _POINT or next(_arrivals) != int(_NTH or 1):
        return
    if _ONCE and not _first(Path(_ONCE)):
        return
    _strike(_HOW)


def _look_into(armed: Path, point: str) -> None:
    try:
        wanted, _, rest = armed.read_text(encoding="ascii").partition(":")
    except FileNotFoundError:
        return
    nth, _, how = rest.partition(":")
    if point != wanted or _arrival(armed.with_suffix(".arrivals")) != int(nth or 1):
        return
    note = armed.with_suffix(f".{os.getpid()}")
    note.write_text(f"{os.getpid()} {point}\n", encoding="ascii")
    with suppress(FileExistsError):
        os.link(note, armed.with_suffix(".done"))  # whole or not at all, and once
        note.unlink()
        _strike(how)


def _arrival(counter: Path) -> int:
    """The number of this arrival: appends are atomic, and each knows where its byte went."""
    descriptor = os.open(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b".")
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)


def _strike(how: str) -> None:
    os.kill(os.getpid(), signal.SIGSTOP if how == "stop" else signal.SIGKILL)


def _first(mark: Path) -> bool:
    try:
        with mark.open("x") as file:
            file.write(f"{os.getpid()} {_POINT}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True
