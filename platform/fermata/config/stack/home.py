"""The state folder (`FERMATA_HOME`): who runs in it, and where its servers are reached."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from fermata.config import private_files
from fermata.config.stack import processes
from fermata.errors import Misconfigured


class Home:
    """One folder, one supervisor. The lock is the kernel's, so a kill -9 cannot leave it behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self._lock: int | None = None

    @property
    def lock(self) -> int:
        """The locked descriptor; the guard inherits it, so the lock lasts until the last child has ended."""
        if self._lock is None:
            raise RuntimeError("the home is not taken")
        return self._lock

    def take(self, *, address: str, seconds: float = 20) -> None:
        """Take the lock; wait while the guard of a killed supervisor is still ending its children.

        Raises `Misconfigured` when a supervisor is at work in this folder or the folder cannot be used.
        """
        try:
            self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"The state folder {self.folder} cannot be used: {error.strerror}.",
                cure="Free some space or correct its rights, or choose another folder with FERMATA_HOME.",
            ) from error

        def is_taken() -> bool:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if (
            not processes.wait_until(lambda: is_taken() or self._owner_is_alive(), seconds=seconds)
            or not is_taken()
        ):
            os.close(descriptor)
            raise self._taken()
        self._lock = descriptor
        self._write("supervisor.json", {"pid": os.getpid(), "address": address})

    def publish(self, *, database_url: str, redis_url: str) -> None:
        """Tell `manage.py` in other terminals where the servers are."""
        self._write("servers.json", {"database_url": database_url, "redis_url": redis_url})

    def leave(self) -> None:
        """Withdraw what was published and give the lock back; nothing when it was never taken."""
        if self._lock is None:
            return
        for name in ("servers.json", "supervisor.json"):
            (self.run / name).unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = None

    def owner_address(self) -> str | None:
        """The address of the platform that runs from this folder now (it may still be starting), or None."""
        address = self._owner().get("address")
        return address if isinstance(address, str) and self._owner_is_alive() else None

    def _taken(self) -> Misconfigured:
        owner = self._owner()
        return Misconfigured(
            f"Fermata already runs from {self.folder} (pid {owner.get('pid')}): {owner.get('address')}",
            cure="Stop it there with Ctrl-C, or run one beside it: FERMATA_HOME=… FERMATA_PORT=… make run",
        )

    def _owner(self) -> dict[str, object]:
        try:
            state = json.loads((self.run / "supervisor.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _owner_is_alive(self) -> bool:
        pid = self._owner().get("pid")
        return isinstance(pid, int) and processes.is_alive(pid)

    def _write(self, name: str, state: dict[str, object]) -> None:
        private_files.write(self.run / name, json.dumps(state))
