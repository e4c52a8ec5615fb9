"""What passes between the pool and a child: JSON values, each after its length in four bytes."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import orjson

LENGTH = struct.Struct(">I")
PIECE = 1 << 20


def send(door: socket.socket, body: bytes) -> None:
    """One value's JSON; ``TimeoutError`` after the socket's timeout, ``OSError`` when nobody reads."""
    door.sendall(LENGTH.pack(len(body)) + body)


def receive(door: socket.socket, *, until: float | None = None) -> Any:
    """One value; None at the end of the connection. ``until``: a monotonic time, then ``TimeoutError``."""
    head = _exactly(door, LENGTH.size, until)
    if head is None:
        return None
    body = _exactly(door, LENGTH.unpack(head)[0], until)
    return None if body is None else orjson.loads(body)


def _exactly(door: socket.socket, count: int, until: float | None) -> bytes | None:
    found = bytearray()
    while len(found) < count:
        if until is not None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            door.settimeout(left)
        piece = door.recv(min(count - len(found), PIECE))
        if not piece:
            return None
        found += piece
    return bytes(found)
