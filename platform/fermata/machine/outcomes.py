"""What a node answers with. Values only: the engine alone changes state (engine.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

DEFAULT_PORT = "out"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed.

    ``kind`` is the error class that ``retry.on`` and ``catch`` match, e.g. ``http_5xx``, ``timeout``,
    ``expression_error``. ``definite``: the outside refused (4xx, business error), so a repeat is a new
    request. ``cause`` is the failure that led to this one, in the same JSON shape.
    """

    kind: str
    message: str
    retryable: bool = False
    definite: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    node: str | None = None
    cause: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """{"class", "message", "data", "node"?, "cause"?}: what expressions see as ``error``."""
        shown: dict[str, Any] = {"class": self.kind, "message": self.message, "data": self.data}
        if self.node:
            shown["node"] = self.node
        if self.cause:
            shown["cause"] = self.cause
        return shown


@dataclass(frozen=True, slots=True)
class Write:
    """One variable write. ``scope``: iteration, execution, workflow or workspace."""

    name: str
    value: Any
    operation: Literal["set", "increment", "append", "merge"] = "set"
    scope: Literal["iteration", "execution", "workflow", "workspace"] = "execution"


@dataclass(frozen=True, slots=True)
class Done:
    """Finished with one JSON output, on one port."""

    output: Any = None
    port: str = DEFAULT_PORT
    writes: tuple[Write, ...] = ()


@dataclass(frozen=True, slots=True)
class Fail:
    """Failed. ``delay_seconds`` asks the retry policy for at least this delay."""

    failure: Failure
    delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """Suspend for ``seconds`` (shifts while paused) or until the instant ``until`` (does not).

    When due the node is performed again with ``resume = {"kind": "timer"}``.
    """

    seconds: float | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Await:
    """Suspend until something from outside arrives.

    ``kind`` "signal" waits for a signal called ``name``; "approval" makes an approval row from ``data``
    ({title, description?, assignees, quorum, form?}); "callback" waits for the step's callback token. The
    node is performed again with ``resume = {"kind": kind, "payload": …}`` or, when ``due_seconds`` /
    ``due_at`` passed first, ``{"kind": "timeout"}``.
    """

    kind: Literal["signal", "approval", "callback"]
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    due_seconds: float | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FanOut:
    """Run the container's inside once per item. ``items`` is a list, or None with ``total`` for a range.

    ``concurrency``: lanes. ``mode`` stop | drain | continue with ``max_count`` failed items tolerated
    (None: no threshold given). ``collect``: all | none | count | sum | min | max | expression.
    """

    total: int
    items: Sequence[Any] | None = None
    concurrency: int = 1
    mode: Literal["stop", "drain", "continue"] = "stop"
    max_count: int | None = None
    max_percent: float | None = None
    ordered: bool = True
    collect: Literal["all", "none", "count", "sum", "min", "max"] = "all"
    break_running: Literal["drain", "cancel"] = "drain"


@dataclass(frozen=True, slots=True)
class Child:
    """One sub-workflow to start: ``workflow`` (name or id), ``version`` ("latest" or n), ``input``."""

    workflow: str
    version: int | Literal["latest"] = "latest"
    input: Any = None


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start children in this step's transaction; with ``wait`` the step rests only when all are final.

    The node is performed again with ``resume = {"kind": "children", "children": [{"id", "status", "output",
    "error"}]}``; without ``wait`` it is done at once with the children's ids as output.
    """

    children: tuple[Child, ...]
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Again:
    """A ``while`` wants (another) passage."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A ``while`` ends without (another) passage."""


@dataclass(frozen=True, slots=True)
class Break:
    """End the innermost loop. A foreach takes no new item; ``running`` decides about items under way."""

    running: Literal["drain", "cancel"] = "drain"


@dataclass(frozen=True, slots=True)
class Continue:
    """End this item or passage and go on with the next."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """End the whole execution now."""

    status: Literal["succeeded", "failed"] = "succeeded"
    output: Any = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """The engine's own: a container's timeout ran out; what is live in it is cancelled, then it fails."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Rest:
    """The engine's own: the step waits on for children that were asked to end because of ``failure``."""

    failure: Failure


Outcome = (
    Expired
    | Rest
    | Done
    | Fail
    | Sleep
    | Await
    | FanOut
    | Spawn
    | Again
    | Stop
    | Break
    | Continue
    | Terminate
)
