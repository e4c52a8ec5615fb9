"""A worker that is connected but never asks for a message, with a short patience."""

from __future__ import annotations

from echo_worker import app
from kombu.transport import redis

from workers import watchdog

redis.Channel._brpop_start = lambda self, timeout=None: None
watchdog.PATIENCE_SECONDS = 1.0
watchdog.GRACE_SECONDS = 2.0

__all__ = ["app"]
