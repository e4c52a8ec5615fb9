"""What the settings promise to operators, read in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fermata.config import env

CODE = """
import json
from fermata.config import settings as s
database = s.DATABASES["default"]
print(json.dumps({
    "options": database["OPTIONS"], "age": database["CONN_MAX_AGE"], "hosts": s.ALLOWED_HOSTS,
    "layer": s.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"],
    "secure": [s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS],
    "origins": s.CSRF_TRUSTED_ORIGINS, "redis": s.REDIS_URL, "database": [database["HOST"], database["PORT"]],
}))
"""


def run(home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    names = {item.metadata["name"] for item in env.FIELDS}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    kept |= {"PYTHONPATH": str(env.ROOT / "platform"), "FERMATA_HOME": str(home), **environ}
    return subprocess.run([sys.executable, "-c", CODE], env=kept, capture_output=True, text=True, check=False)


def read(home: Path, **environ: str) -> dict[str, Any]:
    done = run(home, **environ)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_session_has_its_limits(tmp_path: Path) -> None:
    options = read(tmp_path)["options"]
    assert options["connect_timeout"] == 3
    for limit in ("lock_timeout=2s", "statement_timeout=15s", "idle_in_transaction_session_timeout=10s"):
        assert f"-c {limit}" in options["options"]


def test_a_pool_is_for_the_web_and_a_kept_connection_for_workers(tmp_path: Path) -> None:
    web, worker = read(tmp_path, FERMATA_PROCESS="web"), read(tmp_path, FERMATA_PROCESS="worker")
    assert web["options"]["pool"]["max_size"] >= 10
    assert web["age"] == 0
    assert "pool" not in worker["options"]
    assert worker["age"] == 600


def test_the_channel_layer_waits_longer_than_it_blocks(tmp_path: Path) -> None:
    assert read(tmp_path, REDIS_URL="redis://h:1/2")["layer"] == ["redis://h:1/2?socket_timeout=30"]


def test_https_makes_cookies_secure_and_its_host_known(tmp_path: Path) -> None:
    found = read(
        tmp_path, FERMATA_PUBLIC_URL="https://flows.example.org", FERMATA_ALLOWED_HOSTS="inner.example"
    )
    assert found["secure"] == [True, 31_536_000]
    assert found["origins"] == ["https://flows.example.org"]
    assert set(found["hosts"]) == {"localhost", "127.0.0.1", "[::1]", "flows.example.org", "inner.example"}


def test_a_second_terminal_finds_the_running_servers(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    state = {
        "database_url": "postgresql://u:p@127.0.0.1:15999/fermata",
        "redis_url": "redis://:p@127.0.0.1:16999/0",
    }
    (tmp_path / "run" / "servers.json").write_text(json.dumps(state))
    found = read(tmp_path)
    assert found["database"] == ["127.0.0.1", "15999"]
    assert found["redis"] == state["redis_url"]


@pytest.mark.parametrize("key", ["changeme", "short"])
def test_a_known_or_short_key_stops_the_start(tmp_path: Path, key: str) -> None:
    done = run(tmp_path, FERMATA_SECRET_KEY=key)
    assert done.returncode != 0
    assert "FERMATA_SECRET_KEY is" in done.stderr
