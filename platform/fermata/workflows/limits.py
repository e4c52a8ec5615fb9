"""How large a document may be, and which values none may hold, because somebody could not keep them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import orjson

from fermata.errors import InvalidInput, PayloadTooLarge

DEFINITION_BYTES = 2 * 1024 * 1024
EDITOR_BYTES = 1024 * 1024
SOURCE_BYTES = 1024 * 1024
DEPTH = 100
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

Problem = dict[str, str]


def check_definition(definition: Any, *, pointer: str = "/definition") -> None:
    """Raise InvalidInput unless it is a storable JSON object, PayloadTooLarge above 2 MiB of JSON text."""
    _check(definition, pointer=pointer, limit=DEFINITION_BYTES)


def check_editor(editor: Any, *, pointer: str = "/editor") -> None:
    """Raise InvalidInput unless it is a storable JSON object, PayloadTooLarge above 1 MiB of JSON text."""
    _check(editor, pointer=pointer, limit=EDITOR_BYTES)


def check_size(value: Any, *, limit: int = DEFINITION_BYTES) -> None:
    """Raise PayloadTooLarge above ``limit`` bytes of JSON text; ``value`` is a storable JSON value."""
    size = len(orjson.dumps(value))
    if size > limit:
        raise PayloadTooLarge(
            f"The document is larger than {limit} bytes.",
            cure="Move a part into a sub-workflow.",
            limit=limit,
            size=size,
        )


def check_source(source: Any, *, pointer: str = "/source") -> None:
    """Raise InvalidInput unless it is text without NUL, PayloadTooLarge above 1 MiB."""
    if not isinstance(source, str):
        raise _invalid("wrong_type", pointer, "The source must be text.", "Send YAML text, or leave it out.")
    problem = _text_problem(source, pointer)
    if problem:
        raise InvalidInput(problem["message"], problems=[problem])
    if len(source.encode()) > SOURCE_BYTES:
        raise PayloadTooLarge(f"The YAML text is larger than {SOURCE_BYTES} bytes.", limit=SOURCE_BYTES)


def problems_of_value(value: Any, *, pointer: str = "") -> Iterator[Problem]:
    """Every value inside that cannot be stored.

    NUL, lone surrogates, integers beyond 64 bits, NaN, depth over 100. Iterative, for hostile depths.
    """
    stack: list[tuple[Any, str, int]] = [(value, pointer, 1)]
    while stack:
        item, where, depth = stack.pop()
        if not isinstance(item, (dict, list)):
            problem = _scalar_problem(item, where)
            if problem:
                yield problem
        elif depth > DEPTH:
            yield _row("too_deep", where, f"Values are nested deeper than {DEPTH}.", "Flatten the value.")
        elif isinstance(item, dict):
            yield from (problem for key in item if (problem := _text_problem(key, where)))
            stack.extend(
                (inner, f"{where}/{escape(key)}", depth + 1) for key, inner in reversed(item.items())
            )
        else:
            stack.extend((inner, f"{where}/{index}", depth + 1) for index, inner in enumerate(item))


def _scalar_problem(item: Any, pointer: str) -> Problem | None:
    if isinstance(item, str):
        return _text_problem(item, pointer)
    if isinstance(item, int) and not INTEGER_MIN <= item <= INTEGER_MAX:
        cure = "Send it as text, or as a number with a fraction."
        return _row("integer_too_large", pointer, "This integer does not fit into 64 bits.", cure)
    if isinstance(item, float) and not math.isfinite(item):
        cure = "Send null or text instead."
        return _row("number_not_finite", pointer, "JSON has no NaN and no infinity.", cure)
    return None


def escape(key: str) -> str:
    """A key as one token of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def _check(value: Any, *, pointer: str, limit: int) -> None:
    if not isinstance(value, dict):
        raise _invalid("wrong_type", pointer, "This must be a JSON object.", "Send an object: {…}.")
    problems = [
        problem for problem, _ in zip(problems_of_value(value, pointer=pointer), range(100), strict=False)
    ]
    if problems:
        raise InvalidInput("The document holds values that cannot be stored.", problems=problems)
    check_size(value, limit=limit)


def _text_problem(text: str, pointer: str) -> Problem | None:
    if "\x00" in text:
        return _row("nul_character", pointer, "Text must not hold the NUL character.", "Remove \\u0000.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        cure = "Send whole characters: both halves of a surrogate pair."
        return _row("lone_surrogate", pointer, "Text must not hold half a surrogate pair.", cure)
    return None


def _row(code: str, pointer: str, message: str, cure: str) -> Problem:
    return {
        "code": code,
        "pointer": pointer.encode("utf-8", "replace").decode(),
        "message": message,
        "cure": cure,
    }


def _invalid(code: str, pointer: str, message: str, cure: str) -> InvalidInput:
    return InvalidInput(message, problems=[_row(code, pointer, message, cure)])
