"""`manage.py run` itself: the real web, worker and beat, from an empty folder."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import httpx
import pytest

from fermata.config import env
from fermata.config.stack import processes
from tests.integration.stack.conftest import Stage, descendants

Make = Callable[..., Stage]
MANAGE = (str(env.ROOT / "manage.py"), "run")


def start(stage: Make) -> Stage:
    one = stage(FERMATA_CONCURRENCY="1")
    one.command = MANAGE
    one.start()
    one.await_words("Fermata is ready", seconds=60)
    return one


@pytest.mark.timeout(180)
def test_an_empty_folder_becomes_a_service_and_starts_again(stage: Make) -> None:
    one = start(stage)
    site = httpx.Client(base_url=f"http://localhost:{one.port}", timeout=60)  # the machine may be busy
    assert site.get("/healthz").status_code == 200
    assert site.get("/readyz").status_code == 200
    assert site.get("/api/v1/me").status_code == 401
    page = site.get("/admin/login/")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    style = re.search(r'href="(/static/admin/css/base\.[^"]*css|/static/admin/css/base\.css)"', page.text)
    assert style is not None
    assert site.get(style.group(1)).status_code == 200
    password = re.search(r"First administrator: admin   password: (\S+)", one.said)
    assert password is not None
    signed_in = site.post("/api/v1/session", json={"username": "admin", "password": password.group(1)})
    assert signed_in.status_code < 300, signed_in.text
    assert one.process is not None
    pids = descendants(one.process.pid)
    assert one.end(signal.SIGINT) == 0
    assert [pid for pid in pids if processes.is_alive(pid)] == []
    assert "Traceback" not in one.said

    again = start(stage)
    assert "First administrator" not in again.said
    assert "Bringing the tables" not in again.said
    seconds = re.search(r"ready after ([0-9.]+) s", again.said)
    assert seconds is not None
    assert float(seconds.group(1)) < 20
    assert again.end(signal.SIGTERM) == 0


def test_a_wrong_redis_is_a_sentence(stage: Make) -> None:
    port = processes.free_port()
    one = stage(REDIS_URL=f"redis://:geheim@127.0.0.1:{port}/0")
    one.command = MANAGE
    one.start()
    assert one.process is not None
    assert one.process.wait(timeout=40) == 1
    assert f"Redis at 127.0.0.1:{port}/0 cannot be used: Error 111" in one.said
    assert "Traceback" not in one.said
    assert "geheim" not in one.said
