from __future__ import annotations

import os

import redis

from fermata.coordination.client import client, script


def test_shares_no_connection_with_a_forked_child(connection: redis.Redis) -> None:
    parent = client()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            fresh = client() is not parent
            client().set("child", "1")
            os.write(writing, b"1" if fresh else b"0")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    os.close(writing)
    assert parent.get("child") == b"1"


def test_gives_every_call_a_deadline() -> None:
    settings = client().connection_pool.connection_kwargs
    assert settings["socket_timeout"] == 5
    assert settings["socket_connect_timeout"] == 3


def test_sends_scripts_without_their_comments() -> None:
    for name in ("lease_acquire", "lease_renew", "lease_release", "epoch_read"):
        text = script(name)
        assert "--" not in text
        assert "redis.call" in text
        assert len(text) < 900
