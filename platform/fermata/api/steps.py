"""``/workflows/executions/{execution_id}/steps``: rows, slices of values, and a held step's resolution."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from pydantic import Field, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api import pagination
from fermata.api.executions import OneExecution
from fermata.api.resource import Input, Query, several
from fermata.api.schema import described
from fermata.api.shapes import StepPage, StepRow, StepStatus, ValueSlice
from fermata.engine import operations
from fermata.engine import queries as engine
from fermata.errors import InvalidInput

STATUSES = get_args(StepStatus)
PATH = re.compile(r"[^/]+:[0-9]{1,9}(/[^/]+:[0-9]{1,9})*")


Sort = Literal["ready_at", "-ready_at", "finished_at", "-finished_at", "duration", "-duration"]


class StepList(Query):
    """Filters narrow together. By ``finished_at`` and ``duration`` only steps that have ended are listed."""

    node_id: str | None = Field(None, max_length=200)
    parent: UUID | None = Field(None, description="a container's step, for its inside")
    iteration: int | None = Field(None, ge=0, le=2**31 - 1, description="of the innermost region")
    path: str | None = Field(
        None,
        max_length=2000,
        description="the scope they stand in, from outside in, such as each:4/@again:2; empty: the root",
    )
    status: str | None = Field(
        None,
        max_length=200,
        description="one or several, separated by commas",
        json_schema_extra=several(STATUSES),
    )
    superseded: bool | None = None
    sort: Sort = "ready_at"
    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(100, ge=1, le=1000)
    max_bytes: int = Field(
        engine.INLINE_BYTES,
        ge=0,
        le=engine.INLINE_BYTES,
        description="larger values are left out and named in `truncated`; 0 leaves all out",
    )

    @field_validator("status")
    @classmethod
    def _known(cls, text: str | None) -> str | None:
        unknown = [name for name in (text or "").split(",") if text and name not in STATUSES]
        if unknown:
            raise ValueError(f"there is no status {unknown[0]}; known are {', '.join(STATUSES)}")
        return text

    @field_validator("path")
    @classmethod
    def _leads(cls, text: str | None) -> str | None:
        if text and not PATH.fullmatch(text):
            raise ValueError("send region:iteration, with / between regions")
        return text

    def scope(self) -> list[tuple[str, int]] | None:
        """The path in parts."""
        if self.path is None:
            return None
        parts = [segment.rpartition(":") for segment in self.path.split("/")] if self.path else []
        return [(region, int(iteration)) for region, _, iteration in parts]


class ValuePart(Query):
    """``pointer`` into the value, then ``limit`` elements, members or characters from ``offset``."""

    side: Literal["input", "output"] = "output"
    pointer: str = Field("", max_length=2000)
    offset: int = Field(0, ge=0, le=2**31)
    limit: int = Field(1000, ge=1, le=100_000)
    max_bytes: int = Field(256 * 1024, ge=1, le=4 * 1024 * 1024)


class Resolution(Input):
    """What became of the effect whose worker was lost. ``output`` goes with ``succeed``."""

    action: Literal["retry", "fail", "succeed"]
    output: Any = None


class StepsView(OneExecution):
    """List steps."""

    actions = {"get": "execution.read"}

    @described("List steps", answer=StepPage, query=StepList)
    def get(self, request: Request, execution_id: UUID) -> Response:
        """Steps by the time they became ready, with values up to 16 KiB or less."""
        asked = self.query(StepList)
        rows = engine.steps(
            execution_id,
            filters=engine.StepFilters(
                node_id=asked.node_id,
                parent=asked.parent,
                iteration=asked.iteration,
                path=asked.scope(),
                statuses=tuple(asked.status.split(",")) if asked.status else (),
                superseded=asked.superseded,
            ),
            sort=asked.sort,
            after=_after(asked),
            limit=asked.limit + 1,
            inline=asked.max_bytes,
        )
        page, following = pagination.page(rows, limit=asked.limit, cursor=_cursor)
        return Response({"results": [_shown(row) for row in page], "next": following})


class StepView(OneExecution):
    """Read a step."""

    actions = {"get": "execution.read"}

    @described("Read a step", answer=StepRow)
    def get(self, request: Request, execution_id: UUID, step_id: UUID) -> Response:
        """One step with values up to 16 KiB."""
        return Response(_shown(engine.one_step(step_id, execution_id=execution_id)))


class ValueView(OneExecution):
    """Read a value."""

    actions = {"get": "execution.read"}

    @described("Read a slice of a value", answer=ValueSlice, query=ValuePart, errors=(422,))
    def get(self, request: Request, execution_id: UUID, step_id: UUID) -> Response:
        """A part of a step's input or output."""
        asked = self.query(ValuePart)
        row = engine.step(step_id, execution_id=execution_id)
        part = engine.Slice(asked.pointer, offset=asked.offset, limit=asked.limit, max_bytes=asked.max_bytes)
        return Response(engine.value(row, side=asked.side, part=part))


class ResolveView(OneExecution):
    """Resolve a held step."""

    actions = {"post": "execution.resolve"}

    @described("Resolve a held step", body=Resolution, answer=StepRow, errors=(409,))
    def post(self, request: Request, execution_id: UUID, step_id: UUID) -> Response:
        """Say what became of an effect whose worker was lost."""
        given = self.body(Resolution)
        if "output" in given.model_fields_set and given.action != "succeed":
            raise InvalidInput("`output` goes with the action succeed only.", cure="Leave `output` out.")
        engine.step(step_id, execution_id=execution_id)
        operations.resolve_held(step_id, action=given.action, output=given.output, by=self.principal.name)
        return Response(_shown(engine.one_step(step_id, execution_id=execution_id)))


def _after(asked: StepList) -> tuple[datetime | timedelta, UUID] | None:
    if asked.sort.lstrip("-") != "duration":
        return pagination.decode(asked.cursor, datetime, UUID)
    parts = pagination.decode(asked.cursor, int, UUID)
    return None if parts is None else (timedelta(microseconds=parts[0]), parts[1])


def _cursor(row: dict[str, Any]) -> str:
    place = row["sort_at"]
    whole = place // timedelta(microseconds=1) if isinstance(place, timedelta) else place
    return pagination.encode(whole, row["id"])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "sort_at"}
