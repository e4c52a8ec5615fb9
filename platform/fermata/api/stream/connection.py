"""One WebSocket: refused at the handshake or accepted, what it sends, what it may say, and why it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, ClassVar

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

from fermata.accounts.queries import Principal
from fermata.api.problems import CONTENT_TYPE, document
from fermata.api.rendering import dumps
from fermata.api.stream.commands import problem
from fermata.api.stream.handshake import ACTION, Admitted, Refusal
from fermata.api.stream.hub import FAILED, hub
from fermata.api.stream.reading import AWAY
from fermata.api.stream.standing import RIGHT_WITHDRAWN, SESSION_ENDED

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
LARGEST_MESSAGE = 64 * 1024
BURST, MESSAGES_A_SECOND = 30, 10
"""What a client may say at once, and how fast that refills."""
TOO_MUCH, TOO_LARGE = 1008, 1009
CODES = {400: "invalid_request", 403: "forbidden", 404: "not_found", 503: "server_unavailable"}


async def refuse(scope: dict[str, Any], send: Any, refusal: Refusal) -> None:
    """Answer a handshake with a status; where the server cannot say which, it becomes 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 4000 + refusal.status})
        return
    data = {"problems": refusal.problems or None}
    body = dumps(document(refusal.status, code=CODES[refusal.status], detail=refusal.detail, data=data))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


class Connection(AsyncConsumer):  # type: ignore[misc]
    """Base of the streams: a subclass says who may come (``admit``) and what is sent (``stream``)."""

    channel_layer_alias = "unused"  # signals come through the hub; a layer would hold a Redis read per socket

    said_to_nothing: ClassVar[str] = "Nothing can be said on this stream."
    admitted: Admitted
    principal: Principal
    ended: asyncio.Future[int]
    running: asyncio.Task[None] | None = None

    async def admit(self) -> Admitted:
        """Who comes. Raises Refusal."""
        raise NotImplementedError

    async def stream(self) -> None:
        """Send, until cancelled."""
        raise NotImplementedError

    def leave(self) -> None:
        """Stop being told of news."""
        raise NotImplementedError

    async def said(self, text: str | bytes) -> dict[str, Any]:
        """The answer to a message of the client's."""
        return problem("unknown_message", self.said_to_nothing)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Refuse, or accept and begin to send."""
        try:
            self.admitted = await self.admit()
        except Refusal as refusal:
            await refuse(self.scope, self.base_send, refusal)
            raise StopConsumer from None
        except AWAY as error:
            logger.warning("a stream was refused: %s", error)
            await refuse(self.scope, self.base_send, Refusal(503))
            raise StopConsumer from None
        self.principal = self.admitted.principal
        self.ended = asyncio.get_running_loop().create_future()
        self._budget, self._budget_at = float(BURST), time.monotonic()
        await self.send({"type": "websocket.accept"})
        self.running = asyncio.create_task(self._run())

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Answer what the client says, if it is short and not too often."""
        text = message.get("text") or message.get("bytes") or ""
        if len(text) > LARGEST_MESSAGE:
            self.end(TOO_LARGE)
        elif not self._affordable():
            self.end(TOO_MUCH)
        elif not self.ended.done():
            await self.frame(await self.said(text))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The client is gone, or the server ends."""
        if self.running is not None:
            self.running.cancel()
            await asyncio.wait({self.running})
        raise StopConsumer

    def end(self, code: int) -> None:
        """Close with this code, as soon as the client takes it."""
        if not self.ended.done():
            self.ended.set_result(code)

    async def frame(self, frame: dict[str, Any]) -> None:
        """Send a frame."""
        await self.text(dumps(frame).decode())

    async def text(self, text: str) -> None:
        """Send a finished frame; waits while the client does not read."""
        await self.send({"type": "websocket.send", "text": text})

    def told(self, principal: Principal | None) -> None:
        """How the client stands now."""
        if principal is None:
            self.end(SESSION_ENDED)
        elif not all(principal.allows(place, ACTION) for place in self.admitted.workspace_ids):
            self.end(RIGHT_WITHDRAWN)
        else:
            self.principal = principal

    def _affordable(self) -> bool:
        now = time.monotonic()
        self._budget = min(BURST, self._budget + MESSAGES_A_SECOND * (now - self._budget_at))
        self._budget_at = now
        self._budget -= 1
        return self._budget >= 0

    async def _run(self) -> None:
        """Send until the client is too slow, or session or right end."""
        hub().standings.add(self.admitted, self.told)
        sender = asyncio.create_task(self.stream())
        try:
            either: list[asyncio.Future[Any]] = [sender, self.ended]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hub().standings.remove(self.admitted, self.told)
            self.leave()
            sender.cancel()
            await asyncio.wait({sender})
        if not self.ended.done():
            self._failed(sender)
        with contextlib.suppress(RuntimeError, OSError):  # the client may be gone already
            await self.send({"type": "websocket.close", "code": self.ended.result()})

    def _failed(self, sender: asyncio.Task[None]) -> None:
        error = None if sender.cancelled() else sender.exception()
        if not isinstance(error, OSError):  # a client that is gone is no error
            logger.error("a stream ended: %s", error, exc_info=error)
        self.end(FAILED)
