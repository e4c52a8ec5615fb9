"""A home for each test and a way to put a supervisor on stage in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fermata.config import env
from fermata.config.stack import processes

STAGE = Path(__file__).parent / "stage.py"
OF_THE_TEST_RUN = {
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "FERMATA_SECRET_KEY",
    "FERMATA_PROCESS",
}
PATH = os.pathsep.join([str(env.ROOT / "platform"), str(env.ROOT)])


@dataclass
class Stage:
    """A running `stage.py`; `pids()` are all processes it is answerable for."""

    home: Path
    port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = None
    extra: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (str(STAGE),)

    @property
    def said(self) -> str:
        return (self.home / "said").read_text(encoding="utf-8")

    def start(self) -> None:
        environ = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
        environ |= {
            "FERMATA_HOME": str(self.home),
            "FERMATA_SCREEN": "off",
            "FERMATA_PORT": str(self.port),
            "PYTHONPATH": PATH,
            **self.extra,
        }
        with (self.home / "said").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, *self.command], env=environ, stdout=said, stderr=said, start_new_session=True
            )

    def await_words(self, words: str, *, seconds: float = 20) -> None:
        assert self.process is not None
        ended = processes.wait_until(
            lambda: words in self.said or self.process.poll() is not None, seconds=seconds
        )
        assert ended, self.said
        assert words in self.said

    def worker_pids(self) -> list[int]:
        path = self.home / "worker.pids"
        assert processes.wait_until(path.exists, seconds=10), self.said
        return [int(word) for word in path.read_text().split()]

    def pids(self) -> list[int]:
        postmaster = int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])
        assert self.process is not None
        return [*descendants(self.process.pid), postmaster, *self.worker_pids()]

    def end(self, number: int = signal.SIGINT, *, seconds: float = 20) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=seconds)


def descendants(pid: int) -> list[int]:
    """All processes below this one, by /proc."""
    below: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            below += [int(child), *descendants(int(child))]
    return below


def servers(home: Path) -> dict[str, str]:
    state: dict[str, str] = json.loads((home / "run" / "servers.json").read_text())
    return state


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def stage(home: Path) -> Iterator[Callable[..., Stage]]:
    """Make a stage; whatever it left running is ended afterwards."""
    made: list[Stage] = []

    def make(**extra: str) -> Stage:
        made.append(Stage(home, extra=extra))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None:
            one.end(signal.SIGTERM)
