"""A worker whose children's results are one too few for ever."""

from __future__ import annotations

from billiard import pool
from echo_worker import app

counted = pool.Worker._ensure_messages_consumed


def short(worker: pool.Worker, completed: int) -> bool:
    return bool(counted(worker, completed + 1))


pool.Worker._ensure_messages_consumed = short

__all__ = ["app"]
