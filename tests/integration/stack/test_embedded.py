"""The embedded servers by themselves: interrupted starts, stale pids, full disks, restarts."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from fermata.config import env
from fermata.config.stack import binaries, probes, processes
from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedValkey
from fermata.errors import Misconfigured, ServerUnavailable
from tests.integration.stack.conftest import descendants


def command(server: EmbeddedValkey, *words: str) -> bytes:
    password = server.url.split(":")[2].split("@")[0]
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as link:
        link.sendall(f"AUTH {password}\r\n{' '.join(words)}\r\n".encode())
        reply = b""
        while reply.count(b"\r\n") < 2:
            reply += link.recv(4096)
    return reply.removeprefix(b"+OK\r\n")


def test_a_first_start_cut_off_in_the_middle_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new.4711"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("fermata",)
    assert not half.exists()


def test_a_stale_pid_of_another_program_does_not_block_a_start(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        port = server.port
    stale = f"{os.getpid()}\n{tmp_path}/postgres\n1700000000\n{port}\n\n127.0.0.1\n 5432001 1\nready\n"
    (tmp_path / "postgres" / "postmaster.pid").write_text(stale)
    with EmbeddedPostgres(tmp_path, port=port) as again:
        assert again.is_running


def test_what_was_committed_survives_a_kill_of_postgres(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.kill()
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


OWNER = """
import sys, time
from pathlib import Path
from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedValkey
servers = [EmbeddedPostgres(Path(sys.argv[1])), EmbeddedValkey(Path(sys.argv[1]))]
print(*(server.start() and server.process.pid for server in servers), flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's doing on Linux")
def test_both_end_with_their_owner_even_by_kill_9(tmp_path: Path) -> None:
    path = os.pathsep.join([str(env.ROOT / "platform"), str(env.ROOT)])
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    pids = [int(word) for word in owner.stdout.readline().split()]
    assert len(pids) == 2
    below = [below for pid in pids for below in descendants(pid)]
    assert below, "PostgreSQL has helpers"
    owner.kill()
    owner.wait()
    owner.stdout.close()
    gone = processes.wait_until(
        lambda: not any(processes.is_alive(pid) for pid in [*pids, *below]), seconds=10
    )
    assert gone


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root becomes nobody")
def test_runs_as_nobody_where_namespaces_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = ("setpriv", f"--reuid={binaries.NOBODY}", f"--regid={binaries.NOBODY}", "--clear-groups")
    monkeypatch.setattr(binaries, "unprivileged_prefix", lambda: prefix)
    home = Path(tempfile.mkdtemp(prefix="fermata-nobody-", dir="/tmp"))
    try:
        with EmbeddedPostgres(home) as server, psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert server.process is not None
            assert Path(f"/proc/{server.process.pid}").stat().st_uid == binaries.NOBODY
        assert (home / "postgres").stat().st_uid == binaries.NOBODY
    finally:
        shutil.rmtree(home)


def test_postgres_wants_its_password(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        stranger = f"postgresql://fermata:wrong@127.0.0.1:{server.port}/fermata"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stranger)
        assert (tmp_path / "postgres_password").stat().st_mode & 0o777 == 0o600


def test_valkey_keeps_its_data_over_a_restart_and_forgets_it_when_asked(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        url = server.url
        assert command(server, "SET", "key", "value") == b"+OK\r\n"
        assert server.restart() == url
        assert command(server, "EXISTS", "key") == b":1\r\n"
        assert server.restart(empty=True) == url
        assert command(server, "EXISTS", "key") == b":0\r\n"


def test_valkey_never_evicts_and_writes_its_file(tmp_path: Path) -> None:
    with EmbeddedValkey(tmp_path) as server:
        assert b"noeviction" in command(server, "CONFIG", "GET", "maxmemory-policy")
    assert any((tmp_path / "valkey").glob("appendonlydir/*.aof"))


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(processes, "spawn", full)
    with pytest.raises(ServerUnavailable) as caught:
        EmbeddedValkey(tmp_path).start()
    assert "No space left on device" in caught.value.message
    assert "FERMATA_HOME" in str(caught.value.cure)


def test_a_server_that_dies_at_its_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        with pytest.raises(ServerUnavailable, match=r"did not start: .*listening") as caught:
            server.start()
    assert str(server.log) in str(caught.value.cure)


def test_refuses_a_postgres_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        probes.check_postgres(server.url)
        monkeypatch.setattr(probes, "OLDEST_POSTGRES", 99)
        with pytest.raises(Misconfigured, match="is version 18; Fermata needs 99 or newer"):
            probes.check_postgres(server.url)


@pytest.mark.parametrize("version", ["6.0.16", "5.0", None])
def test_refuses_a_redis_that_is_too_old(version: str | None) -> None:
    with pytest.raises(Misconfigured, match=r"Fermata needs 6\.2 or newer"):
        probes.judge_redis(version, url="redis://:geheim@localhost:6379/0")


def test_takes_redis_6_2_and_valkey() -> None:
    for version in ("6.2.0", "7.2.4", "10.0"):
        probes.judge_redis(version, url="redis://localhost:6379/0")
