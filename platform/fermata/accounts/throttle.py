"""A limit on guessing passwords.

Attempts are counted in one atomic statement, so parallel requests cannot slip by.
"""

from __future__ import annotations

import hashlib
import math

from django.db import connection

WINDOW_SECONDS = 300
MOST_BY_NAME = 10
"""Attempts for one name from one address within the window."""
MOST_BY_ADDRESS = 100
"""Attempts from one address, whatever the names."""

COUNT = """
INSERT INTO fermata_sign_in_attempt AS seen (key, attempts, since) VALUES (%(key)s, 1, now())
ON CONFLICT (key) DO UPDATE SET
    attempts = CASE WHEN seen.since < now() - %(window)s * interval '1 second' THEN 1
        ELSE seen.attempts + 1 END,
    since = CASE WHEN seen.since < now() - %(window)s * interval '1 second' THEN now() ELSE seen.since END
RETURNING attempts, extract(epoch FROM since + %(window)s * interval '1 second' - now())
"""


def attempt(username: str, *, address: str) -> int | None:
    """Count an attempt to sign in; the seconds to wait when there were too many, else None."""
    limits = ((_key(username.casefold(), address), MOST_BY_NAME), (_key("", address), MOST_BY_ADDRESS))
    waits = [wait for key, most in limits if (wait := _count(key, most)) is not None]
    return max(waits) if waits else None


def forget(username: str, *, address: str) -> None:
    """After a success: the name's attempts from this address are forgotten."""
    with connection.cursor() as database:
        database.execute(
            "DELETE FROM fermata_sign_in_attempt WHERE key = %s", [_key(username.casefold(), address)]
        )


def _count(key: bytes, most: int) -> int | None:
    with connection.cursor() as database:
        database.execute(COUNT, {"key": key, "window": WINDOW_SECONDS})
        attempts, remaining = database.fetchone()
    return None if attempts <= most else max(1, math.ceil(remaining))


def _key(username: str, address: str) -> bytes:
    return hashlib.sha256(f"{address}\n{username}".encode("utf-8", "replace")).digest()
