"""Steps of an execution, with their scopes; slices of big values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from fermata.engine import payloads
from fermata.engine.models import Payload, Region, Step
from fermata.errors import InvalidInput, NotFound
from fermata.machine.identity import root_id

INLINE_BYTES = 16 * 1024
"""A value up to this size stands in the row; a larger one is fetched by slice."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SORTS: dict[str, Any] = {
    "ready_at": Coalesce("ready_at", "finished_at", Value(EPOCH), output_field=DateTimeField()),
    "finished_at": F("finished_at"),
    "duration": ExpressionWrapper(
        F("finished_at") - Coalesce("started_at", "ready_at"), output_field=DurationField()
    ),
}
"""What steps can be sorted by; the end and the duration leave out those that have not ended."""


@dataclass(frozen=True, slots=True)
class StepFilters:
    """Which steps. Empty and None: any.

    ``parent``: the container's step, for its inside; ``iteration`` of the innermost region. ``path``: the
    scope they stand in, [(region, iteration), …] from the outside in; empty for the root.
    """

    node_id: str | None = None
    parent: UUID | None = None
    iteration: int | None = None
    path: Sequence[tuple[str, int]] | None = None
    statuses: Collection[str] = ()
    superseded: bool | None = None


def steps(
    execution_id: UUID,
    *,
    filters: StepFilters,
    sort: str = "ready_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 100,
    inline: int = INLINE_BYTES,
) -> list[dict[str, Any]]:
    """Rows of steps with inputs and outputs; ``sort``: one of SORTS, with ``-`` for descending.

    By the time they became ready; a skipped one: was settled. ``sort_at`` in a row is the key to go on from.
    """
    key = SORTS[sort.lstrip("-")]
    rows = _fitting(Step.objects.filter(execution_id=execution_id, kind="node"), execution_id, filters)
    rows = rows.annotate(sort_at=key).filter(sort_at__isnull=False)
    beyond, order = ("lt", "-") if sort.startswith("-") else ("gt", "")
    if after is not None:
        place, last_id = after
        rows = rows.filter(
            Q(**{f"sort_at__{beyond}": place}) | Q(sort_at=place, **{f"id__{beyond}": last_id})
        )
    page = list(rows.order_by(f"{order}sort_at", f"{order}id")[:limit])
    return with_values(page, inline=inline)


def _fitting(rows: QuerySet[Step], execution_id: UUID, filters: StepFilters) -> QuerySet[Step]:
    plain = {"node_id": filters.node_id, "iteration": filters.iteration, "superseded": filters.superseded}
    rows = rows.filter(**{name: value for name, value in plain.items() if value is not None})
    if filters.statuses:
        rows = rows.filter(state__in=filters.statuses)
    if filters.parent is not None:
        rows = rows.filter(region_id__in=_inside(filters.parent, execution_id))
    if filters.path is not None:
        regions, iteration = _scope(execution_id, filters.path)
        rows = rows.filter(region_id__in=regions, iteration=iteration)
    return rows


def _inside(step_id: UUID, execution_id: UUID) -> list[UUID]:
    """The regions a container's step opened, one for each attempt; found by the place it stands in."""
    opener = Step.objects.filter(id=step_id, execution_id=execution_id).first()
    if opener is None:
        return []
    opened = Region.objects.filter(
        parent_id=opener.region_id,
        parent_iteration=opener.iteration,
        name=opener.node_id,
        step_id=step_id,
    )
    return list(opened.values_list("id", flat=True))


def _scope(execution_id: UUID, path: Sequence[tuple[str, int]]) -> tuple[list[UUID], int]:
    """The regions a path leads to (several attempts of a container share one) and the iteration in them."""
    regions, iteration = [UUID(root_id(str(execution_id)))], 0
    for name, following in path:
        inner = Region.objects.filter(parent_id__in=regions, parent_iteration=iteration, name=name)
        regions, iteration = list(inner.values_list("id", flat=True)), following
    return regions, iteration


def step(step_id: UUID, *, execution_id: UUID) -> Step:
    """One step's row. Raises NotFound, also for a step of another execution."""
    row = Step.objects.filter(id=step_id, execution_id=execution_id, kind="node").first()
    if row is None:
        raise NotFound("There is no such step.")
    return row


def with_values(rows: Collection[Step], *, inline: int = INLINE_BYTES) -> list[dict[str, Any]]:
    """Rows as the interface shows them, values up to ``inline`` bytes in place.

    ``truncated`` names the sides left out.
    """
    digests = {
        bytes(digest)
        for row in rows
        for digest in (row.input_digest, row.output_digest)
        if digest is not None
    }
    sizes = {
        bytes(digest): size
        for digest, size in Payload.objects.filter(digest__in=digests).values_list("digest", "size")
    }
    values = payloads.load([digest for digest in digests if sizes.get(digest, 0) <= inline])
    shown = []
    for row, plain in zip(rows, without_values(rows), strict=True):
        sides = {"input": row.input_digest, "output": row.output_digest}
        large = [side for side, digest in sides.items() if digest and sizes.get(bytes(digest), 0) > inline]
        for side, digest in sides.items():
            plain[side] = None if digest is None or side in large else values.get(bytes(digest))
        if large:
            plain["truncated"] = large
        plain["sort_at"] = getattr(row, "sort_at", None)
        shown.append(plain)
    return shown


def without_values(rows: Iterable[Step]) -> list[dict[str, Any]]:
    """Rows as the interface shows them, without input and output; one query for all their scopes."""
    listed = list(rows)
    paths = scopes_of({row.region_id for row in listed})
    return [
        {
            "id": row.id,
            "node_id": row.node_id,
            "path": path_in(paths[row.region_id], row.iteration),
            "run": row.run,
            "superseded": row.superseded,
            "attempt": row.attempt,
            "status": row.state,
            "rev": row.rev,
            "port": row.port,
            "error": row.error,
            "handled_by": row.handled_by,
            "reason": row.reason,
            "worker": row.worker,
            "ready_at": row.ready_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "due_at": row.due_at,
        }
        for row in listed
    ]


def path_of(pairs: Any) -> list[dict[str, Any]]:
    """``[[region, iteration], …]`` as ``[{"region", "iteration"}, …]``."""
    return [{"region": region, "iteration": iteration} for region, iteration in pairs or []]


def scopes_of(region_ids: Collection[UUID]) -> dict[UUID, tuple[str, list[Any]]]:
    """Region id → (its name or "" for the root, the path of the scope it stands in)."""
    rows = Region.objects.filter(id__in=region_ids).values_list("id", "name", "kind", "path")
    found = {row_id: ("" if kind == "root" else name, path or []) for row_id, name, kind, path in rows}
    return {region_id: found.get(region_id, ("", [])) for region_id in region_ids}


def path_in(scope: tuple[str, list[Any]], iteration: int) -> list[dict[str, Any]]:
    """The path of what stands in one passage of a region, from ``scopes_of``."""
    name, outer = scope
    return path_of([*outer, [name, iteration]] if name else outer)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a value: ``pointer`` into it, then ``limit`` elements (or characters) from ``offset``."""

    pointer: str = ""
    offset: int = 0
    limit: int = 1000
    max_bytes: int = 256 * 1024


def value(row: Step, *, side: Literal["input", "output"], part: Slice) -> dict[str, Any]:
    """A slice of a step's input or output; see :func:`slice_of`. Raises NotFound without such a value."""
    digest = row.input_digest if side == "input" else row.output_digest
    if digest is None:
        raise NotFound(f"The step has no {side}.")
    return slice_of(payloads.value(bytes(digest)), part)


def slice_of(whole: Any, part: Slice) -> dict[str, Any]:
    """{"pointer", "type", "size", "offset", "value", "next_offset", "truncated"}.

    ``size`` counts elements, members or characters. At least one element is answered; one that is larger than
    ``max_bytes`` by itself is left out (``value`` null, ``truncated`` true): ask for it by pointer. Raises
    InvalidInput for a pointer that leads nowhere.
    """
    found = _at(whole, part.pointer)
    kind = _kind(found)
    shown: dict[str, Any] = {
        "pointer": part.pointer,
        "type": kind,
        "offset": 0,
        "next_offset": None,
        "truncated": False,
    }
    if kind not in {"array", "object", "string"}:
        return {**shown, "size": None, "value": found}
    entries = list(found.items()) if kind == "object" else found
    taken = entries[part.offset : part.offset + part.limit]
    while len(taken) > 1 and len(_text(kind, taken)) > part.max_bytes:
        taken = taken[: len(taken) // 2]
    end = part.offset + len(taken)
    shown |= {"size": len(entries), "offset": part.offset, "next_offset": end if end < len(entries) else None}
    if len(_text(kind, taken)) > part.max_bytes:
        return {**shown, "value": None, "truncated": True}
    return {
        **shown,
        "value": dict(taken) if kind == "object" else taken,
        "truncated": len(taken) < len(entries),
    }


def _text(kind: str, taken: Any) -> bytes:
    return orjson.dumps(dict(taken) if kind == "object" else taken)


def _kind(found: Any) -> str:
    if found is None:
        return "null"
    if isinstance(found, bool):
        return "boolean"
    return {int: "integer", float: "number", str: "string", list: "array", dict: "object"}[type(found)]


def _at(whole: Any, pointer: str) -> Any:
    if pointer and not pointer.startswith("/"):
        raise _nowhere(pointer)
    found = whole
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif (
            isinstance(found, list)
            and key.isascii()
            and key.isdigit()
            and len(key) < 10
            and int(key) < len(found)
        ):
            found = found[int(key)]
        else:
            raise _nowhere(pointer)
    return found


def _nowhere(pointer: str) -> InvalidInput:
    row = {
        "code": "pointer_leads_nowhere",
        "pointer": "/pointer",
        "message": f"There is nothing at {pointer[:200]} in this value.",
        "cure": "Ask for the value without pointer to see what it holds.",
    }
    return InvalidInput(row["message"], problems=[row])


def one_step(step_id: UUID, *, execution_id: UUID) -> dict[str, Any]:
    """One step as the interface shows it. Raises NotFound."""
    return with_values([step(step_id, execution_id=execution_id)])[0]
