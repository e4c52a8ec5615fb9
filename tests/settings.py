"""Settings of the test run: the product's own, with servers of the run's own in a temporary home.

The addresses are fixed here, before Django reads them; the servers start when the first test asks for them
(`conftest.py`), so tests of the pure core start none. With DATABASE_URL or REDIS_URL set those are used
instead.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedValkey

os.environ.setdefault("FERMATA_SECRET_KEY", "only-for-tests-0123456789-0123456789-0123456789")
MEMORY = Path("/dev/shm")
"""Where a commit costs no disk; tests kill processes, not the machine."""
ROOM = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
os.environ["FERMATA_HOME"] = HOME = tempfile.mkdtemp(prefix="fermata-tests-", dir=ROOM)
POSTGRES = None if os.environ.get("DATABASE_URL") else EmbeddedPostgres(Path(HOME))
VALKEY = None if os.environ.get("REDIS_URL") else EmbeddedValkey(Path(HOME))
if POSTGRES is not None:
    os.environ["DATABASE_URL"] = POSTGRES.url
if VALKEY is not None:
    os.environ["REDIS_URL"] = VALKEY.url

from fermata.config.settings import *  # noqa: E402, F403 - after the addresses are fixed

# Argon2 is slow on purpose; a test that logs in pays for it many times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405 - from the product's settings
