"""Child processes that end with their parent, free ports, and waiting with a bound."""

from __future__ import annotations

import ctypes
import errno
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on now.

    From below the range the system gives to outgoing connections, so that none of those takes it before (or,
    while the server restarts, after) the caller does. Raises `OSError` when a hundred tries find none.
    """
    for port in random.sample(range(15000, 32000), 100):
        if is_free(port, host=host):
            return port
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """True when a server could listen on the port. Raises `OSError` when the host is not ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
        return True


def is_listening(port: int, *, host: str = "127.0.0.1") -> bool:
    """True when somebody accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def is_alive(pid: int) -> bool:
    """True when the process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return sys.platform != "linux"
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> bool:
    """Ask until the condition holds or the seconds are over; answers whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


def _end_with_parent(parent: int, number: int) -> Callable[[], None]:
    """Code for the child between fork and exec: the kernel sends it `number` when its parent dies."""
    if sys.platform != "linux":
        return lambda: None  # elsewhere the guard alone ends orphans
    library = ctypes.CDLL(None)  # loaded before the fork: afterwards only plain system calls are safe

    def arrange() -> None:
        library.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return arrange


def spawn(
    command: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    output: IO[bytes] | int | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own which ends when we end, even by kill -9.

    A session of its own keeps the terminal's Ctrl-C away: the supervisor alone decides the order of ending.
    `output` takes both its streams (None: ours). Call it from the main thread: the kernel watches the thread.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        env=None if environ is None else dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output if output is None else subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent(os.getpid(), death_signal),  # noqa: PLW1509 - two system calls, no thread here
    )


def stop(process: subprocess.Popen[bytes], number: signal.Signals, *, seconds: float) -> bool:
    """Signal the child and wait; after the seconds its session is killed. True when it ended by itself."""
    if process.poll() is not None:
        return True
    process.send_signal(number)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill_session(process.pid)
        process.wait()
        return False
    return True


def kill_session(pid: int) -> None:
    """Kill every process of the group that `spawn` made for this child; gone already is fine."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
