"""One WebSocket on one execution: refused or accepted, then a snapshot, then the journal in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.db import DatabaseError

from fermata.api.permitted import with_can
from fermata.api.problems import CONTENT_TYPE, document
from fermata.api.rendering import dumps
from fermata.api.stream import handshake
from fermata.api.stream.handshake import Admitted, Refusal
from fermata.api.stream.hub import BATCH, Batch, Counted, Subscriber, hub, in_thread, read_numbered
from fermata.engine import journal
from fermata.engine import queries as engine
from fermata.errors import NotFound

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
STANDING_SECONDS = 3.0
"""How often session and right are looked at: a withdrawn one closes the socket within five seconds."""
LARGEST_MESSAGE = 64 * 1024
TOO_SLOW = 4409
REFUSED_DETAIL = {400: "The cursor is none.", 403: "This is not allowed.", 404: "There is no such execution."}


async def refuse(scope: dict[str, Any], send: Any, status: int) -> None:
    """Answer a handshake with a status; where the server cannot say which, it becomes 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    codes = {400: "invalid_request", 403: "forbidden", 404: "not_found", 503: "server_unavailable"}
    detail = REFUSED_DETAIL.get(status, "A server that is needed does not answer.")
    body = dumps(document(status, code=codes[status], detail=detail))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


class ExecutionConsumer(AsyncConsumer):  # type: ignore[misc]
    """``WS /api/v1/workflows/executions/{execution_id}/ws?after=``."""

    channel_layer_alias = "unused"  # signals come through the hub; a layer would hold a Redis read per socket

    admitted: Admitted
    subscriber: Subscriber | None = None
    seq: int = 0
    tasks: tuple[asyncio.Task[Any], ...] = ()

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Refuse, or accept and begin to send."""
        execution_id = UUID(self.scope["url_route"]["kwargs"]["execution_id"])
        try:
            self.admitted = await in_thread(handshake.admit, self.scope, execution_id)
        except Refusal as refusal:
            await refuse(self.scope, self.base_send, refusal.status)
            raise StopConsumer from None
        except DatabaseError as error:
            logger.warning("a stream was refused: %s", error)
            await refuse(self.scope, self.base_send, 503)
            raise StopConsumer from None
        await self.send({"type": "websocket.accept"})
        self.tasks = (asyncio.create_task(self._run()),)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Clients have nothing to say yet; they are told so."""
        size = len(message.get("bytes") or b"") + len(message.get("text") or "")
        if size > LARGEST_MESSAGE:
            await self._close(1009)
            return
        await self._frame(
            {"type": "problem", "code": "unknown_message", "detail": "This message is not understood."}
        )

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """The client is gone."""
        self._stop()
        raise StopConsumer

    async def _run(self) -> None:
        """Send until the client is too slow, or session or right end."""
        sender = asyncio.create_task(self._send_all())
        watcher = asyncio.create_task(self._watch())
        self.tasks = (*self.tasks, sender, watcher)
        done, _ = await asyncio.wait({sender, watcher}, return_when=asyncio.FIRST_COMPLETED)
        code = 1011
        for task in done:
            if task.exception() is not None:
                logger.error("a stream ended: %s", task.exception(), exc_info=task.exception())
            else:
                code = task.result() or code
        for task in (sender, watcher):
            task.cancel()
        self._leave()
        await self._close(code)

    async def _watch(self) -> int:
        """The close code, as soon as there is a reason to close."""
        checked = asyncio.get_running_loop().time()
        while True:
            lagging = self.subscriber is not None and self.subscriber.lagging.is_set()
            if lagging:
                return TOO_SLOW
            await asyncio.sleep(0.25)
            now = asyncio.get_running_loop().time()
            if now - checked >= STANDING_SECONDS:
                checked = now
                with contextlib.suppress(DatabaseError):  # an unreachable database withdraws no right
                    code = await in_thread(handshake.standing, self.admitted)
                    if code is not None:
                        return code

    async def _send_all(self) -> None:
        """Snapshot or the rest of the journal, then whatever the hub hands out."""
        execution_id = self.admitted.execution_id
        await self._begin()
        self.subscriber, start = hub().subscribe(execution_id, self.seq)
        while self.seq < start:
            batch = await in_thread(read_numbered, execution_id, self.seq)
            if not batch:
                break
            await self._send_batch(batch)
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    item = await self.subscriber.queue.get()
            except TimeoutError:
                await self._frame({"type": "heartbeat", "cursor": engine.cursor(self.seq)})
                continue
            if isinstance(item, Counted):
                await self._frame({"type": "counts", "nodes": item.nodes})
            else:
                await self._send_batch(item)

    async def _begin(self) -> None:
        """Set the place to go on from: the client's own, or that of a snapshot sent now."""
        execution_id, after = self.admitted.execution_id, self.admitted.after
        if after is not None and after <= await in_thread(journal.number, execution_id):
            self.seq = after
            return
        try:
            found = await in_thread(engine.snapshot, execution_id)
        except NotFound:
            await self._close(TOO_SLOW)
            return
        self.seq = engine.parse_cursor(found["cursor"])
        await self._frame({**found, "execution": with_can(found["execution"], self.admitted.principal)})

    async def _send_batch(self, batch: Batch) -> None:
        """Events beyond the place already sent, in frames of at most 500."""
        fresh = [(seq, row) for seq, row in batch if seq > self.seq]
        for begin in range(0, len(fresh), BATCH):
            part = fresh[begin : begin + BATCH]
            frame = {
                "type": "events",
                "after": engine.cursor(self.seq),
                "cursor": engine.cursor(part[-1][0]),
                "events": [row for _, row in part],
            }
            self.seq = part[-1][0]
            await self._frame(frame)

    async def _frame(self, frame: dict[str, Any]) -> None:
        await self.send({"type": "websocket.send", "text": dumps(frame).decode()})

    async def _close(self, code: int) -> None:
        with contextlib.suppress(RuntimeError, OSError):  # the client may be gone already
            await self.send({"type": "websocket.close", "code": code})

    def _leave(self) -> None:
        if self.subscriber is not None:
            hub().unsubscribe(self.admitted.execution_id, self.subscriber)
            self.subscriber = None

    def _stop(self) -> None:
        self._leave()
        for task in self.tasks:
            task.cancel()
