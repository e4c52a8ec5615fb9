"""The compiled plan: what the machine reads, immutable and the same for the same document.

Built by :mod:`fermata.graph.compile`; stored as JSON (``to_json`` / ``from_json``) with a format number.

Words (engine.md §1, §2): a *region* runs as a unit and can repeat. The root, each container node
(``foreach``, ``while``) and each natural loop of a back edge is one. An edge is *forward*, or *back* when its
target is the header of a natural loop around its source. An edge whose target lies outside its source's
natural loop is an *exit* of every loop it leaves and is settled only when they end.

A *read* is a short text that says what a step needs, so that the ledger can load it without the plan:

====================  ===========================================================================
``inputs``            the execution's input
``trigger``           the execution's trigger data
``var:NAME``          a variable, looked up iteration → execution → workflow → workspace → declared default
``secret:NAME``       a sealed credential
``item``              the item of the innermost foreach
``step:NODE``         the output (or handled error) of NODE in this region's passage or an enclosing one
``step:@h/W/NODE``    NODE's latest success inside loops (``@header``, or a while's id) seen from outside
``previous:NODE``     NODE in the passage before this one of the innermost loop that holds it
``arrivals``          what arrived at this join node
====================  ===========================================================================

``index`` and ``execution.*`` come with every step and need no read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fermata.errors import UnknownFormat

FORMAT = 1

Effect = Literal["pure", "idempotent", "unsafe"]
RegionKind = Literal["root", "foreach", "while", "loop"]
EdgeKind = Literal["forward", "back", "exit"]
ROOT = "root"


@dataclass(frozen=True, slots=True)
class Expression:
    """One CEL expression. ``source`` is the text between the braces; ``reads`` as in the table above."""

    source: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """``index`` is its place in the document; ``when`` a guard evaluated by the record of the source."""

    index: int
    source: str
    port: str
    target: str
    kind: EdgeKind = "forward"
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """When a node with several forward in-edges starts.

    ``total`` forward in-edges; opens once ``need`` of them are live — at once if ``eager``, otherwise when
    all are settled; it is skipped as soon as ``need`` can no longer be met. auto: need 1, not eager; all:
    need total, eager; any: need 1, eager.
    """

    mode: Literal["auto", "all", "any"]
    total: int
    need: int
    eager: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds throughout. ``on``: error classes that are retried (empty: every retryable one)."""

    max_attempts: int = 1
    backoff: Literal["fixed", "linear", "exponential"] = "exponential"
    initial_seconds: float = 1.0
    max_seconds: float = 300.0
    jitter: float = 0.0
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One node, ready to run.

    ``config``: the document's config with ``{{ }}`` texts left in place. ``reads``: everything its step's
    claim must load: the config's reads, its out-edges' guards and — where this node may end a serial region's
    passage — what the region evaluates then. ``out``: port → edge indices. ``into``: forward in-edges (for a
    loop header: entry edges). ``freeze``: an ancestor may finish after this node has started (an ``any`` join
    stands upstream), so what it sees is frozen when it becomes READY.
    """

    id: str
    type: str
    type_version: int
    region: str
    effect: Effect
    config: dict[str, Any]
    ports: tuple[str, ...]
    out: dict[str, tuple[int, ...]]
    into: tuple[int, ...]
    join: JoinPolicy | None
    reads: tuple[str, ...]
    label: str = ""
    retry: Retry = Retry()
    timeout_seconds: float | None = None
    queue: str = "default"
    priority: int | None = None
    freeze: bool = False
    on_worker_loss: Literal["hold", "fail", "retry"] = "hold"


@dataclass(frozen=True, slots=True)
class PlanRegion:
    """One region.

    ``name``: "root", the container's node id, or the header's node id with ``@`` before it for loops.

    ``owner``: the container node (foreach, while) or the header (loop); "" for root. ``members``: its direct
    nodes. ``starts``: nodes without forward in-edges (loop: the header only). ``sinks``: nodes without
    out-edges. ``back`` and ``exits``: edge indices (an exit of an inner loop that also leaves this one stands
    in both). ``serial``: at most one step of a passage is ever live, so its last record ends the passage by
    itself. ``ending``: expressions evaluated at the end of a passage, by name: foreach ``collect`` and
    ``failed_when``; while ``condition`` / ``until`` / ``output``; root ``output`` (one expression text per
    output name, JSON template).
    """

    name: str
    kind: RegionKind
    parent: str | None
    owner: str
    members: tuple[str, ...]
    starts: tuple[str, ...]
    sinks: tuple[str, ...]
    back: tuple[int, ...] = ()
    exits: tuple[int, ...] = ()
    serial: bool = False
    max_iterations: int | None = None
    ending: dict[str, Any] = field(default_factory=dict)
    ending_reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Workflow settings, seconds throughout.

    ``dispatch``: each ready step by itself, or pure ones together, in batches.
    """

    timeout_seconds: float | None = None
    priority: int = 5
    max_steps: int = 1_000_000
    concurrency: dict[str, Any] | None = None
    on_conflict: str = "reject"
    canvas: bool = True
    dispatch: Literal["each", "together"] = "each"


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole compiled workflow. ``digest`` is the canonical document's sha-256 in hex."""

    digest: str
    name: str
    nodes: dict[str, PlanNode]
    edges: tuple[PlanEdge, ...]
    regions: dict[str, PlanRegion]
    settings: Settings
    inputs: dict[str, Any] | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] | None = None
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; ``from_json`` gives the same plan back. Raises nothing."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        """The plan that ``to_json`` wrote. Raises UnknownFormat when it was written by a newer Fermata."""
        if data.get("format") != FORMAT:
            raise UnknownFormat(format=data.get("format"), known=FORMAT)
        return cls(
            digest=data["digest"],
            name=data["name"],
            nodes={key: _node(value) for key, value in data["nodes"].items()},
            edges=tuple(_edge(value) for value in data["edges"]),
            regions={key: _region(value) for key, value in data["regions"].items()},
            settings=Settings(**data["settings"]),
            inputs=data["inputs"],
            variables=data["variables"],
            output=data["output"],
            format=FORMAT,
        )

    def region_of(self, node_id: str) -> PlanRegion:
        """The region the node stands in directly."""
        return self.regions[self.nodes[node_id].region]


def _expression(data: dict[str, Any] | None) -> Expression | None:
    return None if data is None else Expression(source=data["source"], reads=tuple(data["reads"]))


def _edge(data: dict[str, Any]) -> PlanEdge:
    return PlanEdge(**{**data, "when": _expression(data["when"])})


def _node(data: dict[str, Any]) -> PlanNode:
    return PlanNode(
        **{
            **data,
            "ports": tuple(data["ports"]),
            "out": {port: tuple(edges) for port, edges in data["out"].items()},
            "into": tuple(data["into"]),
            "join": JoinPolicy(**data["join"]) if data["join"] else None,
            "reads": tuple(data["reads"]),
            "retry": Retry(**{**data["retry"], "on": tuple(data["retry"]["on"])}),
        }
    )


def _region(data: dict[str, Any]) -> PlanRegion:
    sequences = ("members", "starts", "sinks", "back", "exits", "ending_reads")
    return PlanRegion(**{**data, **{key: tuple(data[key]) for key in sequences}})
