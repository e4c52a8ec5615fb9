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


class VisibleName(BaseModel):
    """A name that an expression may use at the place."""

    name: str = Field(description="as it is written: `inputs`, `steps.fetch.output`")
    node_id: str | None
    json_schema: dict[str, JsonValue] = Field(alias="schema", description="{}: nothing is known of it")
    optional: bool = Field(description="it may be absent, because its node may be skipped or fail")
    recorded: bool = Field(description="the example is what the execution in `from` had")
    example: JsonValue


class FunctionRow(BaseModel):
    """A function that expressions may call."""

    name: str
    signature: str
    description: str
    example: str
    gives: str = Field(description="what the example gives, as JSON")


class ExpressionScope(BaseModel):
    """What an expression may use at a place of the draft."""

    draft_rev: int
    origin: PreviewOrigin | None = Field(
        alias="from", description="the execution whose values complete schemas and serve as examples"
    )
    names: list[VisibleName]
    functions: list[FunctionRow]


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
