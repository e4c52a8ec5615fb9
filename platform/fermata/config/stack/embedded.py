"""The two embedded servers. Both keep their state in a folder, listen on 127.0.0.1 and end with this process.

server = EmbeddedPostgres(home)
url = server.start()
server.stop()

Start and restart them from the main thread: the kernel ends them with the thread that started them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import quote

import psycopg
import psycopg.sql

from fermata.config import private_files
from fermata.config.stack import binaries, processes
from fermata.errors import OperatorError, ServerUnavailable

LONGEST_LOG = 10 * 1024 * 1024


class EmbeddedServer(ABC):
    """What both have in common: a folder, a port, a child process, a log file."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        """`home` is shared by the servers; `port` None takes a free one at the first start and keeps it."""
        self.home = home
        self.port = port or processes.free_port()
        self.data = home / self.name
        self.log = home / "log" / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._said_before = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address."""

    @property
    def is_running(self) -> bool:
        """True while the child lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> str:
        """Start and wait until it answers; gives the URL. Raises `OperatorError` with what to do."""
        if self.is_running:
            return self.url
        self.launch()
        return self.await_ready()

    def launch(self) -> None:
        """Start without waiting, so that several servers can start at the same time."""
        try:
            for folder in (self.home, self.data.parent, self.log.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._set_long_log_aside()
            self.prepare()
            with self.log.open("ab") as log:
                self.process = processes.spawn(
                    self.command(), output=log, death_signal=self.stop_signal, folder=self.home
                )
        except OSError as error:
            raise ServerUnavailable(
                f"The embedded {self.name} cannot be set up in {self.home}: {error.strerror}.",
                cure="Free some space or correct that folder's rights, or choose another with FERMATA_HOME.",
            ) from error

    def await_ready(self, *, seconds: float = 30) -> str:
        """Wait until a launched server answers; gives the URL."""
        settled = processes.wait_until(lambda: not self.is_running or self.answers(), seconds=seconds)
        if not self.is_running or not settled:
            self.kill()
            raise self.explain()
        return self.url

    def stop(self, *, seconds: float = 10) -> None:
        """End it in order; nothing acknowledged is lost. Does nothing when it does not run."""
        if self.process is not None:
            processes.stop(self.process, self.stop_signal, seconds=seconds)
            self.process = None

    def kill(self) -> None:
        """End it with kill -9, as a power cut would."""
        if self.process is not None:
            processes.kill_session(self.process.pid)
            self.process.wait()
            self.process = None

    def explain(self) -> OperatorError:
        """The error for a server that ended at its start: its own last words, and what to do."""
        words = self._last_words()
        if "No space left on device" in words:
            return ServerUnavailable(
                f"The embedded {self.name} cannot start: the disk with {self.home} is full.",
                cure="Free some space, or choose a folder on another disk with FERMATA_HOME.",
            )
        lines = [line for line in words.splitlines() if line.strip()] or ["it said nothing"]
        last = next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), lines[-1])
        return ServerUnavailable(
            f"The embedded {self.name} did not start: {last.strip()}", cure=f"Its log is {self.log}."
        )

    def _set_long_log_aside(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._said_before = self.log.stat().st_size if self.log.exists() else 0

    def _password(self) -> str:
        """The server's password, generated once: other users of this machine can reach 127.0.0.1 too."""
        return private_files.keep(self.home / f"{self.name}_password", secrets.token_urlsafe(24))

    def _last_words(self) -> str:
        """What it has written to its log since the last launch (the end of it)."""
        try:
            with self.log.open("rb") as log:
                log.seek(self._said_before)
                return log.read()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def prepare(self) -> None:
        """Make the data folder ready."""
        self.data.mkdir(mode=0o700, exist_ok=True)

    @abstractmethod
    def command(self) -> list[str | Path]:
        """The command line that runs the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """True when it takes commands."""


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL from the installed wheel; fsync stays on, so that what was acknowledged survives kill -9."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, checkpoints, leaves

    database = "fermata"

    @property
    def url(self) -> str:
        """Its address, with user, password and database."""
        return self._url(self.database)

    def _url(self, database: str) -> str:
        return f"postgresql://fermata:{quote(self._password())}@127.0.0.1:{self.port}/{database}"

    def restart(self) -> str:
        """Stop in order and start again on the same port; gives the URL."""
        self.stop()
        return self.start()

    def await_ready(self, *, seconds: float = 30) -> str:
        """Wait until it answers, and see that the database exists; gives the URL."""
        url = self._await_memory(seconds=seconds)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [self.database]
            ).fetchone():
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(self.database))
                )
        return url

    def _await_memory(self, *, seconds: float) -> str:
        """Wait until it answers; old sessions may hold its memory after a kill -9: then start once more."""
        for _ in range(20):
            try:
                return super().await_ready(seconds=seconds)
            except ServerUnavailable:
                if "pre-existing shared memory block" not in self._last_words():
                    raise
                time.sleep(0.2)
                self.launch()
        return super().await_ready(seconds=seconds)

    def prepare(self) -> None:
        """Make the cluster if there is none; a first start cut off leaves nothing but a draft folder."""
        if self.data.exists():
            self._clear_stale_pid()
            return
        for leftover in self.home.glob(f"{self.name}.new.*"):
            shutil.rmtree(leftover)
        draft = self.home / f"{self.name}.new.{os.getpid()}"
        draft.mkdir(mode=0o700)
        password = self.home / f"{self.name}_password"
        self._password()
        if binaries.needs_other_owner():
            self.home.chmod(0o711)  # nobody may pass through, and read nothing
            for path in (draft, password):
                os.chown(path, binaries.NOBODY, binaries.NOBODY)
        command: list[str | Path] = [
            *binaries.unprivileged_prefix(), binaries.postgres_folder() / "initdb", "--pgdata", draft,
            "--username=fermata", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8",
            # The wheel has no ICU; the builtin provider sorts by code point, the same on every machine.
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = processes.spawn(command, output=log, death_signal=signal.SIGKILL, folder=self.home)
        if self.process.wait() != 0:
            raise self.explain()
        draft.rename(self.data)

    def _clear_stale_pid(self, *, seconds: float = 15) -> None:
        """Remove a pid file whose number now belongs to another program (numbers come again after a reboot).

        One whose process is gone is left to PostgreSQL, which also looks whether old sessions still use its
        memory. A PostgreSQL that still ends gets its time; one that stays is somebody's, and starting beside
        it is refused.
        """
        path = self.data / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="ascii").split()[0])
        except FileNotFoundError:
            return
        except (ValueError, IndexError):
            path.unlink()  # cut off while it was written, so nothing had started yet
            return

        def is_gone() -> bool:
            try:
                program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
            except OSError:
                return not processes.is_alive(pid)
            return not program.endswith(b"postgres") or not processes.is_alive(pid)

        if not processes.wait_until(is_gone, seconds=seconds):
            raise ServerUnavailable(
                f"A PostgreSQL (pid {pid}) still uses {self.data}.",
                cure=f"Stop what started it, or end it with: kill -INT {pid}",
            )
        if processes.is_alive(pid):
            path.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        """`postgres` in the foreground, reachable by TCP on this machine only."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "synchronous_commit": "on",
            "wal_writer_delay": "10ms",  # how long what a pure step recorded may be lost by a power cut
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %a ",
        }
        return [
            *binaries.unprivileged_prefix(),
            binaries.postgres_folder() / "postgres",
            *("-D", self.data),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ]

    def answers(self) -> bool:
        """True when a session can be opened (not while it recovers)."""
        if not processes.is_listening(self.port):
            return False
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class EmbeddedValkey(EmbeddedServer):
    """Valkey from the installed wheel: append-only file each second, nothing is ever evicted."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """Its address, with the password."""
        return f"redis://:{quote(self._password())}@127.0.0.1:{self.port}/0"

    def restart(self, *, empty: bool = False) -> str:
        """Start again on the same port; `empty` ends it by kill -9 and forgets all data. Gives the URL."""
        if empty:
            self.kill()
            shutil.rmtree(self.data, ignore_errors=True)
        else:
            self.stop()
        return self.start()

    def prepare(self) -> None:
        """Write the configuration: a file, because the command line would show the password."""
        super().prepare()
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password()}",
            f'dir "{self.data}"',
            "appendonly yes",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
            'save ""',
            "daemonize no",
        ]
        private_files.write(self.home / "valkey.conf", "\n".join(lines) + "\n")

    def command(self) -> list[str | Path]:
        """`valkey-server` in the foreground."""
        return [binaries.valkey_program(), self.home / "valkey.conf"]

    def answers(self) -> bool:
        """True when it answers PING (not while it loads its file)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as link:
                link.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\r\n") < 2 and (part := link.recv(256)):
                    reply += part
        except OSError:
            return False
        return reply.endswith(b"+PONG\r\n")
