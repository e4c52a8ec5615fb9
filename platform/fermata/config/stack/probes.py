"""Is a server that somebody else runs usable? The answer is nothing, or one sentence that says what to do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import psycopg

from fermata.coordination import client
from fermata.errors import Misconfigured, ServerUnavailable

OLDEST_POSTGRES = 15
OLDEST_REDIS = (6, 2)


def _place(url: str) -> str:
    """Host, port and database of a URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def check_postgres(url: str) -> None:
    """Open a session and look at the version.

    Raises `ServerUnavailable` when none can be opened, `Misconfigured` when the server is too old.
    """
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        reason = re.sub(r"\s+", " ", str(error)).strip()
        raise ServerUnavailable(
            f"PostgreSQL at {_place(url)} cannot be used: {reason}",
            cure="Correct DATABASE_URL or start that server; unset, an embedded one is started.",
        ) from None  # the chain would show the address with its password
    if version < OLDEST_POSTGRES:
        raise Misconfigured(
            f"PostgreSQL at {_place(url)} is version {version}; Fermata needs {OLDEST_POSTGRES} or newer.",
            cure="Upgrade it, or unset DATABASE_URL to use the embedded one.",
        )


def judge_redis(version: str | None, *, url: str) -> None:
    """Refuse a Redis older than 6.2; `version` is what its INFO says."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    if numbers < OLDEST_REDIS:
        raise Misconfigured(
            f"Redis at {_place(url)} is version {version}; Fermata needs 6.2 or newer (or Valkey).",
            cure="Upgrade it, or unset REDIS_URL to use the embedded one.",
        )


def check_redis(url: str) -> None:
    """Greet the server of `settings.REDIS_URL` (which `url` is); errors as for PostgreSQL."""
    try:
        with client.answering("greeting"):
            version = client.client().info("server").get("redis_version")
    except ServerUnavailable as error:
        reason = re.sub(r"\s+", " ", str(error.__cause__)).strip()
        raise ServerUnavailable(
            f"Redis at {_place(url)} cannot be used: {reason}",
            cure="Correct REDIS_URL or start that server; unset, an embedded Valkey is started.",
        ) from None
    judge_redis(version, url=url)
