"""A child of the pool: evaluates what it is sent, one text at a time, until its socket is closed.

Started by its module name with two numbers: bytes of address space, seconds of CPU time for one text. It
knows no settings, no database and no secret: what a text may see comes with the text.
"""

from __future__ import annotations

import resource
import signal
import socket
import sys
import time
from typing import Any

import orjson

from fermata.engine import limits
from fermata.engine.previews import wire
from fermata.engine.previews.shortening import kind_of, shortened
from fermata.errors import ExpressionError
from fermata.graph import expression
from fermata.graph.expression import TEMPLATE


def main() -> None:
    """Serve the socket that stands in for standard input."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted web process closes the socket
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    door = socket.socket(fileno=0)
    expression.evaluate("1 + 1", {})
    wire.send(door, orjson.dumps({"spent": time.process_time()}))
    while (request := wire.receive(door)) is not None:
        # The kernel's own end, also of time spent outside of the interpreter's sight.
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 2, resource.RLIM_INFINITY)
        )
        try:
            answer = _answer(request, seconds)
        except MemoryError:
            wire.send(door, b'{"too_costly": "memory"}')
            return  # what is left of this process is not to be trusted
        wire.send(door, answer)


def _answer(request: dict[str, Any], seconds: float) -> bytes:
    try:
        with limits.expression_time(seconds):
            return _value(request)
    except ExpressionError as error:
        return orjson.dumps(
            {
                "error": {"message": error.message, "cure": error.cure, **_place(error)},
                "spent": time.process_time(),
            }
        )


def _value(request: dict[str, Any]) -> bytes:
    text, bindings = request["text"], request["bindings"]
    value = expression.render(text, bindings) if TEMPLATE in text else expression.evaluate(text, bindings)
    try:
        shown, truncated = shortened(value, request["room"])
        return orjson.dumps(
            {"value": shown, "type": kind_of(value), "truncated": truncated, "spent": time.process_time()}
        )
    except TypeError:
        raise ExpressionError(
            "The result cannot be kept as JSON: it holds half a surrogate pair.",
            cure="Use text of whole characters.",
            offset=0,
            length=len(text),
        ) from None


def _place(error: ExpressionError) -> dict[str, Any]:
    return {name: error.data.get(name) for name in ("offset", "length")}


if __name__ == "__main__":
    main()
