"""Writes of variables that outlive executions, from outside of any: one transaction with the ledger row each.

Nodes write them too, in their records; every write of either kind counts the version on. Callers have checked
workspace and permission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fermata.engine import wire
from fermata.engine.store import call
from fermata.errors import Conflict, InvalidInput, NotFound, OutOfDate
from fermata.graph.document import ID_PATTERN, MAX_ID

MOST = 1000
"""Variables of one workflow or workspace."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a variable lives; ``id``: the workflow's or the workspace's."""

    kind: Literal["workflow", "workspace"]
    id: UUID
    workspace_id: UUID


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be there for a write to happen: a version, something, nothing. Nothing said: whatever is."""

    version: int | None = None
    presence: bool | None = None

    @property
    def code(self) -> int | None:
        """As the SQL functions take it."""
        if self.version is not None:
            return self.version
        return None if self.presence is None else -int(self.presence)


WHATEVER = Expected()


def put(scope: Scope, *, name: str, value: Any, expected: Expected = WHATEVER, by: str) -> tuple[int, bool]:
    """Set a variable; its version, and whether it is new.

    Raises InvalidInput for a name documents cannot use, PayloadTooLarge, OutOfDate, Conflict at the limit.
    """
    if not is_name(name):
        raise _no_name()
    answer = call(
        "fermata_put_variable", str(scope.workspace_id), scope.kind, str(scope.id), name, wire.kept(value),
        expected.code, by, MOST,
    )  # fmt: skip
    if answer["result"] == "full":
        raise Conflict(
            f"There are {MOST} variables here already.", cure="Delete some, or put objects in one."
        )
    if answer["result"] == "refused":
        raise _out_of_date(answer["version"])
    return answer["version"], answer["result"] == "created"


def delete(scope: Scope, *, name: str, version: int | None = None, by: str) -> None:
    """Delete a variable: its declared default holds again. ``version``: only that one.

    Raises NotFound, OutOfDate.
    """
    if not is_name(name):
        raise NotFound("There is no such variable.")
    answer = call("fermata_drop_variable", str(scope.id), name, version, by)
    if answer["result"] == "absent":
        raise NotFound("There is no such variable.")
    if answer["result"] == "refused":
        raise _out_of_date(answer["version"])


def is_name(name: str) -> bool:
    """Whether a document can declare a variable of this name."""
    return len(name) <= MAX_ID and re.fullmatch(ID_PATTERN, name, re.ASCII) is not None


def _out_of_date(version: int | None) -> OutOfDate:
    cure = "Read the variable again, and send its version in If-Match."
    if version is None:
        return OutOfDate("There is no such variable any more.", cure="Leave If-Match out to make it.")
    return OutOfDate(cure=cure, version=version)


def _no_name() -> InvalidInput:
    row = {
        "code": "invalid_name",
        "pointer": "/name",
        "message": "No document can declare a variable of this name.",
        "cure": f"Use up to {MAX_ID} letters, digits and _, not beginning with a digit.",
    }
    return InvalidInput(row["message"], problems=[row])
