"""The ear: hears the signals from Redis while somebody watches something in this web process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from fermata.coordination import stream
from fermata.coordination.stream import Signal
from fermata.errors import ServerUnavailable

logger = logging.getLogger(__name__)

DEAF_SECONDS = 1.0
"""While Redis does not answer, everybody looks this often."""
GATHER_SECONDS = 0.01
"""Signals come singly by the thousand a second; read in handfuls they cost a tenth."""


class Ear:
    """Calls ``heard(signals)`` for what it hears, ``unsure()`` whenever something may have been missed."""

    def __init__(self, *, heard: Callable[[Sequence[Signal]], None], unsure: Callable[[], None]) -> None:
        self._heard = heard
        self._unsure = unsure
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to listen, if not listening."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())

    def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        last: str | None = None
        while self._task is asyncio.current_task():  # a cancellation can get lost inside the Redis client
            try:
                last = await self._hear(last)
            except ServerUnavailable:
                last = None
            except Exception:  # whatever it was: without an ear everybody would be late
                logger.exception("the signals cannot be heard")
                last = None
            if last is None:
                self._unsure()
                await asyncio.sleep(DEAF_SECONDS)
            else:
                await asyncio.sleep(GATHER_SECONDS)

    async def _hear(self, last: str | None) -> str | None:
        """One wait for signals.

        The id of the newest one, or None when Redis restarted empty under a clock set back.
        """
        if last is None:
            last = await stream.tip()
            self._unsure()  # what was signalled while nobody listened
        signals = await stream.read(last)
        if signals:
            self._heard(signals)
            return signals[-1][0]
        return None if _place(await stream.tip()) < _place(last) else last


def _place(signal_id: str) -> tuple[int, int]:
    milliseconds, _, number = signal_id.partition("-")
    return int(milliseconds or 0), int(number or 0)
