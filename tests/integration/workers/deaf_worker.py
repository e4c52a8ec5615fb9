"""A worker that is connected but never asks for a message, with a short patience."""

from __future__ import annotations

from echo_worker import app
from kombu.transport import redis

from workers import watchdog


def ask_nobody(channel: redis.Channel, timeout: float | None = None) -> None:
    """Stands for the asking."""


redis.Channel._brpop_start = ask_nobody
watchdog.PATIENCE_SECONDS = 1.0
watchdog.GRACE_SECONDS = 2.0

__all__ = ["app"]
