"""What the graph must know of a node type; :mod:`fermata.nodes` answers, tests bring their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fermata.graph.plan import Effect


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A fault in a node's config; ``pointer`` is a JSON pointer relative to the config."""

    pointer: str
    message: str
    cure: str
    code: str = "invalid_config"


class NodeTypeInfo(Protocol):
    """One version of a node type, as the graph sees it."""

    @property
    def name(self) -> str:
        """What documents call it."""
        ...

    @property
    def version(self) -> int:
        """Counts up when its config or meaning changes."""
        ...

    @property
    def container(self) -> Literal["foreach", "while"] | None:
        """The kind of region it opens, or None."""
        ...

    @property
    def choosing(self) -> bool:
        """It answers with one of its ports (condition, switch, approval); others have only one."""
        ...

    @property
    def runnable(self) -> bool:
        """False for notes: they are kept in the document and left out of the plan."""
        ...

    @property
    def leaves_passage(self) -> bool:
        """True for break and continue: only inside a loop, no out-edges needed."""
        ...

    @property
    def secrets_allowed(self) -> bool:
        """True for types with outside effects: their config may read ``secrets.<name>``."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """What ``perform`` asks for beside its config's expressions, such as ``("arrivals",)``."""
        ...

    @property
    def deferred(self) -> tuple[str, ...]:
        """Top-level config keys evaluated at the end of a passage instead of when the node is performed."""
        ...

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Output ports for this (unrendered) config, the default one ("out") included where it has one."""
        ...

    def effect(self, config: Mapping[str, Any]) -> Effect:
        """How a repeat is judged for this config."""
        ...

    def queue(self, config: Mapping[str, Any]) -> str:
        """The Celery queue that performs it; "default" unless the type or config says otherwise."""
        ...

    def problems(self, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Every fault of the config; texts with ``{{ }}`` count as a value of any type."""
        ...

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the config."""
        ...

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """JSON Schema of what it gives for this (unrendered) config; ``{}`` where only a run can tell."""
        ...


class NodeTypes(Protocol):
    """The catalogue."""

    def find(self, name: str, version: int | None = None) -> NodeTypeInfo | None:
        """The type (its newest version without ``version``), or None."""
        ...

    def names(self) -> tuple[str, ...]:
        """All type names, sorted."""
        ...
