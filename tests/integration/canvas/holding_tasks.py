"""A team's task that can be held up."""

from __future__ import annotations

import os
import time

from celery import shared_task

from fermata.coordination.client import client


@shared_task(name="canvas.hold")
def hold() -> str:
    """Say which process is here, then wait for the key ``release``."""
    client().rpush("holding", os.getpid())
    while not client().exists("release"):
        time.sleep(0.01)
    return "released"
