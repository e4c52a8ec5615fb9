"""The supervisor with real servers and stand-ins for the platform's own processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest

from fermata.config.stack import processes
from tests.integration.stack.conftest import Stage, servers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

Make = Callable[..., Stage]


def test_starts_everything_and_ctrl_c_stops_everything(stage: Make) -> None:
    one = stage()
    one.start()
    one.await_words("Fermata is ready")
    with psycopg.connect(servers(one.home)["database_url"]) as connection:
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("on",)
    pids = one.pids()
    assert len(set(pids)) >= 6
    assert one.end(signal.SIGINT) == 0
    assert [pid for pid in pids if processes.is_alive(pid)] == []
    assert not (one.home / "run" / "servers.json").exists()
    assert "database system is shut down" in (one.home / "log" / "postgres.log").read_text()


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_works(stage: Make) -> None:
    one = stage()
    one.start()
    one.await_words("Fermata is ready")
    pids = one.pids()
    one.end(signal.SIGKILL)
    two = stage()
    two.port = one.port
    (one.home / "worker.pids").unlink()
    two.start()
    two.await_words("Fermata is ready")
    assert [pid for pid in pids if processes.is_alive(pid)] == []


def test_a_second_run_says_that_one_is_at_work(stage: Make) -> None:
    one = stage()
    one.start()
    one.await_words("Fermata is ready")
    two = Stage(one.home)
    environ = os.environ | {"FERMATA_HOME": str(one.home), "FERMATA_PORT": str(two.port)}
    environ = {name: value for name, value in environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    command = [sys.executable, *one.process.args[1:]]
    second = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert (
        f"Fermata already runs from {one.home} (pid {one.process.pid}): http://localhost:{one.port}"
        in second.stderr
    )
    assert "Traceback" not in second.stderr
    assert servers(one.home)


def test_a_crashed_child_is_started_again_with_one_line(stage: Make) -> None:
    one = stage()
    one.start()
    one.await_words("Fermata is ready")
    worker, grandchild = one.worker_pids()
    (one.home / "worker.pids").unlink()
    os.kill(worker, signal.SIGKILL)
    one.await_words("worker ended with signal SIGKILL; starting it again in")
    again, _ = one.worker_pids()
    assert again != worker
    assert not processes.is_alive(grandchild)
    assert one.said.count("worker ended") == 1


def test_a_crashed_postgres_comes_back_on_its_port(stage: Make) -> None:
    one = stage()
    one.start()
    one.await_words("Fermata is ready")
    url = servers(one.home)["database_url"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(int((one.home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    one.await_words("postgres ended with signal SIGKILL")

    def answers() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                return connection.execute("SELECT one FROM kept").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    assert processes.wait_until(answers, seconds=15), one.said


@pytest.mark.parametrize(
    ("variable", "url", "sentence"),
    [
        (
            "DATABASE_URL",
            "postgresql://u:geheim@127.0.0.1:{port}/d",
            "PostgreSQL at 127.0.0.1:{port}/d cannot be used",
        ),
        ("DATABASE_URL", "mysql://127.0.0.1/d", "DATABASE_URL must look like postgresql://"),
        ("REDIS_URL", "http://127.0.0.1", "REDIS_URL must look like redis://"),
    ],
)
def test_a_wrong_address_is_a_sentence(stage: Make, variable: str, url: str, sentence: str) -> None:
    port = processes.free_port()
    one = stage(**{variable: url.format(port=port), "FERMATA_SECRET_KEY": "k" * 40})
    one.start()
    assert one.process is not None
    assert one.process.wait(timeout=20) == 1
    assert sentence.format(port=port) in one.said
    assert "Traceback" not in one.said
    assert "geheim" not in one.said


def test_a_busy_port_is_a_sentence(stage: Make) -> None:
    one = stage()
    with socket.socket() as other:
        other.bind(("127.0.0.1", one.port))
        other.listen()
        one.start()
        assert one.process is not None
        assert one.process.wait(timeout=20) == 1
    assert f"Port {one.port} is taken by another program" in one.said
    assert f"FERMATA_PORT={one.port + 1} make run" in one.said
    assert "Traceback" not in one.said
