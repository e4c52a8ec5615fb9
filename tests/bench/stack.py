"""What is measured, as a person would start it: `manage.py run` in a scratch home, raw Celery beside it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from fermata.config import env
from fermata.config.stack import processes
from tests.bench import raw
from tests.bench.watch import descendants

Process = subprocess.Popen[bytes]

MEMORY = Path("/dev/shm")
OF_A_RUN = (
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "FERMATA_SECRET_KEY",
    "FERMATA_PROCESS",
    "FERMATA_HOME",
    "FERMATA_PORT",
)
"""Variables that would lead the stack somewhere else."""


class BenchError(Exception):
    """The measurement cannot be made; the message says why."""


def folder(disk: str) -> Path:
    """Where the data lie: `memory` or `disk`."""
    if disk == "memory":
        if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
            raise BenchError(f"{MEMORY} cannot be written; measure with DISKS=disk.")
        return MEMORY
    return Path(os.environ.get("FERMATA_BENCH_DISK", tempfile.gettempdir()))


@dataclass(slots=True)
class Stack:
    """Addresses and processes of one run. `parts`: name → the pid whose descendants belong to it."""

    home: Path
    port: int
    concurrency: int
    environ: dict[str, str]
    platform: Process
    database_url: str = ""
    redis_url: str = ""
    raw_workers: dict[str, list[Process]] = field(default_factory=dict)

    def parts(self) -> dict[str, list[int]]:
        """Part of the platform → pids of all its processes now."""
        found: dict[str, list[int]] = {}
        for pid in children_of(self.platform.pid):
            name = part_name(pid)
            if name:
                found.setdefault(name, []).extend([pid, *descendants(pid)])
        return found

    def raw_parts(self, pool: str) -> list[int]:
        """Pids of the raw workers of a pool."""
        roots = [process.pid for process in self.raw_workers.get(pool, [])]
        return [pid for root in roots for pid in (root, *descendants(root))]

    def everybody(self) -> set[int]:
        """Every process that may speak to the servers."""
        roots = [os.getpid(), self.platform.pid]
        roots += [process.pid for pool in self.raw_workers.values() for process in pool]
        return {pid for root in roots for pid in (root, *descendants(root))}

    def check(self) -> None:
        """Raises `BenchError` when something that should run has ended."""
        if self.platform.poll() is not None:
            raise BenchError(f"The platform ended. Its last words:\n{tail(self.home / 'run.log')}")
        for pool, workers in self.raw_workers.items():
            if any(worker.poll() is not None for worker in workers):
                raise BenchError(f"A raw worker ended:\n{tail(self.home / f'raw-{pool}.log')}")

    def raw_broker(self) -> redis.Redis:
        """A client of the raw side's database."""
        return redis.Redis.from_url(raw_url(self.redis_url), socket_timeout=30)


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


MARKS = {
    "postgres": ("bin/postgres",),
    "valkey": ("valkey-server",),
    "web": ("uvicorn",),
    "worker": ("workers.fleet",),
    "beat": ("workers.beat",),
}


def part_name(pid: int) -> str | None:
    """Which part of the platform a child of the supervisor is."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return None
    return next((name for name, marks in MARKS.items() if all(mark in words for mark in marks)), None)


def raw_url(redis_url: str) -> str:
    """The same server, another database: queues of raw Celery have plain names."""
    return redis_url.rpartition("/")[0] + "/1"


def tail(path: Path) -> str:
    """The end of a log."""
    return path.read_text(errors="replace")[-3000:] if path.exists() else "(no log)"


def eventually(condition: Callable[[], Any], *, seconds: float, what: str) -> None:
    """Wait until the condition holds. Raises `BenchError`."""
    if not processes.wait_until(lambda: bool(condition()), seconds=seconds):
        raise BenchError(f"Not within {seconds:g} s: {what}.")


@contextmanager
def running(*, disk: str, pools: tuple[str, ...] = (), **more: str) -> Iterator[Stack]:
    """A running stack on the `disk`, with raw workers of these `pools`; everything has ended afterwards.

    `more` goes into the platform's environment.
    """
    home = Path(tempfile.mkdtemp(prefix="fermata-bench-", dir=folder(disk)))
    stack = None
    try:
        stack = _started(home, more)
        eventually(lambda: _addresses(stack), seconds=90, what="the platform is ready")
        for pool in pools:
            stack.raw_workers[pool] = _raw_workers(stack, pool)
        yield stack
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):  # a second request would leave half of it behind
            signal.signal(number, signal.SIG_IGN)
        if stack is not None:
            _stop(stack)
        shutil.rmtree(home, ignore_errors=True)


def _started(home: Path, more: Mapping[str, str]) -> Stack:
    port = processes.free_port()
    kept = {name: value for name, value in os.environ.items() if name not in OF_A_RUN}
    environ = kept | {
        "FERMATA_HOME": str(home),
        "FERMATA_PORT": str(port),
        "FERMATA_TASK_MODULES": "tests.bench.tasks",
        "PYTHONPATH": str(env.ROOT),
        **more,
    }
    with (home / "run.log").open("ab") as log:
        platform = processes.spawn(
            [sys.executable, str(env.ROOT / "manage.py"), "run"],
            environ=environ,
            folder=env.ROOT,
            output=log,
        )
    return Stack(home, port, env.load(environ).concurrency, environ, platform)


def _addresses(stack: Stack) -> bool:
    """Whether the platform is ready; fills the addresses in."""
    stack.check()
    found = env.running_servers(stack.home)
    stack.database_url, stack.redis_url = found.get("database_url", ""), found.get("redis_url", "")
    return b"Fermata is ready" in (stack.home / "run.log").read_bytes()


def _raw_workers(stack: Stack, pool: str) -> list[Process]:
    """The pool's workers: one of the whole concurrency, or as many of one each."""
    single = pool in {"preforks", "solo"}
    number, each = (stack.concurrency, 1) if single else (1, stack.concurrency)
    environ = {name: value for name, value in os.environ.items() if name not in OF_A_RUN} | {
        raw.BROKER: raw_url(stack.redis_url),
        raw.QUEUE: pool,
        "PYTHONPATH": os.pathsep.join([str(env.ROOT), str(env.ROOT / "platform")]),
    }
    with (stack.home / f"raw-{pool}.log").open("ab") as log:
        return [
            processes.spawn(
                [
                    sys.executable, "-m", "celery", "--quiet", "-A", "tests.bench.raw", "worker", "--pool",
                    {"preforks": "prefork"}.get(pool, pool), "--concurrency", str(each), "-Q", pool,
                    "--hostname", f"{pool}{at}@raw", "--without-gossip", "--without-mingle",
                    "--without-heartbeat", "--loglevel", "WARNING",
                ],
                environ=environ, folder=env.ROOT, output=log,
            )
            for at in range(number)
        ]  # fmt: skip


def _stop(stack: Stack) -> None:
    """Signal all, then wait; what does not end is killed."""
    workers = [worker for pool in stack.raw_workers.values() for worker in pool]
    for worker in workers:
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 5
    for worker in workers:
        processes.wait_until(
            lambda worker=worker: worker.poll() is not None, seconds=deadline - time.monotonic()
        )
        processes.kill_session(worker.pid)
        worker.wait()
    processes.stop(stack.platform, signal.SIGTERM, seconds=40)
