"""The supervisor behind `make run`: starts servers and processes, watches them, stops them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fermata.config import env
from fermata.config.stack import guard, probes, processes
from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey
from fermata.config.stack.home import Home
from fermata.errors import Misconfigured, OperatorError

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
STEADY_SECONDS = 30.0
"""A process that lived this long has earned a fresh start: its next pause is the first one again."""

WATCH_SECONDS = 0.2


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(text, flush=True)


@dataclass(slots=True)
class Part:
    """One process of the platform and what is known of its life. Times are monotonic seconds."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    ends: list[str] = field(default_factory=list)

    def end_noticed(self, *, now: float) -> None:
        """Plan the next start: at once for a fresh process, ever later for one that keeps ending."""
        steady = now - self.started_at >= STEADY_SECONDS
        self.pause_seconds = (
            FIRST_PAUSE_SECONDS if steady else min(self.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        )
        self.due_at = now + self.pause_seconds


def ending_words(code: int) -> str:
    """`exit code 1` or `signal SIGKILL` for what `Popen.returncode` says."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def platform_commands(environment: env.Environment) -> dict[str, list[str]]:
    """The arguments of Python for web, worker and beat."""
    return {
        "web": [
            "-m", "uvicorn", "fermata.config.asgi:application",
            "--host", environment.host, "--port", str(environment.port),
            "--timeout-graceful-shutdown", "1", "--no-access-log", "--lifespan", "off",
            "--ws", "fermata.config.sockets:WebSockets", "--ws-max-size", "65536",
        ],
        "worker": ["-m", "workers.fleet", "--processes", str(environment.concurrency)],
        "beat": ["-m", "workers.beat"],
    }  # fmt: skip


class Supervisor:
    """Owns every process of one home: two servers (unless given by address), web, worker and beat."""

    def __init__(
        self,
        environment: env.Environment,
        *,
        prepare: Callable[[str], None],
        commands: Mapping[str, Sequence[str]] | None = None,
        job: Sequence[str] | None = None,
    ) -> None:
        """`prepare(database_url)` brings the tables up to date and makes the first administrator.

        `commands` gives the arguments of Python for each process by name; `web` must be among them. `job`
        gives those of what is done once, beside all else, when the web answers.
        """
        self.commands = platform_commands(environment) if commands is None else commands
        self.environment = environment
        self.home = Home(environment.home)
        self.prepare = prepare
        self.postgres = None if environment.database_url else EmbeddedPostgres(environment.home)
        self.valkey = None if environment.redis_url else EmbeddedValkey(environment.home)
        self.parts: list[Part] = []
        self._guard: subprocess.Popen[bytes] | None = None
        self._job_command = job
        self._job: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start all and stay until Ctrl-C or a request to end. Raises `OperatorError` with what to do."""
        with _ending_raises():
            try:
                self.start()
                self.watch()
            except KeyboardInterrupt:
                say("\nStopping …")
            finally:
                self.stop()

    # --- start ---

    def start(self) -> None:
        """Servers, tables, then web, worker and beat at the same time; returns when the web answers."""
        began = time.monotonic()
        self.home.take(address=self.environment.address)
        self._check_port()
        self._start_guard()
        database_url, redis_url = self._start_servers()
        self.home.publish(database_url=database_url, redis_url=redis_url)
        self.prepare(database_url)
        self.parts += [
            Part(name, self._starter(name, database_url=database_url, redis_url=redis_url))
            for name in self.commands
        ]
        for part in self.parts:
            if part.process is None:
                self._begin(part)
        self._await_web(began=began)
        if self._job_command is not None:
            command = [sys.executable, *self._job_command]
            self._job = processes.spawn(command, environ=os.environ, folder=env.ROOT)
            self._tell_guard("+", self._job)

    def _check_port(self) -> None:
        host, port = self.environment.host, self.environment.port
        try:
            free = processes.is_free(port, host=host)
        except OSError as error:
            raise Misconfigured(
                f"The address {host} cannot be listened on: {error.strerror}.",
                cure="Set FERMATA_HOST to 127.0.0.1, to 0.0.0.0, or to an address of this machine.",
            ) from error
        if not free:
            raise Misconfigured(
                f"Port {port} is taken by another program (or needs more rights).",
                cure=f"Stop that program, or choose another port: FERMATA_PORT={port + 1} make run",
            )

    def _start_guard(self) -> None:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self.home.lock,),
        )

    def _start_servers(self) -> tuple[str, str]:
        """Launch what is embedded, check what is given; answers both addresses."""
        servers: list[EmbeddedServer] = [
            server for server in (self.postgres, self.valkey) if server is not None
        ]
        for server in servers:
            if not server.data.exists():
                say(f"Making a new {server.name} in {server.data} …")
            server.launch()
            part = Part(server.name, lambda server=server: self._again(server))  # type: ignore[misc]
            part.process, part.started_at = server.process, time.monotonic()
            self.parts.append(part)
            self._tell_guard("+", server.process)
        return self._postgres_address(), self._redis_address()

    def _postgres_address(self) -> str:
        if self.postgres is not None:
            return self.postgres.await_ready()
        url = self.environment.database_url or ""
        probes.check_postgres(url)
        return url

    def _redis_address(self) -> str:
        if self.valkey is not None:
            return self.valkey.await_ready()
        url = self.environment.redis_url or ""
        probes.check_redis(url)
        return url

    @staticmethod
    def _again(server: EmbeddedServer) -> subprocess.Popen[bytes]:
        server.launch()
        server.await_ready()
        assert server.process is not None
        return server.process

    def _starter(
        self, name: str, *, database_url: str, redis_url: str
    ) -> Callable[[], subprocess.Popen[bytes]]:
        """How one of the platform's processes is started."""
        environ = os.environ | {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "FERMATA_SECRET_KEY": env.secret_key(self.environment),
            "FERMATA_PROCESS": name,
            "DJANGO_SETTINGS_MODULE": "fermata.config.settings",
            # The caller's path stays behind ours: a team's task modules may lie outside of this folder.
            "PYTHONPATH": os.pathsep.join(
                [str(env.ROOT / "platform"), str(env.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "PYTHONUNBUFFERED": "1",
        }
        environ.pop("FERMATA_ADMIN_PASSWORD", None)
        command = [sys.executable, *self.commands[name]]
        return lambda: processes.spawn(command, environ=environ, folder=env.ROOT)

    def _await_web(self, *, began: float) -> None:
        web = next(part for part in self.parts if part.name == "web")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.environment.host, self.environment.host)  # noqa: S104 - compared, not bound
        while not processes.is_listening(self.environment.port, host=host):
            self.look()
            if web.process is None and len(web.ends) >= 3:
                raise Misconfigured(
                    "The web process ends again and again.", cure="Its last lines above say why."
                )
            time.sleep(WATCH_SECONDS / 4)
        address = self.environment.address
        say(f"\nFermata is ready after {time.monotonic() - began:.1f} s.")
        say(f"  {address}/api/v1/     the interface; its description: {address}/api/v1/schema")
        say(f"  {address}/admin/      administration")
        say("  Ctrl-C stops everything.\n")

    # --- watch ---

    def watch(self) -> None:
        """Start again whatever ends, until interrupted."""
        while True:
            self.look()
            time.sleep(WATCH_SECONDS)

    def look(self) -> None:
        """One round: notice ends, start what is due."""
        if self._job is not None and self._job.poll() is not None:
            self._tell_guard("-", self._job)
            self._job = None
        for part in self.parts:
            now = time.monotonic()
            if part.process is None:
                if now >= part.due_at:
                    self._begin(part)
            elif (code := part.process.poll()) is not None:
                processes.kill_session(part.process.pid)  # what it started goes with it
                self._tell_guard("-", part.process)
                part.process = None
                part.ends.append(ending_words(code))
                part.end_noticed(now=now)
                say(f"{part.name} ended with {part.ends[-1]}; starting it again in {part.pause_seconds:g} s.")

    def _begin(self, part: Part) -> None:
        try:
            part.process = part.start()
        except OperatorError as problem:
            part.end_noticed(now=time.monotonic())
            say(f"{problem.message} {problem.cure or ''} Trying again in {part.pause_seconds:g} s.")
            return
        part.started_at = time.monotonic()
        self._tell_guard("+", part.process)

    def _tell_guard(self, sign: str, process: subprocess.Popen[bytes] | None) -> None:
        if process is not None and self._guard is not None and self._guard.stdin is not None:
            try:
                self._guard.stdin.write(f"{sign}{process.pid}\n".encode())
                self._guard.stdin.flush()
            except BrokenPipeError:
                say("The guard process has ended: a kill -9 of this process may now leave processes behind.")
                self._guard = None

    # --- stop ---

    def stop(self) -> None:
        """Web first, so that nothing new comes in; then beat and worker; the servers last. Never raises."""
        if self._job is not None:
            processes.stop(self._job, signal.SIGKILL, seconds=2)
        named = {part.name: part for part in self.parts}
        for names, seconds in ((("web",), 4.0), (("beat", "worker"), 10.0), (("valkey", "postgres"), 15.0)):
            self._stop_parts([named[name] for name in names if name in named], seconds=seconds)
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()  # one that was launched but never became a part
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(timeout=guard.GRACE_SECONDS + 2)
        self.home.leave()

    def _stop_parts(self, parts: list[Part], *, seconds: float) -> None:
        """Signal all, then wait for each; a second Ctrl-C kills instead of waiting."""
        alive = [part.process for part in parts if part.process is not None and part.process.poll() is None]
        try:
            for part in parts:
                if part.process is not None and part.process.poll() is None:
                    part.process.send_signal(signal.SIGINT if part.name == "postgres" else signal.SIGTERM)
            deadline = time.monotonic() + seconds
            for process in alive:
                processes.wait_until(
                    lambda process=process: process.poll() is not None,  # type: ignore[misc]
                    seconds=max(0.0, deadline - time.monotonic()),
                )
        except KeyboardInterrupt:
            say("Killing what is left.")
        for process in alive:
            processes.kill_session(process.pid)
            process.wait()
            self._tell_guard("-", process)


@contextmanager
def _ending_raises() -> Iterator[None]:
    """Within: a request to end (SIGTERM, a closed terminal) is the same as Ctrl-C."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    kept = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
