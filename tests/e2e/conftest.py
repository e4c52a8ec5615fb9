"""The whole platform as `make run` starts it, in a home of the run's own, with the screen built."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fermata.config import env
from fermata.config.stack import processes
from tests.integration.stack.conftest import OF_THE_TEST_RUN

MANAGE = str(env.ROOT / "manage.py")
PASSWORD = "journeys-only-1"
JOURNEYS = env.ROOT / "webui" / "e2e"


@dataclass(frozen=True)
class Site:
    """A running platform; journeys against it."""

    environ: dict[str, str]

    def journey(self, path: str, *, seconds: float, **environ: str) -> subprocess.CompletedProcess[str]:
        """One file of webui/e2e, driven to its end."""
        one = replace(self, environ=self.environ | environ)
        return one.manage("npm", "run", "-s", "journey", "--", f"e2e/{path}.mjs", seconds=seconds)

    def manage(self, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """One command of `manage.py`, beside the platform."""
        return subprocess.run(
            [sys.executable, MANAGE, *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )


def browser() -> str | None:
    """The Chromium to drive: CHROMIUM, else the system's."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser; without one a person's tests go on. CI and FERMATA_REQUIRE_BROWSER want one and fail."""
    found = browser()
    if found is None:
        missing = "The journeys need Chromium: install it or name it by CHROMIUM."
        if os.environ.get("CI") or os.environ.get("FERMATA_REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The platform with its screen, from an empty folder, until the last journey is over."""
    home = tmp_path_factory.mktemp("e2e")
    port = processes.free_port()
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    one = Site(
        kept
        | {
            "FERMATA_HOME": str(home),
            "FERMATA_SCREEN": "off",
            "FERMATA_PORT": str(port),
            "FERMATA_ALLOWED_HOSTS": "fermata.test",  # as journeys from another machine name it
            "FERMATA_CONCURRENCY": "2",
            "FERMATA_ADMIN_PASSWORD": PASSWORD,
            "JOURNEY_URL": f"http://localhost:{port}",
            "JOURNEY_PASSWORD": PASSWORD,
            "JOURNEY_PICTURES": str(home),
            "CHROMIUM": chromium,
        }
    )
    built = one.manage("build_screen", seconds=300)
    assert built.returncode == 0, built.stdout
    yield from running(one, home)


def running(one: Site, home: Path) -> Iterator[Site]:
    """The supervisor, started and in the end stopped as a person does it."""
    said = home / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, MANAGE, "run"],
            env=one.environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def is_over() -> bool:
        return process.poll() is not None or "Fermata is ready" in said.read_text(encoding="utf-8")

    try:
        processes.wait_until(is_over, seconds=90)
        assert process.poll() is None, said.read_text(encoding="utf-8")
        assert "Fermata is ready" in said.read_text(encoding="utf-8")
        yield one
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
