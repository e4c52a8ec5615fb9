"""The one Redis client of a process. Every call has a deadline; a fork never shares a socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from typing import Any

import redis
from django.conf import settings
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from fermata.errors import ServerUnavailable

CONNECT_TIMEOUT_SECONDS = 3
ANSWER_TIMEOUT_SECONDS = 5

_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """This process's client for ``settings.REDIS_URL`` (a pool; safe to use from several threads).

    One retry covers a pooled connection that died with a restarted server: every command here may be
    repeated.
    """
    url = str(settings.REDIS_URL)
    found = _clients.get(url)
    if found is None:
        found = _clients[url] = redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
            socket_timeout=ANSWER_TIMEOUT_SECONDS,
            socket_keepalive=True,
            health_check_interval=0,  # a check before use costs a round trip; the retry does the same work
            retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
            max_connections=64,
            protocol=2,
        )
    return found


def forget_connections() -> None:
    """Drop this process's clients; the next call connects anew. A child calls it after the fork by itself."""
    _clients.clear()


os.register_at_fork(after_in_child=forget_connections)


@contextmanager
def answering(doing: str) -> Iterator[None]:
    """Turn every error of Redis into `ServerUnavailable`, whose message says what we were ``doing``."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise ServerUnavailable(
            f"Redis did not answer while {doing}: {error}",
            cure="Start Redis, or correct REDIS_URL. Work goes on by itself when it answers.",
        ) from error


@lru_cache
def script(name: str) -> str:
    """The text of ``scripts/<name>.lua`` without its comments.

    Scripts are sent whole (EVAL): a few hundred bytes cost less than the second round trip of EVALSHA's
    miss, and a pipeline cannot recover from a miss in its middle.
    """
    text = resources.files(__package__).joinpath("scripts", f"{name}.lua").read_text(encoding="utf-8")
    return "\n".join(
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--")
    )


def text(value: Any) -> str:
    """A reply as text: redis-py answers bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)
