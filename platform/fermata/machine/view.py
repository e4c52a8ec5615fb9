"""What a worker knows of a step when it decides: nothing here grows with the execution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Frame:
    """A region as the step stands in it; ``frames[0]`` is the step's own region, the last one is the root.

    ``iteration``: the passage or item the step belongs to. ``step_id``: the container's step, None for root
    and loops. ``path``: [[region name, iteration], …] of the scope the region itself stands in.
    """

    id: str
    name: str
    kind: str
    iteration: int
    state: str = "open"
    step_id: str | None = None
    path: list[list[Any]] = field(default_factory=list)
    cause: dict[str, Any] | None = None


@dataclass(slots=True)
class StepView:
    """One claimed step. ``kind``: node | skip | settle | turn. Times in ISO 8601 or seconds as named."""

    id: str
    node: str
    kind: str
    run: int
    attempt: int
    fence: int
    state: str
    frames: list[Frame]
    losses: int = 0
    refusals: int = 0
    lane: int | None = None
    priority: int = 5
    data: Any = None
    rings: int = 0
    resume: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    started_at: str | None = None

    @property
    def path(self) -> list[list[Any]]:
        """[[region name, iteration], …] down to the step's own passage; empty in the root."""
        frame = self.frames[0]
        return frame.path if frame.kind == "root" else [*frame.path, [frame.name, frame.iteration]]


@dataclass(slots=True)
class ExecutionView:
    """The execution a step belongs to, as far as nodes and expressions may know it."""

    id: str
    workspace_id: str
    workflow_id: str
    version_id: str
    status: str
    priority: int = 5
    depth: int = 0
    version: int = 0
    started_by: str = ""
    created_at: str = ""


@dataclass(slots=True)
class Claim:
    """Everything one performance needs, loaded in one round trip.

    ``steps``: node (or ``loop/node``) → {"output"} or {"error"}; absent ancestors are not in it. ``previous``
    likewise. ``variables``: values found in the ledger (declared defaults fill the rest). ``remembered``:
    live exits and back edges of the step's loop region, [[edge, passage], …], for its turn and settle rows.
    ``result``: what a container's region came to. ``ahead``: the token of one known before it was asked
    for (``machine.ahead``); its record asks what the claim would have.
    """

    step: StepView
    execution: ExecutionView
    now: str
    steps: dict[str, Any] = field(default_factory=dict)
    previous: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    arrivals: list[dict[str, Any]] | None = None
    item: Any = None
    has_item: bool = False
    input: Any = None
    trigger: Any = None
    remembered: list[list[int]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    ahead: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a claim was not granted: absent, not_ready, paused, cancelled, gated, unknown_format."""

    result: str
    state: str | None = None
