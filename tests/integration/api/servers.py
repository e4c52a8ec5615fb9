"""The web process as a program of its own, and an engine that performs in a thread of the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from fermata.config import env
from fermata.config.stack.supervisor import platform_commands
from fermata.engine import dispatch, operations, runtime
from fermata.engine.models import Execution
from fermata.engine.recovery import Recovery
from fermata.errors import ServerUnavailable

ROOT = Path(__file__).resolve().parents[3]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Web:
    """`make run`'s own command on the test's database."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        parts = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
        self.process = subprocess.Popen(
            [sys.executable, *platform_commands(replace(env.load(), port=self.port))["web"]],
            cwd=ROOT,
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "platform", ROOT)))}
            | {"DJANGO_SETTINGS_MODULE": "fermata.config.settings", "DATABASE_URL": database},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, "the web process ended"
            assert time.monotonic() < until, "the web process does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.address}/healthz", timeout=1).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def figures(self) -> dict[str, float]:
        """Memory at its highest (MB) and processor time so far (s)."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        highest = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return {"megabytes": int(highest) / 1024, "seconds": (int(words[11]) + int(words[12])) / ticks}


class Engine:
    """Performs one execution in a thread, as a worker would; `allow(n)` lets it perform n more steps."""

    def __init__(self, execution_id: Any, *, freely: bool = True) -> None:
        self.execution_id = execution_id
        self.performed: list[float] = []
        self.ended = threading.Event()
        self._freely = freely
        self._permits = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.allow(freely=True)
        self._thread.join(60)

    def allow(self, number: int = 1, *, freely: bool = False) -> None:
        self._freely = self._freely or freely
        self._permits.release(number)

    def _run(self) -> None:
        try:
            recovery = Recovery(dispatch.dispatcher(), ttl_seconds=1, rering_seconds=0.2)
            until = time.monotonic() + 90
            while not self._finished() and time.monotonic() < until:
                self._perform_all()
                time.sleep(0.02)
                self._try(recovery.sweep)
        finally:
            connection.close()
            self.ended.set()

    def _perform_all(self) -> None:
        rings: Any = dispatch.dispatcher()
        while rings.rings:
            if not self._freely:
                self._permits.acquire()
            step_id = rings.rings.popleft().step_id
            self._try(lambda step_id=step_id: runtime.performer("test").perform(step_id))
            self.performed.append(time.time())

    def _try(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except ServerUnavailable:
            time.sleep(0.1)

    def _finished(self) -> bool:
        found: list[bool] = []
        self._try(lambda: found.append(_is_final(self.execution_id)))
        return found == [True]


def _is_final(execution_id: Any) -> bool:
    return not Execution.objects.filter(id=execution_id, finished_at=None).exists()


def started(version: Any, **given: Any) -> Any:
    """The id of a new execution of the version."""
    return operations.start(
        workspace_id=version.workspace_id, version=version, input=given, started_by="test"
    ).id
