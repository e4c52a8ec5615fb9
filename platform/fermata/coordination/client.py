"""The one Redis client of a process. Every call has a deadline; a fork never shares a socket."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from typing import Any
from weakref import WeakKeyDictionary

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


class _Own(threading.local):
    """The connections of one thread, by the pool whose settings they have."""

    def __init__(self) -> None:
        self.links: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


_own = _Own()


def exchange(commands: Sequence[Sequence[Any]], *, through: redis.Redis | None = None) -> list[Any]:
    """Send commands in one round trip and answer their replies, on a connection of the thread's own.

    For what every step does: redis-py's client costs three times as much as the exchange itself. Commands are
    sent once more when the connection breaks, so each must be harmless when it is repeated. ``through``
    replaces the process's client. Raises redis.RedisError or OSError; then any of them may have happened.
    """
    pool = (through or client()).connection_pool
    for attempt in (1, 2):
        link = _own.links.get(pool)
        if link is None:
            link = _own.links[pool] = pool.connection_class(**pool.connection_kwargs)
        try:
            link.send_packed_command(link.pack_commands(commands))
            return [link.read_response() for _ in commands]
        except redis.ConnectionError:
            link.disconnect()
            if attempt == 2:
                raise
        except BaseException:
            link.disconnect()  # replies not read yet would answer the next commands
            raise
    raise redis.ConnectionError("Redis did not answer.")


def forget_connections() -> None:
    """Drop this process's clients; the next call connects anew. A child calls it after the fork by itself."""
    _clients.clear()
    _own.links.clear()


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
