"""Whether those who watch still may: asked every few seconds, once for each credential."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from fermata.accounts.queries import Principal
from fermata.api.stream import handshake
from fermata.api.stream.handshake import Admitted
from fermata.api.stream.reading import AWAY, in_thread

logger = logging.getLogger(__name__)

STANDING_SECONDS = 3.0
"""A withdrawn session, token or right closes the socket within five seconds."""
AT_ONCE = 4
SESSION_ENDED, RIGHT_WITHDRAWN = 4401, 4403

Told = Callable[[Principal | None], None]
"""Called with the principal as it is now, or None when session or token have ended."""


class Standings:
    """Looks while anybody watches."""

    def __init__(self) -> None:
        self._told: dict[str, dict[Told, Admitted]] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, admitted: Admitted, told: Told) -> None:
        """Tell ``told`` how it stands, every few seconds."""
        self._told.setdefault(admitted.credential, {})[told] = admitted
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, admitted: Admitted, told: Told) -> None:
        """Tell it no more."""
        group = self._told.get(admitted.credential, {})
        group.pop(told, None)
        if not group:
            self._told.pop(admitted.credential, None)
        if not self._told and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while self._told:
            began = time.monotonic()
            waiting = list(self._told)
            for start in range(0, len(waiting), AT_ONCE):
                await asyncio.gather(*map(self._ask, waiting[start : start + AT_ONCE]))
            await asyncio.sleep(max(0.0, STANDING_SECONDS - (time.monotonic() - began)))

    async def _ask(self, credential: str) -> None:
        group = self._told.get(credential)
        if not group:
            return
        try:
            principal = await in_thread(handshake.principal_now, next(iter(group.values())))
        except AWAY:
            return  # an unreachable database withdraws no right
        except Exception:
            logger.exception("it cannot be told how a stream's client stands")
            return
        for told in list(group):
            told(principal)
