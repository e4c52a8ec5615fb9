"""Calls of SQL functions through libpq itself: what every step does, without psycopg's cursors.

A cursor costs several times the call: it converts, polls and builds rows of what is one text each way. Here
the statement is prepared once a connection and then executed with its arguments as texts. libpq waits without
the interpreter's lock, so heartbeats go on; a signal is handled when the answer is there, never in COMMIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

Argument = str | int | float | None
_names: WeakKeyDictionary[psycopg.Connection, dict[tuple[str, int], bytes]] = WeakKeyDictionary()
"""(function, number of arguments) → the statement's name, for each connection."""


def call(connection: psycopg.Connection, function: str, arguments: Sequence[Argument]) -> bytes:
    """The one value, as text, that the function answers; a transaction of its own.

    For connections in autocommit outside of a transaction. Raises psycopg.Error as a cursor would, ValueError
    for a NUL character (libpq's texts end at one).
    """
    pgconn = connection.pgconn
    known = _names.setdefault(connection, {})
    name = known.get((function, len(arguments)))
    if name is None:
        name = f"fermata {function} {len(arguments)}".encode()
        places = ", ".join(f"${place}" for place in range(1, len(arguments) + 1))
        made = pgconn.prepare(name, f"SELECT {function}({places})::text".encode())
        _checked(pgconn, made, ExecStatus.COMMAND_OK)
        known[function, len(arguments)] = name
    given: list[Any] = [_bytes(argument) for argument in arguments]  # its types know no NULL
    result = pgconn.exec_prepared(name, given)
    _checked(pgconn, result, ExecStatus.TUPLES_OK)
    return result.get_value(0, 0) or b"null"


def _bytes(argument: Argument) -> bytes | None:
    if argument is None:
        return None
    found = str(argument).encode()
    if b"\0" in found:
        raise ValueError("An argument holds a NUL character.")
    return found


def _checked(pgconn: PGconn, result: PGresult, expected: ExecStatus) -> None:
    if result.status == expected:
        return
    if pgconn.status != ConnStatus.OK:  # cut off: libpq's own words carry no code
        raise psycopg.OperationalError(result.error_message.decode("utf-8", "replace").strip())
    raise error_from_result(result)
