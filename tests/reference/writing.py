"""Pieces of random documents: numbers, truths, nodes and edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hypothesis import strategies as st

Json = Any
T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[T]], T]


@dataclass(frozen=True)
class End:
    """An open end of the graph: the next node is attached to it."""

    node: str
    port: str = "out"
    when: str | None = None


@dataclass(frozen=True)
class Place:
    """Where nodes are being written, and what they may do there.

    ``kind``: root, foreach, while or loop (a natural one). ``reads``: expressions that give a number.
    ``variables`` may be written and read, ``sums`` only incremented (others do so at the same time).
    ``alone``: nothing else lives in the passage. ``alone_everywhere``: nothing else lives in the execution.
    ``may_fail``: a failure that leaves the passage changes nothing that order decides.
    """

    parent: str | None = None
    kind: str = "root"
    depth: int = 0
    reads: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    alone: bool = True
    alone_everywhere: bool = True
    may_fail: bool = True
    may_break: bool = False
    may_continue: bool = False

    def seeing(self, *reads: str) -> Place:
        """The same place with more to read."""
        return replace(self, reads=(*self.reads, *reads))

    def beside_others(self, variables: Sequence[str]) -> Place:
        """A branch that runs beside others; it keeps these variables to itself."""
        return replace(
            self, variables=tuple(variables), alone=False, alone_everywhere=False, may_fail=False,
            may_break=False, may_continue=False,
        )  # fmt: skip


@dataclass
class Draft:
    """A document in the making; ``draw`` takes from Hypothesis, ``left`` is how many nodes may still come."""

    draw: Draw[Any]
    left: int
    document: Json = field(
        default_factory=lambda: {
            "schema": "fermata/1", "name": "random", "variables": {}, "nodes": [], "edges": [],
        }
    )  # fmt: skip
    seen: set[str] = field(default_factory=set)

    def chance(self, one_in: int) -> bool:
        """True once in ``one_in``; shrinks to False."""
        return bool(self.draw(st.integers(0, one_in - 1)) == one_in - 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of them; shrinks to the first."""
        return self.draw(st.sampled_from(list(options)))  # type: ignore[no-any-return]

    def count(self, least: int, most: int) -> int:
        """A number; shrinks to the least."""
        return int(self.draw(st.integers(least, most)))

    def note(self, construct: str) -> None:
        """Remember that the document has this construct."""
        self.seen.add(construct)

    def node(
        self,
        kind: str,
        config: Json,
        ends: Sequence[End],
        place: Place,
        *,
        join: str | None = None,
        **more: Json,
    ) -> str:
        """Add a node behind ``ends``; its id."""
        self.left -= 1
        name = self.next_name(kind)
        node = {"id": name, "type": kind, "config": config, **more}
        if place.parent:
            node["parent"] = place.parent
        if join and len(ends) > 1:
            node["join"] = join
            self.note(f"join {join}")
        self.document["nodes"].append(node)
        for end in ends:
            self.edge(end, name)
        return name

    def next_name(self, kind: str) -> str:
        """The id that the next node of this type gets."""
        return f"{kind[:2]}{len(self.document['nodes']) + 1}"

    def edge(self, end: End, target: str) -> None:
        """Add an edge from the open end."""
        edge = {"from": end.node if end.port == "out" else f"{end.node}.{end.port}", "to": target}
        if end.when is not None:
            edge["when"] = end.when
            self.note("guard")
        self.document["edges"].append(edge)

    def variable(self, value: Json = 0) -> str:
        """Declare a new variable."""
        name = f"v{len(self.document['variables']) + 1}"
        self.document["variables"][name] = value
        return name

    def number(self, place: Place) -> str:
        """An expression, without braces, that gives a small number."""
        sources = ["1", "2", "3", "inputs.n", *place.reads, *(f"vars.{name}" for name in place.variables)]
        one = self.pick(sources)
        shape = self.count(0, 3)
        if shape == 0:
            return one
        other = self.pick(sources)
        return [f"({one} + {other}) % 97", f"({one} * 2 - {other}) % 89", f"({one} > {other} ? {one} : 7)"][
            shape - 1
        ]

    def truth(self, place: Place) -> str:
        """An expression, without braces, that is true or false."""
        number = self.number(place)
        return self.pick(
            [f"({number}) % 2 == 0", f"({number}) < {self.count(1, 40)}", f"({number}) > 0", "true"]
        )


def braces(expression: str) -> str:
    """The expression as a template."""
    return "{{ " + expression + " }}"


def reading(node: str, path: str = "output") -> str:
    """A number read from an ancestor that may have been skipped, have failed or have given null."""
    whole = f"steps.{node}.{path}"
    return f"(has({whole}) && {whole} != null ? {whole} : 0)"


def previously(node: str) -> str:
    """A number read from the passage before, whatever became of the node there."""
    whole = f"previous.{node}.output"
    return f"(has({whole}) && {whole} != null ? {whole} : 0)"
