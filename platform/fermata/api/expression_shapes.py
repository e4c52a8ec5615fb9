"""The bodies of answers about expressions, as models; see ``shapes``."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue

from fermata.api.shapes import PathSegment


class PreviewError(BaseModel):
    """Why an expression has no value, and where: characters of the text that was sent."""

    code: str
    message: str
    cure: str | None
    offset: int
    length: int


class PreviewOrigin(BaseModel):
    """The place in an execution whose recorded values were seen; ``step_id`` null: no step is there yet."""

    execution_id: UUID
    step_id: UUID | None
    path: list[PathSegment]


class Preview(BaseModel):
    """What an expression gives; the beginning of a value over 16 KiB."""

    ok: bool
    value: JsonValue
    type: Literal["null", "boolean", "integer", "number", "string", "array", "object"] | None
    truncated: bool
    origin: PreviewOrigin | Literal["sample"] | None = Field(
        alias="from", description="null: the values were made up from schemas and defaults"
    )
    error: PreviewError | None
