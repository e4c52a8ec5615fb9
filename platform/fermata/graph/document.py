"""The document model: what a well-formed ``fermata/1`` document says, before it is judged as a graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from fermata.graph.plan import Retry, Settings

SCHEMA = "fermata/1"
DEFAULT_PORT = "out"
ID_PATTERN = r"[A-Za-z_][A-Za-z0-9_]*"
MAX_ID = 64
MAX_NODES = 10_000
MAX_EDGES = 50_000
MAX_NESTING = 10
MAX_LOOPS = 1_000
MAX_ITERATIONS = 1_000_000
DEFAULT_ITERATIONS = 1_000


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of ``nodes``; ``index`` is its place there. Absent settings are None."""

    index: int
    id: str
    type: str
    type_version: int | None = None
    label: str = ""
    parent: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    join: Literal["auto", "all", "any"] = "auto"
    retry: Retry = field(default_factory=Retry)
    timeout_seconds: float | None = None
    queue: str | None = None
    priority: int | None = None
    on_worker_loss: Literal["hold", "fail", "retry"] | None = None
    max_iterations: int | None = None

    @property
    def pointer(self) -> str:
        """Its JSON pointer."""
        return f"/nodes/{self.index}"


@dataclass(frozen=True, slots=True)
class Edge:
    """One entry of ``edges``; ``index`` is its place there, ``when`` the guard's text with its braces."""

    index: int
    source: str
    port: str
    target: str
    when: str | None = None

    @property
    def pointer(self) -> str:
        """Its JSON pointer."""
        return f"/edges/{self.index}"


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose parts are well-formed; parts that are not are left out and reported."""

    name: str
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    inputs: dict[str, Any] | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] | None = None
    settings: Settings = field(default_factory=Settings)
