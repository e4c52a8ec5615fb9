"""What processes use, and who else is there: read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def _stat(pid: int) -> list[str]:
    """The fields behind the name of /proc/<pid>/stat, state first; [] for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def pids() -> list[int]:
    """Every process."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def descendants(pid: int) -> list[int]:
    """Its children, theirs, and so on."""
    parents: dict[int, list[int]] = {}
    for other in pids():
        fields = _stat(other)
        if fields:
            parents.setdefault(int(fields[1]), []).append(other)
    found, todo = [], [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += below
    return found


def cpu_seconds(of: Iterable[int]) -> float:
    """CPU time these processes and those of their children that have ended have used."""
    total = 0
    for pid in of:
        fields = _stat(pid)
        if fields:
            total += sum(int(value) for value in fields[11:15])  # utime stime cutime cstime
    return total / TICKS


def resident_bytes(pid: int) -> int:
    """Memory that is the process's own or shared, without what it shares with files (0 when it is gone).

    PostgreSQL's shared buffers and a forked child's parent are shared pages: they are left out, so that
    nothing is counted in every process.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)


def machine_seconds() -> float:
    """CPU time the whole machine has used for anything."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    values = [int(word) for word in words]
    return (sum(values[:8]) - values[3] - values[4]) / TICKS  # without idle and iowait


@dataclass(slots=True)
class Foreign:
    """How much CPU others used while we measured: a share of the whole machine."""

    cpu: float = 0.0
    seconds: float = 0.0

    def add(self, *, cpu: float, seconds: float) -> None:
        """One measured stretch."""
        self.cpu += max(0.0, cpu)
        self.seconds += seconds

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.cpu / (self.seconds * (os.cpu_count() or 1)) if self.seconds else 0.0


def busy_share(*, seconds: float = 1.0) -> float:
    """How busy the machine is now, while nothing of ours is asked to do anything."""
    before, began = machine_seconds(), time.monotonic()
    time.sleep(seconds)
    return (machine_seconds() - before) / ((time.monotonic() - began) * (os.cpu_count() or 1))


def _open_files(pid: int) -> Iterator[str]:
    """What its descriptors stand for; those closed meanwhile are passed over."""
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{descriptor}")


def ports_of(of: Iterable[int]) -> set[int]:
    """Local TCP ports at which these processes hold connections."""
    sockets = {target[8:-1] for pid in of for target in _open_files(pid) if target.startswith("socket:[")}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[9] in sockets:
                found.add(int(words[1].rpartition(":")[2], 16))
    return found


def strangers(client_ports: Iterable[int], known: Iterable[int]) -> set[int]:
    """Those ports of a server's clients that none of the `known` processes holds."""
    return set(client_ports) - ports_of(known)


def fsync_milliseconds(folder: Path, *, writes: int = 50) -> float:
    """The median cost of writing 8 KiB and flushing it there."""
    path = folder / "fsync-probe"
    block, costs = os.urandom(8192), []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for _ in range(writes):
            began = time.perf_counter()
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            costs.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        path.unlink()
    return sorted(costs)[writes // 2] * 1000
