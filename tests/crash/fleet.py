"""A fleet of real processes: PostgreSQL and Valkey of its own, Celery workers, and ways to hurt each of them.

The fleet lives as long as the suite; a case arms one fault, starts executions, and awaits what must become
true. Every process is ended by its own pid.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from fermata.config.stack import processes
from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedValkey
from fermata.coordination import keys
from fermata.engine.store import run
from tests.crash.cut import CutWire
from workers.messages import template

ROOT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
ROOM = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
"""Where a commit costs no disk; the fleet's processes are killed, not the machine."""
LEASE_SECONDS = 1.0
PAUSE_SECONDS = 0.01
FLEETS = ("b",)
"""Workers that are fleets of one-process workers; the others are pools of Celery's."""


def eventually(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Ask until the answer is true; gives it. Fails with `what` did not happen."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(PAUSE_SECONDS)
    return answer


@dataclass
class Worker:
    """One `celery worker` with its children, or one fleet: a session of their own."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]
    said_before: int = 0
    announcements: int = 1

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def is_ready(self) -> bool:
        assert self.is_alive, f"{self.name} ended: {self.words()[-3000:]}"
        return self.words().count(f"{self.name}@crash ready.") >= self.announcements

    def words(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self.said_before)
            return log.read().decode("utf-8", "replace")

    def send(self, number: signal.Signals) -> None:
        """Signal the main process and its children alike."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait()


class Fleet:
    """Servers, workers and the outside. `start` and `stop` from the main thread."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="fermata-crash-", dir=ROOM))
        self.outside = self.home / "outside"
        (self.outside / "plants").mkdir(parents=True)
        self.armed = self.outside / "armed"
        self.postgres = EmbeddedPostgres(self.home / "servers")
        self.valkey = EmbeddedValkey(self.home / "servers")
        self.workers: dict[str, Worker] = {}
        self.strikes: list[str] = []
        self.cut: CutWire

    def start(self) -> None:
        """Servers, tables, then two workers; returns when both are ready."""
        self.postgres.launch()
        self.valkey.launch()
        self.postgres.await_ready()
        self.valkey.await_ready()
        self.cut = CutWire(self.postgres.port)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT, env=self.environment(), check=True, capture_output=True,
        )  # fmt: skip
        self.heal()

    def stop(self) -> None:
        for worker in self.workers.values():
            if worker.is_alive:
                worker.kill()
        self.cut.close()
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def environment(self, **more: str) -> dict[str, str]:
        """What every process of the fleet is told."""
        return os.environ | {
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "platform"))),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "fermata.config.settings",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "FERMATA_HOME": str(self.home),
            "FERMATA_LOG_LEVEL": "INFO",
            "FERMATA_LEASE_TTL_SECONDS": str(LEASE_SECONDS),
            "FERMATA_SWEEP_SECONDS": "0.05",
            "FERMATA_RERING_SECONDS": "0.2",
            "FERMATA_TASK_MODULES": "tests.crash.team_tasks",
            "FERMATA_CRASH_HOME": str(self.outside),
            "FERMATA_CRASH_AT": f"@{self.armed}",
            **more,
        }

    # --- workers ---

    def launch(self, name: str, *, children: int = 2, **more: str) -> Worker:
        """Start a worker without waiting for it."""
        log = self.home / f"{name}.log"
        said = log.stat().st_size if log.exists() else 0
        pool = (
            "celery", "-A", "workers", "worker", "--pool", "prefork", "--concurrency", str(children),
            "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO",
        )  # fmt: skip
        fleet = ("workers.fleet", "--processes", str(children))
        command = [sys.executable, "-m", *(fleet if name in FLEETS else pool), "--hostname", f"{name}@crash"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(**more),
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.workers[name] = Worker(name, log, process, said, children if name in FLEETS else 1)
        return self.workers[name]

    def launch_beat(self) -> subprocess.Popen[bytes]:
        """Recovery without workers; the caller kills it."""
        with (self.home / "beat.log").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "workers.beat"],
                cwd=ROOT, env=self.environment(), stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    def heal(self) -> None:
        """Both workers up and ready: `a` speaks to PostgreSQL directly, `b` over a wire that can be cut."""
        for name in ("a", "b"):
            found = self.workers.get(name)
            if found is None or not found.is_alive:
                url = self._through_the_wire() if name == "b" else self.postgres.url
                self.launch(name, DATABASE_URL=url)
        for worker in list(self.workers.values()):
            eventually(worker.is_ready, seconds=60, what=f"{worker.name} is ready")

    def worker_of(self, pid: int) -> Worker:
        """The worker a child belongs to (or that it is)."""
        leader = os.getpgid(pid)
        return next(worker for worker in self.workers.values() if worker.pid == leader)

    def _through_the_wire(self) -> str:
        parts = urlsplit(self.postgres.url)
        netloc = parts.netloc.replace(f":{self.postgres.port}", f":{self.cut.port}")
        return urlunsplit(parts._replace(netloc=netloc))

    def clear(self) -> None:
        """Wake everybody and take bugs and gates away; what a failed case left alive is wiped out."""
        self.cut.arm(None)
        self.postgres.start()
        self.valkey.start()
        for worker in self.workers.values():
            if worker.is_alive:
                worker.send(signal.SIGCONT)
        for path in (*(self.outside / "plants").iterdir(), *self.outside.glob("gate*")):
            path.unlink()
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            question = "SELECT count(*) FROM fermata_execution WHERE finished_at IS NULL"
            left = connection.execute(question).fetchone()
            wrong = connection.execute("DELETE FROM crash_violation RETURNING what").fetchall()
            if (left is None or left[0] == 0) and not wrong:
                return
            for worker in self.workers.values():
                worker.kill()
            tables = connection.execute(
                "SELECT string_agg(table_name, ', ') FROM information_schema.columns"
                " WHERE table_schema = 'public' AND column_name = 'execution_id'"
            ).fetchone()
            connection.execute(f"TRUNCATE fermata_execution, {tables[0] if tables else ''}".encode())
        with self.broker() as broker:
            broker.flushall()

    def settle(self) -> None:
        """Wait until no message is left from before; what dead workers held is forgotten."""
        with self.broker() as broker:

            def is_quiet() -> bool:
                return not broker.llen(keys.queue("default"))

            if not processes.wait_until(is_quiet, seconds=2, pause=PAUSE_SECONDS):
                broker.delete(keys.queue("default"))

    # --- faults ---

    def arm(self, point: str, *, nth: int = 1, how: str = "stop") -> None:
        """The nth process that reaches `point` from now on is stopped there (or killed)."""
        self.disarm()
        draft = self.armed.with_suffix(".draft")
        draft.write_text(f"{point}:{nth}:{how}")
        draft.rename(self.armed)

    def disarm(self) -> None:
        for path in self.outside.glob("armed*"):
            path.unlink(missing_ok=True)

    def struck(self) -> int:
        """The pid the fault hit, 0 until then."""
        done = self.armed.with_suffix(".done")
        return int(done.read_text().split()[0]) if done.exists() else 0

    def await_strike(self, *, seconds: float = 15) -> int:
        """Wait until the fault has happened; gives the pid it hit. Each strike is counted."""
        pid = int(eventually(self.struck, seconds=seconds, what=f"the fault {self.armed.read_text()}"))
        self.strikes.append(self.armed.read_text())
        self.armed.unlink()
        return pid

    def open_gate(self, name: str) -> None:
        """Effects that wait at this gate go on."""
        (self.outside / name).touch()

    def plant(self, name: str) -> Path:
        """Switch a bug in the workers on; removing the file switches it off."""
        path = self.outside / "plants" / name
        path.touch()
        return path

    # --- the broker's messages ---

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.valkey.url, socket_timeout=10)

    def redeliver(self, step_id: str) -> int:
        """The step's message comes once more while its worker is at it, as one found again would."""
        rows = run("SELECT execution_id::text, queue FROM fermata_step WHERE id = %s", [step_id])
        with self.broker() as broker:
            for execution_id, queue in rows:
                broker.rpush(keys.queue(queue), template(queue).message(execution_id, step_id))
        return len(rows)

    def lose(self, step_id: str) -> int:
        """Forget every message of the step; one that was delivered is held by nobody but its worker."""
        with self.broker() as broker:
            queued = [
                message
                for message in broker.lrange(keys.queue("default"), 0, -1)
                if step_id.encode() in message
            ]
            for message in queued:
                broker.lrem(keys.queue("default"), 0, message)
        return len(queued)


__all__ = ["LEASE_SECONDS", "Fleet", "Worker", "eventually"]
