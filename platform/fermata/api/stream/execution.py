"""``WS …/executions/{execution_id}/ws?after=``: a snapshot, then the journal in order, and commands."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from fermata.api.frames import StreamCommand
from fermata.api.permitted import ticket_purpose, with_can
from fermata.api.problems import InvalidRequest
from fermata.api.resource import Query, checked
from fermata.api.stream import commands, handshake
from fermata.api.stream import connection as sockets
from fermata.api.stream.connection import Connection
from fermata.api.stream.feed import TAKE_A_SNAPSHOT, Feed, Watcher
from fermata.api.stream.handshake import Admitted
from fermata.api.stream.hub import hub
from fermata.api.stream.reading import AGAIN_SECONDS, AWAY, in_thread, patiently
from fermata.engine import journal
from fermata.engine import queries as engine
from fermata.errors import InvalidInput, NotFound

MISSING = "There is no such execution."


class Place(Query):
    """``after``: the cursor of the last snapshot or batch; without it a snapshot comes first."""

    after: str | None = None


class ExecutionStream(Connection):
    """One execution."""

    watcher: Watcher | None = None
    feed: Feed

    @property
    def execution_id(self) -> UUID:
        """Of the address."""
        return UUID(self.scope["url_route"]["kwargs"]["execution_id"])

    async def admit(self) -> Admitted:
        """See the base; ``asked`` is the place to go on from, None for a snapshot."""
        return await in_thread(_admit, self.scope, self.execution_id)

    def leave(self) -> None:
        """See the base."""
        if self.watcher is not None:
            hub().unwatch(self.execution_id, self.watcher)

    async def said(self, text: str | bytes) -> dict[str, Any]:
        """Carry a command out, with the rights the client has now."""
        command = commands.understood(text)
        if not isinstance(command, StreamCommand):
            return command
        try:
            principal = await in_thread(handshake.principal_now, self.admitted)
            self.told(principal)
            if principal is None:
                return commands.problem("not_authenticated", "The session has ended.", ref=command.id)
            return await in_thread(
                _carried_out, command, principal, self.execution_id, *self.admitted.workspace_ids
            )
        except AWAY:
            detail = "A server that is needed does not answer."
            return commands.problem("server_unavailable", detail, cure="Try again.", ref=command.id)

    async def stream(self) -> None:
        """Snapshot or the rest of the journal, then whatever the feed has."""
        self.watcher = watcher = Watcher(self.end)
        self.feed = hub().watch(self.execution_id, watcher)
        await self.feed.ready.wait()
        await self._begin(watcher)
        while True:
            watcher.wake.clear()
            if await self._send_next(watcher):
                continue
            try:
                async with asyncio.timeout(sockets.HEARTBEAT_SECONDS):
                    await watcher.wake.wait()
            except TimeoutError:
                await self.frame({"type": "heartbeat", "cursor": engine.cursor(watcher.seq)})

    async def _begin(self, watcher: Watcher) -> None:
        """Set the place to go on from: the client's own, or that of a snapshot sent now."""
        after: int | None = self.admitted.asked
        if after is not None and (
            after <= self.feed.seq or after <= await patiently(journal.number, self.execution_id)
        ):
            watcher.seq = after
            return
        while True:
            try:
                shot = await self.feed.snapshot()
                break
            except NotFound:
                self.end(TAKE_A_SNAPSHOT)
                return
            except AWAY:
                await asyncio.sleep(AGAIN_SECONDS)
        watcher.seq = shot.seq
        await self.text(shot.frame(with_can(shot.execution, self.principal)))

    async def _send_next(self, watcher: Watcher) -> bool:
        """Send what is due; False when nothing is."""
        try:
            batch = await self.feed.following(watcher)
        except AWAY:
            await asyncio.sleep(AGAIN_SECONDS)
            return True
        if batch is not None:
            # The place moves on only with the frame sent: a client that does not read falls out of the log.
            await self.text(batch.text)
            watcher.seq = batch.last
        elif watcher.counted != self.feed.counted:
            watcher.counted = self.feed.counted
            await self.text(self.feed.counts)
        return batch is not None or watcher.counted != self.feed.counted


def _admit(scope: dict[str, Any], execution_id: UUID) -> Admitted:
    visitor = handshake.visitor(scope, purpose=ticket_purpose(execution_id))
    try:
        workspace_id: UUID = engine.workspace_of(execution_id).workspace_id
    except NotFound:
        raise handshake.Refusal(404, MISSING) from None
    handshake.require(visitor.principal, workspace_id, missing=MISSING)
    try:
        asked = checked(Place, visitor.parameters)
        after = engine.parse_cursor(asked.after) if asked.after else None
    except (InvalidRequest, InvalidInput) as error:
        raise handshake.malformed(error) from error
    return visitor.admitted(frozenset({workspace_id}), after)


def _carried_out(command: StreamCommand, principal: Any, execution_id: UUID, workspace_id: UUID) -> Any:
    return commands.carried_out(command, principal, execution_id=execution_id, workspace_id=workspace_id)
