"""Real Celery workers: started as programs, awaited by their own word, ended by their pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from fermata.coordination.client import forget_connections

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent


@dataclass
class Program:
    """A running worker. `said(word)` waits until it has printed the word."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.heard:
                self.lines.append(line)
                self.heard.notify_all()
        with self.heard:
            self.heard.notify_all()

    def said(self, word: str, *, seconds: float = 30) -> None:
        with self.heard:
            told = self.heard.wait_for(
                lambda: any(word in line for line in self.lines) or self.process.poll() is not None, seconds
            )
        assert told, f"{word!r} was not said in {seconds} s: {''.join(self.lines)[-4000:]}"
        assert any(word in line for line in self.lines), f"it ended: {''.join(self.lines)[-4000:]}"

    def stop(self, *, by: signal.Signals = signal.SIGTERM, seconds: float = 20) -> int:
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            children = self.children()
            self.process.send_signal(signal.SIGUSR1)  # Celery answers with what every thread does
            with self.heard:
                self.heard.wait_for(lambda: any("LOCAL VARIABLES" in line for line in self.lines), 5)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            words = "".join(self.lines)[-8000:]
            raise AssertionError(f"it did not end, its children at {children}: {words}") from None

    def children(self) -> dict[str, list[str]]:
        """Pid → state, the kernel's function it sleeps in, its system call, of each process it made."""
        own = Path("/proc") / str(self.process.pid)
        made = (own / "task" / own.name / "children").read_text().split()
        seen = {}
        for child in made:
            with suppress(OSError):
                told = Path("/proc") / child
                state = (told / "stat").read_text().rpartition(")")[2].split()[0]
                seen[child] = [state, *((told / name).read_text().strip() for name in ("wchan", "syscall"))]
        return seen


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Starts programs: `start(*arguments, **environment)`; all are ended afterwards, children too."""
    programs: list[Program] = []

    def run(*arguments: str, **environment: str) -> Program:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=HERE,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "platform", HERE)))}
            | {"DJANGO_SETTINGS_MODULE": "fermata.config.settings", "PYTHONUNBUFFERED": "1"}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        program = Program(process)
        programs.append(program)
        threading.Thread(target=program.listen, daemon=True).start()
        return program

    yield run
    for program in programs:
        with suppress(ProcessLookupError):  # children may be left of one that has ended
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait()
        if program.process.stdout is not None:
            program.process.stdout.close()


@pytest.fixture
def connection(redis_url: str) -> redis.Redis:
    """A patient client (it may wait for a worker), on an empty database."""
    forget_connections()
    found = redis.Redis.from_url(redis_url, socket_timeout=60)
    found.flushall()
    return found
