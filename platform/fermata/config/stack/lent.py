"""A running platform for as long as a command needs one: the one that is at work here, or one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from fermata.config import env
from fermata.config.stack import processes
from fermata.config.stack.home import Home
from fermata.config.stack.supervisor import say
from fermata.errors import ServerUnavailable

START_SECONDS, STOP_SECONDS = 120.0, 40.0
TOLD = ("Making a new", "Bringing the tables", "First administrator")
"""Beginnings of the lines of a starting platform that a person should see; a password stands in the last."""


@contextmanager
def platform(environment: env.Environment) -> Iterator[str]:
    """The address of a platform that is ready. One that was started for this is stopped afterwards.

    Raises `ServerUnavailable` when it does not get ready.
    """
    address = Home(environment.home).owner_address()
    if address is not None:
        say(f"Using the platform that runs at {address}.")
        _await_ready(address, process=None, last=())
        yield address
        return
    port = environment.port
    if not processes.is_free(port, host="127.0.0.1"):
        port = processes.free_port()
    say("No platform runs here, so one is started for this and stopped afterwards …")
    with _started(environment, port=port) as (process, last):
        address = f"http://localhost:{port}"
        _await_ready(address, process=process, last=last)
        yield address
        say("Stopping the platform …")


@contextmanager
def _started(
    environment: env.Environment, *, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], deque[str]]]:
    """`manage.py run` as a child; its lines go to a log, the last of them are kept."""
    settings = {
        "FERMATA_PORT": str(port),
        "FERMATA_HOST": "127.0.0.1",
        "FERMATA_PUBLIC_URL": "",
        "PYTHONUNBUFFERED": "1",
    }
    # What this process set for itself is not the child's: Django's settings found no servers here.
    process = processes.spawn(
        [sys.executable, env.ROOT / "manage.py", "run"],
        environ=os.environ | settings,
        folder=env.ROOT,
        output=subprocess.PIPE,
    )
    last: deque[str] = deque(maxlen=12)
    log = environment.home / "log" / "demo.log"
    reader = threading.Thread(target=_relay, args=(process, last, log), daemon=True)
    reader.start()
    try:
        yield process, last
    finally:
        processes.stop(process, signal.SIGINT, seconds=STOP_SECONDS)
        reader.join(timeout=5)


def _relay(process: subprocess.Popen[bytes], last: deque[str], log: Path) -> None:
    """Show the lines a person should see, write the others to the log."""
    assert process.stdout is not None
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as out, process.stdout:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            if line.startswith(TOLD):
                say(f"  {line}")
                continue
            last.append(line)
            out.write(f"{line}\n")
            out.flush()


def _await_ready(
    address: str,
    *,
    process: subprocess.Popen[bytes] | None,
    last: Iterable[str],
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(address):
        if process is not None and process.poll() is not None:
            words = "\n".join(line for line in last if line)
            raise ServerUnavailable(
                f"The platform did not start:\n{words}", cure="Start it alone with `make run`."
            )
        if time.monotonic() > deadline:
            raise ServerUnavailable(
                f"The platform at {address} is not ready after {START_SECONDS:g} s.",
                cure="Look at what `make run` says.",
            )
        time.sleep(0.2)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
