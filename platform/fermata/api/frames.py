"""The frames of the stream.

The models stand in the OpenAPI components, from which clients generate their types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue, TypeAdapter

from fermata.api.shapes import Execution, PathSegment, StepState

STREAM_DESCRIPTION = """
`WS /api/v1/workflows/executions/{execution_id}/ws?after=<cursor>` sends the frames `StreamFrame`: a snapshot
(unless `after` is given), then batches of events. Apply a batch only if its `after` equals your cursor,
otherwise ask `GET …/events?after=`. Authenticate with the session cookie and the site's own Origin, with
`Authorization: Bearer`, or with `?ticket=`. Refusals come at the handshake (403, 404). Close codes: 4401
session ended, 4403 right withdrawn, 4409 too slow (take a new snapshot), 1012 restarting.
""".strip()


class Event(BaseModel):
    """One entry of the journal. ``rev`` grows with every change of a step; ignore one you already have."""

    cursor: str
    type: str
    at: datetime
    step_id: UUID | None
    node_id: str | None
    path: list[PathSegment]
    run: int | None
    attempt: int | None
    status: str | None
    rev: int | None
    data: JsonValue


class NodeCounts(BaseModel):
    """How many steps of a node are in each status; absolute, superseded runs left out."""

    node_id: str
    counts: dict[str, int]


class Snapshot(BaseModel):
    """The state now. It may hold commits beyond its cursor."""

    type: Literal["snapshot"]
    cursor: str
    execution: Execution
    nodes: list[NodeCounts]
    steps: list[StepState] = Field(description="at most 5,000: live ones, then the newest")
    steps_truncated: bool


class Events(BaseModel):
    """A batch of events that follow ``after`` without a gap; ``cursor`` is the last one's."""

    type: Literal["events"]
    after: str
    cursor: str
    events: list[Event]


class Counts(BaseModel):
    """New counts of the nodes, at most one frame a second."""

    type: Literal["counts"]
    nodes: list[NodeCounts]


class Heartbeat(BaseModel):
    """Sent when nothing else was for 15 seconds."""

    type: Literal["heartbeat"]
    cursor: str


class Refused(BaseModel):
    """Answer to a message that the server does not understand or allow."""

    type: Literal["problem"]
    code: str
    detail: str


StreamFrame = Snapshot | Events | Counts | Heartbeat | Refused


def components() -> dict[str, Any]:
    """The frames' JSON Schemas for OpenAPI's components, with ``StreamFrame`` as their union."""
    reference = "#/components/schemas/{model}"
    union = TypeAdapter(StreamFrame).json_schema(mode="serialization", ref_template=reference)
    models: dict[str, Any] = union.pop("$defs")
    return {**models, "StreamFrame": union}
