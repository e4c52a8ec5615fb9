from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from fermata.coordination.client import client, exchange, script


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


def test_an_exchange_answers_in_order_and_after_an_error_begins_afresh(connection: redis.Redis) -> None:
    assert exchange([("SET", "a", 1), ("GET", "a"), ("GET", "b")]) == [b"OK", b"1", None]
    with pytest.raises(redis.ResponseError):
        exchange([("SET", "a", 2), ("HGET", "a", "x"), ("GET", "a")])
    assert exchange([("GET", "a")]) == [b"2"]


def test_an_exchange_is_made_once_more_when_its_connection_was_cut(connection: redis.Redis) -> None:
    exchange([("PING",)])
    connection.client_kill_filter(_type="normal", skipme=True)
    assert exchange([("INCR", "n")]) == [1]


def test_every_thread_exchanges_on_a_connection_of_its_own(connection: redis.Redis) -> None:
    barrier = threading.Barrier(4)

    def talk(name: int) -> list[bytes]:
        barrier.wait(10)
        return [exchange([("SET", f"k{name}", at), ("GET", f"k{name}")])[1] for at in range(200)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(talk, range(4)))
    assert answers == [[str(at).encode() for at in range(200)]] * 4
