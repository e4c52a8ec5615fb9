"""The frames of the stream.

The models stand in the OpenAPI components, from which clients generate their types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from fermata.api.shapes import Execution, ExecutionRow, PathSegment, StepState

STREAM_DESCRIPTION = """
`WS /api/v1/workflows/executions/{execution_id}/ws?after=<cursor>` sends the frames `StreamFrame`: a snapshot
(unless `after` is given), then batches of events. Apply a batch only if its `after` equals your cursor,
otherwise ask `GET …/events?after=`. Clients may send `StreamCommand`.

`WS /api/v1/workflows/executions/ws?workspace=` with the filters of `GET /workflows/executions` (all but
`parent`), `workflow_id` and `limit` sends the frames `ListFrame`: the list's first rows, then rows that
changed. After a cut a new snapshot comes.

Authenticate with the session cookie and the site's own Origin, with `Authorization: Bearer`, or with
`?ticket=`. Refusals come at the handshake (400, 403, 404, 503). Close codes: 4401 session ended, 4403 right
withdrawn, 4409 too slow (take a new snapshot), 1008 too many messages, 1009 a message larger than 64 KiB,
1012 restarting.
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


class StreamCommand(BaseModel):
    """What a client may say on an execution's stream; the answer bears the same ``id``."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    type: str = Field(max_length=100, description="pause or resume")
    id: str | None = Field(None, max_length=100)


class Answered(BaseModel):
    """A command was carried out; ``status`` is the execution's after it."""

    type: Literal["answer"]
    id: str | None
    command: str
    status: str


class Refused(BaseModel):
    """Answer to a message that the server does not understand or allow."""

    type: Literal["problem"]
    id: str | None
    code: str
    detail: str
    cure: str | None


class ListSnapshot(BaseModel):
    """The list now, newest first. It replaces whatever the client has of the list."""

    type: Literal["snapshot"]
    rows: list[ExecutionRow]
    next: str | None = Field(description="`cursor` of `GET /workflows/executions` for the rows that follow")


class ListRows(BaseModel):
    """Rows that are in the list and changed or are new, and ids of rows that are in it no longer.

    Put each row in its place by `created_at` and `id`; ignore one with a lower `rev` than you have.
    """

    type: Literal["rows"]
    rows: list[ExecutionRow]
    removed: list[UUID]
    truncated: bool = Field(
        description="more rows changed at once than a frame takes; these are the newest: read others you show"
    )


class ListCounts(BaseModel):
    """Executions that fit the filters but `status`, by status; at most one frame a second."""

    type: Literal["counts"]
    counts: dict[str, int]
    total: int
    capped: bool


class ListHeartbeat(BaseModel):
    """Sent when nothing else was for 15 seconds."""

    type: Literal["heartbeat"]


StreamFrame = Snapshot | Events | Counts | Heartbeat | Answered | Refused
ListFrame = ListSnapshot | ListRows | ListCounts | ListHeartbeat | Refused


def components() -> dict[str, Any]:
    """The frames' JSON Schemas for OpenAPI's components.

    ``StreamFrame`` and ``ListFrame`` are the unions of what the two streams send, ``StreamCommand`` is what
    clients may say.
    """
    unions: dict[str, Any] = {
        "StreamFrame": StreamFrame,
        "ListFrame": ListFrame,
        "StreamCommand": StreamCommand,
    }
    found: dict[str, Any] = {}
    for name, kind in unions.items():
        mode: Literal["validation", "serialization"] = (
            "validation" if kind is StreamCommand else "serialization"
        )
        schema = TypeAdapter(kind).json_schema(mode=mode, ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found
