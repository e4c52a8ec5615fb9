"""`manage.py demo` as a person would call it, in a home of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fermata.config import env
from fermata.config.stack import processes

OF_THE_TEST_RUN = {
    "DATABASE_URL",
    "REDIS_URL",
    "DJANGO_SETTINGS_MODULE",
    "FERMATA_SECRET_KEY",
    "FERMATA_PROCESS",
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a fresh copy with a port of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    return kept | {
        "FERMATA_HOME": str(tmp_path / "home"),
        "FERMATA_SCREEN": "off",
        "FERMATA_PORT": str(processes.free_port()),
        "FERMATA_CONCURRENCY": "2",
    }


@pytest.fixture
def demo(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    def call(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(env.ROOT / "manage.py"), "demo", *options],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    return call
