"""An execution's journal as it happens: over the WebSocket, resumed by cursor, with polling where it breaks.

Whatever happens to the connection, events come in order, none is missed and none comes twice: a batch is
applied from the cursor that was reached, and a gap is read from the journal by REST.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from fermata.cli.interface import Interface, Json, Refused, Unreachable, problem_of

SILENCE_SECONDS = 40.0
"""The service speaks every 15 s; after a longer silence the connection counts as lost."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 1.0
GIVE_UP_SECONDS = 60.0
LARGEST_FRAME = 64 * 1024 * 1024
TAKE_A_SNAPSHOT = 4409
ENDED = {
    4401: "The token has expired or was revoked.",
    4403: "The right to read this execution was withdrawn.",
}


class Stream:
    """The frames `snapshot` and `events` of one execution.

    `from_start` begins with the whole journal, otherwise with a snapshot of now.
    """

    def __init__(self, interface: Interface, execution_id: str, *, from_start: bool) -> None:
        self.interface = interface
        self.execution_id = execution_id
        self.cursor: str | None = None
        self.reconnects = 0
        self._from_start = from_start
        self._silent_since: float | None = None

    def frames(self) -> Generator[Json, None, None]:
        """Frames for as long as the caller takes them.

        Raises `Refused` when the service says no, `Unreachable` when it does not answer for a minute.
        """
        pause = FIRST_PAUSE_SECONDS
        if self._from_start:
            yield from self._missed()
        while True:
            before = self.cursor
            try:
                yield from self._listen()
            except (WebSocketException, OSError):  # TimeoutError is one of the latter
                self.reconnects += 1
            pause = FIRST_PAUSE_SECONDS if self.cursor != before else min(pause * 2, LONGEST_PAUSE_SECONDS)
            time.sleep(pause)
            yield from self._poll()

    def _listen(self) -> Iterator[Json]:
        """What one connection brings, until it breaks."""
        try:
            with self._connect() as socket:
                while True:
                    yield from self._heard(json.loads(socket.recv(timeout=SILENCE_SECONDS)))
        except InvalidStatus as error:
            status = error.response.status_code
            if status in {401, 403, 404}:
                raise Refused(problem_of(status, bytes(error.response.body or b""))) from error
            raise
        except ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else 0
            if code in ENDED:
                raise Refused({"status": 403, "title": "Forbidden", "detail": ENDED[code]}) from error
            if code == TAKE_A_SNAPSHOT:
                self.cursor = None
            raise

    def _connect(self) -> ClientConnection:
        after = "" if self.cursor is None else f"?after={self.cursor}"
        return connect(
            self.interface.stream_url(self.execution_id) + after,
            additional_headers={"Authorization": f"Bearer {self.interface.token}"},
            proxy=None if self.interface.is_local else True,
            open_timeout=10,
            close_timeout=1,
            max_size=LARGEST_FRAME,
        )

    def _heard(self, frame: Json) -> Iterator[Json]:
        self._silent_since = None
        if frame["type"] == "snapshot":
            self.cursor = frame["cursor"]
            yield frame
        elif frame["type"] == "events":
            if self.cursor is None or frame["after"] > self.cursor:
                yield from self._missed()
            yield from self._applied(frame)

    def _applied(self, frame: Json) -> Iterator[Json]:
        """The part of a batch that lies beyond the cursor."""
        reached = self.cursor or ""
        fresh = [event for event in frame["events"] if event["cursor"] > reached]
        if fresh:
            self.cursor = fresh[-1]["cursor"]
            yield {"type": "events", "after": reached, "cursor": self.cursor, "events": fresh}
        elif self.cursor is None:
            self.cursor = frame["cursor"]

    def _missed(self) -> Iterator[Json]:
        """The journal from the cursor to its end, by REST."""
        while True:
            path = f"/workflows/executions/{self.execution_id}/events"
            frame = self.interface.get(path, after=self.cursor, limit=1000)
            self._silent_since = None
            yield from self._applied(frame)
            if len(frame["events"]) < 1000:
                return

    def _poll(self) -> Iterator[Json]:
        """One look by REST between two connections. Raises `Unreachable` after a minute without an answer."""
        try:
            if self.cursor is None:
                snapshot: Any = self.interface.get(f"/workflows/executions/{self.execution_id}/snapshot")
                yield from self._heard(snapshot)
            else:
                yield from self._missed()
        except (Unreachable, Refused) as error:
            if isinstance(error, Refused) and error.status < 500:
                raise
            now = time.monotonic()
            self._silent_since = self._silent_since or now
            if now - self._silent_since > GIVE_UP_SECONDS:
                raise


def follow(interface: Interface, execution_id: str, *, from_start: bool) -> Iterator[Json]:
    """The frames of an execution until the one that holds its end."""
    with contextlib.closing(Stream(interface, execution_id, from_start=from_start).frames()) as frames:
        for frame in frames:
            yield frame
            if final_status(frame) is not None:
                return


def final_status(frame: Json) -> str | None:
    """The execution's final status if the frame tells of its end."""
    if frame["type"] == "snapshot":
        execution = frame["execution"]
        return execution["status"] if execution["finished_at"] else None
    ends = (event["status"] for event in frame["events"] if event["type"] == "ExecutionFinished")
    return next(ends, None)
