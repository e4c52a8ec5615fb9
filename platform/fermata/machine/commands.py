"""What a decision asks the ledger to write.

Plain values; orjson turns them into the argument of ``fermata_record``.

A decision is a list of stages. The ledger applies the first; each further stage only if the scope named by
the check of the stage before is over (no live step in it). All in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class NewStep:
    """A row to insert. ``state``: ready or skipped. ``freeze``: fix now which of ``reads`` it may see.

    ``token``: what a claim that its ring carries is known by.
    """

    id: str
    node: str
    kind: str
    region: str
    iteration: int
    state: str = "ready"
    effect: str = "pure"
    queue: str = "default"
    priority: int = 5
    lane: int | None = None
    reads: tuple[str, ...] = ()
    freeze: bool = False
    timeout: float | None = None
    data: Any = None
    token: str | None = None


@dataclass(slots=True)
class NewRegion:
    """A region to open. ``items``: the foreach's items in chunks of 100, None for a range."""

    id: str
    name: str
    kind: str
    parent: str | None
    parent_iteration: int
    path: list[list[Any]]
    step: str | None = None
    total: int = 0
    next: int = 0
    active: int = 0
    failure_limit: int | None = None
    mode: str = "stop"
    fan_out: dict[str, Any] | None = None
    items: list[list[Any]] | None = None


@dataclass(slots=True)
class Arrive:
    """An edge settles at a counter join; opening it inserts ``step``, and ``opens`` for a loop's header."""

    join: str
    node: str
    region: str
    iteration: int
    edge: int
    live: bool
    source: str
    total: int
    need: int
    eager: bool
    step: NewStep
    opens: NewRegion | None = None


@dataclass(slots=True)
class Remember:
    """A live exit or back edge of a loop, kept until the region ends; later passages replace earlier ones."""

    region: str
    edge: int
    passage: int
    source: str


@dataclass(slots=True)
class EndItem:
    """One item of a foreach ended; the ledger counts it and starts the next one or ends the region.

    ``starts``: templates of the first steps of an item; their id and iteration are filled in by the ledger.
    ``loops``: start node → natural loop it is the header of.
    ``drain``: take no new items (break). ``cancel``: and stop those under way.
    """

    region: str
    iteration: int
    state: str
    output: Any = None
    error: dict[str, Any] | None = None
    lane: int | None = None
    starts: list[NewStep] = field(default_factory=list)
    loops: dict[str, str] = field(default_factory=dict)
    drain: bool = False
    cancel: bool = False


@dataclass(slots=True)
class Close:
    """Move a region (``iteration`` None) or one item of a foreach to ``state`` "closing" or "closed"."""

    region: str
    state: str
    cause: dict[str, Any] | None = None
    iteration: int | None = None


@dataclass(slots=True)
class Pass:
    """The region goes to passage ``to`` (its first steps stand in ``steps``) and is open."""

    region: str
    to: int


@dataclass(slots=True)
class Wake:
    """A waiting step becomes READY with ``resume``."""

    step: str
    resume: dict[str, Any]


@dataclass(slots=True)
class Finish:
    """The execution reaches its final state."""

    status: str
    output: Any = None
    has_output: bool = False
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class Check:
    """Is this scope over? ``sure``: known without looking (a serial region)."""

    region: str
    iteration: int
    sure: bool = False


@dataclass(slots=True)
class Stage:
    """Writes that belong together; ``check`` decides whether the next stage is applied."""

    regions: list[NewRegion] = field(default_factory=list)
    steps: list[NewStep] = field(default_factory=list)
    arrivals: list[Arrive] = field(default_factory=list)
    remember: list[Remember] = field(default_factory=list)
    close: list[Close] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    end_item: EndItem | None = None
    wake: Wake | None = None
    finish: Finish | None = None
    check: Check | None = None


@dataclass(slots=True)
class Own:
    """What becomes of the step itself: compare-and-swap on (id, fence, state in ready | running).

    ``due_seconds`` / ``due_at``: when a suspended step goes on by itself. ``definite``: count a definite
    refusal. ``ahead``: nobody has asked yet whether the step may begin; the row must bear this token.
    """

    id: str
    fence: int
    state: str
    output: Any = None
    has_output: bool = False
    input: Any = None
    has_input: bool = False
    port: str | None = None
    error: dict[str, Any] | None = None
    handled_by: str | None = None
    reason: str | None = None
    due_seconds: float | None = None
    due_at: str | None = None
    due_kind: str | None = None
    definite: bool = False
    started_at: str | None = None
    worker: str = ""
    ahead: str | None = None


@dataclass(slots=True)
class VariableWrite:
    """One atomic write. ``default`` stands in where the variable has no row yet."""

    name: str
    operation: str
    value: Any
    scope: str
    default: Any = None


@dataclass(slots=True)
class SpawnChild:
    """A sub-workflow to start in this transaction; the engine fills ``bundle`` (a whole start) first."""

    ordinal: int
    workflow: str
    version: int | str
    input: Any
    bundle: dict[str, Any] | None = None


@dataclass(slots=True)
class Decision:
    """One record: everything that follows from one performance of one step."""

    own: Own
    stages: list[Stage]
    writes: list[VariableWrite] = field(default_factory=list)
    spawn: list[SpawnChild] = field(default_factory=list)
    wait_children: bool = False
    signal: str | None = None
    approval: dict[str, Any] | None = None
    room: dict[str, int] | None = None


@dataclass(slots=True)
class Beginning:
    """The first writes of an execution: its root region and the steps that start."""

    region: NewRegion
    stage: Stage
