"""An empty Valkey for every test of this folder."""

from __future__ import annotations

import pytest
import redis

from fermata.coordination.client import client, forget_connections


@pytest.fixture
def connection(redis_url: str) -> redis.Redis:
    """The process's own client, on an empty database."""
    forget_connections()
    found = client()
    found.flushall()
    return found
