"""A way to PostgreSQL that can be cut in the middle of a COMMIT: the answer to a record is swallowed."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal

Cut = Literal["before", "after"]

RECORD = b'"own"'
"""Stands in every decision that is sent to be recorded, and in nothing else."""


class CutWire:
    """Forwards TCP from a port of its own to `target`. `arm` cuts the next record's connection, once.

    `before`: the record never arrives. `after`: it is committed, and the answer is lost. `cuts` counts.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.cuts = 0
        self._armed: Cut | None = None
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="cut-wire", daemon=True).start()

    def arm(self, how: Cut | None) -> None:
        """Cut the next record so; None lets everything through."""
        with self._lock:
            self._armed = how

    def close(self) -> None:
        """Take no new connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                outer.settimeout(None)
            except OSError:
                inner.close()
                continue
            link = _Link(self, inner, outer)
            threading.Thread(target=link.carry_requests, daemon=True).start()
            threading.Thread(target=link.carry_answers, daemon=True).start()

    def taken(self, request: bytes) -> Cut | None:
        """How this request's connection is to be cut, if it is the one."""
        with self._lock:
            if self._armed is None or RECORD not in request:
                return None
            how, self._armed = self._armed, None
            self.cuts += 1
            return how


class _Link:
    """One connection, both ways."""

    def __init__(self, wire: CutWire, inner: socket.socket, outer: socket.socket) -> None:
        self._wire, self._inner, self._outer = wire, inner, outer
        self._swallow = threading.Event()

    def carry_requests(self) -> None:
        with suppress(OSError):
            while request := self._inner.recv(1 << 20):
                how = self._wire.taken(request)
                if how == "before":
                    break
                if how == "after":
                    self._swallow.set()
                self._outer.sendall(request)
        self._close()

    def carry_answers(self) -> None:
        with suppress(OSError):
            while answer := self._outer.recv(1 << 20):
                if self._swallow.is_set():
                    break  # it was committed before it was answered
                self._inner.sendall(answer)
        self._close()

    def _close(self) -> None:
        for end in (self._inner, self._outer):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
