"""Variables that outlive executions, and the ledger of their writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fermata.engine import payloads
from fermata.engine.models import Payload, Variable, VariableWrite
from fermata.engine.queries.steps import INLINE_BYTES
from fermata.errors import NotFound


def variables(scope_id: UUID, *, after: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Variables by name, values up to 16 KiB in place; ``after``: the last name of the page before."""
    rows = Variable.objects.filter(scope_id=scope_id, iteration=0)
    if after is not None:
        rows = rows.filter(name__gt=after)
    page = list(rows.order_by("name")[:limit])
    values = _small(row.value_digest for row in page)
    written = _last_writes(scope_id, [row.name for row in page])
    return [{**_shown(row, written.get(row.name)), **_inline(row.value_digest, values)} for row in page]


def variable(scope_id: UUID, name: str) -> dict[str, Any]:
    """One variable with its whole value. Raises NotFound."""
    row = Variable.objects.filter(scope_id=scope_id, iteration=0, name=name).first()
    if row is None:
        raise NotFound("There is no such variable.")
    shown = _shown(row, _last_writes(scope_id, [name]).get(name))
    return {**shown, "value": payloads.value(bytes(row.value_digest)), "truncated": False}


def variable_writes(
    scope_id: UUID, name: str, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The writes of a variable, deleted ones' too, newest first; values up to 16 KiB in place.

    ``before``: the ``id`` of the last row of the page before.
    """
    rows = VariableWrite.objects.filter(scope_id=scope_id, name=name)
    if before is not None:
        rows = rows.filter(id__lt=before)
    page = list(rows.order_by("-id")[:limit])
    values = _small(digest for row in page for digest in (row.old_digest, row.new_digest))
    return [_shown_write(row, values) for row in page]


def _small(digests: Iterable[Any]) -> dict[bytes, Any]:
    wanted = {bytes(digest) for digest in digests if digest is not None}
    small = Payload.objects.filter(digest__in=wanted, size__lte=INLINE_BYTES).values_list("digest", flat=True)
    return payloads.load([bytes(digest) for digest in small])


def _inline(digest: Any, values: dict[bytes, Any]) -> dict[str, Any]:
    key = bytes(digest)
    return {"value": values.get(key), "truncated": key not in values}


def _last_writes(scope_id: UUID, names: list[str]) -> dict[str, VariableWrite]:
    rows = VariableWrite.objects.filter(scope_id=scope_id, name__in=names)
    return {row.name: row for row in rows.order_by("name", "-id").distinct("name")}


def _shown(row: Variable, written: VariableWrite | None) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "updated_at": written.at if written else None,
        "updated_by": written.by if written else None,
    }


def _shown_write(row: VariableWrite, values: dict[bytes, Any]) -> dict[str, Any]:
    sides = {"old": row.old_digest, "new": row.new_digest}
    large = [side for side, digest in sides.items() if digest is not None and bytes(digest) not in values]
    shown = {side: None if digest is None else values.get(bytes(digest)) for side, digest in sides.items()}
    names = ("id", "version", "operation", "by", "execution_id", "step_id", "at")
    return {**{name: getattr(row, name) for name in names}, **shown, "truncated": large}
