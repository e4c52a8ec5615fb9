"""Calls of SQL functions through libpq itself: what every step does, without psycopg's cursors.

A cursor costs several times the call: it converts, polls and builds rows of what is one text each way. Here
the statement is prepared once a connection and then executed with its arguments as texts. libpq waits without
the interpreter's lock, so heartbeats go on; a signal is handled when the answer is there, never in COMMIT.

A call can also be asked and answered in two steps, so that both sides work at once. A connection whose answer
was not fetched is closed: what became of the call is then as unknown as after a cut.
"""

from __future__ import annotations

import select
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
    name = _name(connection, function, len(arguments))
    given: list[Any] = [_bytes(argument) for argument in arguments]  # its types know no NULL
    return _value(pgconn, pgconn.exec_prepared(name, given))


def ask(connection: psycopg.Connection, function: str, arguments: Sequence[Argument]) -> None:
    """Send the call; the next thing done with the connection must be `answer` or `drop`. Raises as `call`."""
    pgconn = connection.pgconn
    name = _name(connection, function, len(arguments))
    given: list[Any] = [_bytes(argument) for argument in arguments]
    try:
        pgconn.send_query_prepared(name, given)
        while pgconn.flush():
            _wait(pgconn, select.POLLIN | select.POLLOUT)
            pgconn.consume_input()
    except BaseException:
        drop(connection)
        raise


def answer(connection: psycopg.Connection) -> bytes:
    """Wait for what was asked, and answer as `call` does."""
    pgconn = connection.pgconn
    results: list[PGresult] = []
    try:
        while True:
            while pgconn.is_busy():
                _wait(pgconn, select.POLLIN)
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                break
            results.append(result)
    except BaseException:
        drop(connection)
        raise
    if not results:
        raise psycopg.OperationalError("The connection to PostgreSQL holds no answer.")
    return _value(pgconn, results[-1])


def drop(connection: psycopg.Connection) -> None:
    """Close the connection, whatever is under way in it; the next statement finds it closed."""
    connection.pgconn.finish()


def _wait(pgconn: PGconn, events: int) -> None:
    waiting = select.poll()
    waiting.register(pgconn.socket, events)
    waiting.poll()


def _name(connection: psycopg.Connection, function: str, arguments: int) -> bytes:
    """The name of the statement that calls it, prepared now if it was not yet."""
    known = _names.setdefault(connection, {})
    name = known.get((function, arguments))
    if name is None:
        name = f"fermata {function} {arguments}".encode()
        places = ", ".join(f"${place}" for place in range(1, arguments + 1))
        made = connection.pgconn.prepare(name, f"SELECT {function}({places})::text".encode())
        _checked(connection.pgconn, made, ExecStatus.COMMAND_OK)
        known[function, arguments] = name
    return name


def _value(pgconn: PGconn, result: PGresult) -> bytes:
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
