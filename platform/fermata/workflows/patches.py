"""RFC 6902 patches on a draft, bounded: a short patch must not make a huge document."""

from __future__ import annotations

import copy
from typing import Any

import orjson
from jsonpatch import JsonPatch, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointerException

from fermata.errors import Conflict, InvalidInput, PayloadTooLarge
from fermata.workflows import limits

MOST_OPERATIONS = 10_000
MOST_COPIED = 50 * 1024 * 1024
"""Bytes of the drafts that all copies of one patch lead to: each costs as much time as it makes text."""
PARTS = ("definition", "source", "editor")
BYTES = limits.DEFINITION_BYTES + limits.EDITOR_BYTES + limits.SOURCE_BYTES


def apply(document: dict[str, Any], patch: Any) -> dict[str, Any]:
    """``document`` ({"definition", "source", "editor"}) with the patch applied.

    The argument stays as it was.

    Raises InvalidInput with the pointer of the operation at fault, Conflict when a ``test`` fails,
    PayloadTooLarge.
    """
    if not isinstance(patch, list):
        raise _refused("", "A patch is a list of operations.", 'Send [{"op": …, "path": …}, …].')
    if len(patch) > MOST_OPERATIONS:
        raise PayloadTooLarge(f"A patch may hold {MOST_OPERATIONS} operations.", limit=MOST_OPERATIONS)
    result = copy.deepcopy(document)
    copied = 0
    for index, operation in enumerate(patch):
        _check_place(operation, index)
        result = _step(result, operation, index)
        if operation["op"] in {"copy", "move"} or operation["path"].count("/") > limits.DEPTH:
            _check_depth(result, index)
        if operation["op"] == "copy":
            copied += _checked_size(result)
            if copied > MOST_COPIED:
                raise PayloadTooLarge(
                    "The patch copies too much.", cure="Send several patches.", limit=MOST_COPIED
                )
    missing = {part: result.get(part) for part in PARTS}
    if not isinstance(missing["editor"], dict):
        missing["editor"] = {} if missing["editor"] is None else missing["editor"]
    return missing


def _step(document: Any, operation: dict[str, Any], index: int) -> Any:
    try:
        # The library keeps the patch's own objects; a copy keeps two places from sharing one.
        result = JsonPatch([copy.deepcopy(operation)]).apply(document, in_place=True)
    except JsonPatchTestFailed as error:
        raise Conflict(
            f"The test in operation {index} failed: the draft differs.", pointer=f"/{index}"
        ) from error
    except (
        JsonPatchException,
        JsonPointerException,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
    ) as error:
        why = str(error).splitlines()[0][:200] if str(error) else "it cannot be applied"
        cure = "Correct it; nothing was changed."
        raise _refused(f"/{index}", f"Operation {index} cannot be applied: {why}", cure) from error
    return result


def _checked_size(document: Any) -> int:
    """Only a copy makes a document grow faster than its patch; each can double it."""
    size = len(orjson.dumps(document))
    if size > BYTES:
        raise PayloadTooLarge(f"The draft would be larger than {BYTES} bytes.", limit=BYTES)
    return size


def _check_depth(document: Any, index: int) -> None:
    """A few copies and moves could nest a document deeper than anybody can read it."""
    level = [document]
    for _ in range(limits.DEPTH + 2):  # the three parts lie one level below
        if not level:
            return
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    if level:
        cure = "Flatten the value; nothing was changed."
        raise _refused(f"/{index}", f"Operation {index} nests values deeper than {limits.DEPTH}.", cure)


def _check_place(operation: Any, index: int) -> None:
    """Only /definition, /source and /editor and what lies in them can be changed."""
    places = (
        [operation.get("path"), operation.get("from", "/definition")]
        if isinstance(operation, dict)
        else [None]
    )
    for place in places:
        if not isinstance(place, str) or place.split("/")[1:2] == [] or place.split("/")[1] not in PARTS:
            raise _refused(
                f"/{index}",
                f"Operation {index} does not point into the draft.",
                "Let its path begin with /definition, /source or /editor.",
            )


def _refused(pointer: str, message: str, cure: str) -> InvalidInput:
    row = {"code": "invalid_patch", "pointer": pointer, "message": message, "cure": cure}
    return InvalidInput(message, problems=[row])
