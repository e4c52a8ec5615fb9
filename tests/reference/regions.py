"""Regions of the reference: passages, joins, dead paths and natural loops (engine.md §2, §2a.3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from tests.reference.outcomes import Failed, Left
from tests.reference.results import Key, Path, Step
from tests.reference.shape import Region, Shape

Json = Any
Choose = Callable[[int], int]
Steps = Generator[str | None, None, Any]
"""A coroutine that yields between steps; once it yields WAITS it can go on no more."""
WAITS = "waits"


@dataclass
class Scope:
    """What stands around a step: outer steps, the passage before, item, index, iteration variables."""

    steps: dict[str, Json] = field(default_factory=dict)
    previous: dict[str, Json] = field(default_factory=dict)
    names: dict[str, Json] = field(default_factory=dict)
    locals: tuple[dict[str, Json], ...] = ()


@dataclass
class Passage:
    """How one passage ended: its settled edges, what its steps showed, how it was left if it was."""

    settled: dict[int, bool] = field(default_factory=dict)
    seen: dict[str, Json] = field(default_factory=dict)
    left: Left | None = None


@dataclass
class Unit:
    """How one part of a passage (a node or a whole loop) ended: ``edges`` that leave it, settled."""

    edges: dict[int, bool] = field(default_factory=dict)
    seen: dict[str, Json] = field(default_factory=dict)
    left: Left | None = None


class Together:
    """Coroutines that run side by side."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.live: list[tuple[Any, Steps]] = []
        self.parked: set[Steps] = set()

    def add(self, key: Any, coroutine: Generator[str | None, None, Any]) -> None:
        """Start it: it runs up to its first step, which becomes ready and is not performed yet."""
        next(coroutine)
        self.live.append((key, coroutine))

    def advance(self) -> tuple[Any, Any] | None:
        """Let one of them take one step; (key, result) when that was its last."""
        able = [pair for pair in self.live if pair[1] not in self.parked]
        key, coroutine = able[self.choose(len(able))]
        try:
            if next(coroutine) == WAITS:
                self.parked.add(coroutine)
        except StopIteration as stop:
            self.live = [pair for pair in self.live if pair[1] is not coroutine]
            return key, stop.value
        return None

    @property
    def mood(self) -> str | None:
        """WAITS when nothing that lives can go on by itself."""
        return WAITS if all(coroutine in self.parked for _, coroutine in self.live) else None

    def cancel(self) -> None:
        """Whatever is live ends cancelled, inner steps included."""
        for _, coroutine in self.live:
            coroutine.close()
        self.live = []


class Regions(ABC):
    """Runs the regions of one document; what a node does is left to the subclass."""

    def __init__(self, document: Json, choose: Choose) -> None:
        """``choose`` picks which of n live steps goes on."""
        self.document, self.choose = document, choose
        self.shape = Shape(document)
        self.steps: dict[Key, Step] = {}

    @abstractmethod
    def node(self, node: Json, path: Path, scope: Scope) -> Generator[str | None, None, Unit]:
        """One step: ready until the first ``yield``, then performed; its record settles its out-edges."""

    def outputs_of_sinks(self, region: Region, end: Passage) -> dict[str, Json]:
        """By node id: the direct nodes without out-edges that succeeded."""
        return {n: end.seen[n]["output"] for n in self.shape.sinks(region) if "output" in end.seen.get(n, {})}

    def passage(self, region: Region, path: Path, scope: Scope) -> Generator[str | None, None, Passage]:
        """One passage: parts start as their joins open, until no live step is left or somebody leaves."""
        end, together = Passage(), Together(self.choose)
        decided: dict[str, str] = dict.fromkeys(region.starts, "start")
        try:
            for node in region.starts:
                together.add(node, self.part(region, node, path, scope, end, arrivals=[]))
            while together.live:
                yield together.mood
                finished = together.advance()
                if finished is None:
                    continue
                node, unit = finished
                end.seen.update(unit.seen)
                if unit.left and unit.left.how == "failed" and self.comes_late(region, node, decided):
                    unit = Unit(edges={e.index: False for e in self.shape.out[node]})
                if unit.left:
                    end.left = unit.left
                    break
                for target, arrivals in self.settle(region, unit.edges, path, end, decided):
                    together.add(target, self.part(region, target, path, scope, end, arrivals=arrivals))
        finally:
            together.cancel()
        return end

    def part(
        self, region: Region, node: str, path: Path, scope: Scope, end: Passage, *, arrivals: list[Json]
    ) -> Generator[str | None, None, Unit]:
        """A node of the region, or the loop it heads. It sees what was there when it became ready."""
        now = replace(scope, steps={**scope.steps, **end.seen}, names={**scope.names, "arrivals": arrivals})
        loop = self.shape.loop_headed_by(node)
        if loop is not None and loop is not region:
            return self.loop(loop, path, now)
        return self.node(self.shape.nodes[node], path, now)

    def settle(
        self, region: Region, edges: dict[int, bool], path: Path, end: Passage, decided: dict[str, str]
    ) -> Iterable[tuple[str, list[Json]]]:
        """Settle edges; skip what is dead, and name what starts, with what arrived there."""
        starting: list[tuple[str, list[Json]]] = []
        todo = sorted(edges.items())
        while todo:
            index, live = todo.pop(0)
            end.settled[index] = live
            target = self.shape.edges[index].target
            if self.shape.unit(region, target) is None or index in self.shape.back or target in decided:
                continue
            verdict = self.join(target, end.settled)
            if verdict is not None:
                decided[target] = verdict
            if verdict == "start":
                starting.append((target, self.arrivals(target, path, end)))
            if verdict == "skip":
                todo += sorted(self.skip(target, path).items())
        return starting

    def join(self, node: str, settled: dict[int, bool]) -> str | None:
        """ "start", "skip", or None while it is open."""
        into = [e.index for e in self.shape.into[node]]
        live = [i for i in into if settled.get(i) is True]
        dead = [i for i in into if settled.get(i) is False]
        mode = self.shape.nodes[node].get("join", "auto")
        mode = mode["mode"] if isinstance(mode, dict) else mode
        if mode == "any":
            return "start" if live else "skip" if dead == into else None
        if mode == "all":
            return "skip" if dead else "start" if live == into else None
        if len(live) + len(dead) < len(into):
            return None
        return "start" if live else "skip"

    def comes_late(self, region: Region, node: str, decided: dict[str, str]) -> bool:
        """Whether an opened join takes up this failure: all forward paths lead through it (§2a.7)."""
        opened = [n for n, verdict in decided.items() if verdict == "start" and len(self.shape.into[n]) > 1]
        return node in region.nodes and any(self.shape.all_paths_lead_through(node, join) for join in opened)

    def arrivals(self, node: str, path: Path, end: Passage) -> list[Json]:
        where = [{"region": region, "iteration": i} for region, i in path]
        return [
            {"node": e.source, "port": e.port, "path": where, **end.seen.get(e.source, {})}
            for e in self.shape.into[node]
            if end.settled.get(e.index)
        ]

    def skip(self, node: str, path: Path) -> dict[int, bool]:
        """A skipped node, container or loop is one row; every edge that leaves it dies."""
        self.steps[node, path] = Step("skipped")
        loop = self.shape.loop_headed_by(node)
        return {e.index: False for e in (self.shape.exits(loop) if loop else self.shape.out[node])}

    def loop(self, loop: Region, path: Path, scope: Scope) -> Generator[str | None, None, Unit]:
        """A natural loop: passages until no back edge is live; exits that were ever live lead on then."""
        remembered: set[int] = set()
        latest: dict[str, Json] = {}
        before: dict[str, Json] = {}
        limit = self.shape.nodes[loop.head].get("max_iterations", 1000)
        for number in count():
            if number == limit:
                return Unit(left=Left("failed", Failed("max_iterations")))
            inner = self.inside(loop, scope, number, before)
            end = yield from self.passage(loop, (*path, (loop.name, number)), inner)
            before = successes(end.seen)
            latest.update(before)
            if end.left and end.left.how in {"failed", "terminate"}:
                return Unit(left=end.left)
            exits = {e.index for e in self.shape.exits(loop)}
            remembered |= {i for i in exits if end.settled.get(i)}
            if end.left and end.left.how == "break":
                remembered |= end.left.live & exits
                break
            again = any(live and self.is_back_edge_of(loop, i) for i, live in end.settled.items())
            if not again and not (end.left and end.left.how == "continue"):
                break
        return Unit(edges={e.index: e.index in remembered for e in self.shape.exits(loop)}, seen=latest)

    def is_back_edge_of(self, loop: Region, index: int) -> bool:
        return index in self.shape.back and self.shape.edges[index].target == loop.head

    def inside(
        self, region: Region, scope: Scope, number: int, before: dict[str, Json] | None, **names: Json
    ) -> Scope:
        """The scope of one passage or item; ``before``: the passage before, None for items of a foreach."""
        previous = dict(scope.previous)
        if before is not None:
            nothing = {n: {"output": None} for n, home in self.shape.home.items() if _within(home, region)}
            previous |= nothing | before
        return Scope(
            steps=scope.steps,
            previous=previous,
            names={**scope.names, **names, "index": number},
            locals=(*scope.locals, {}),
        )


def successes(seen: dict[str, Json]) -> dict[str, Json]:
    return {node: shown for node, shown in seen.items() if "output" in shown}


def _within(home: Region | None, region: Region) -> bool:
    while home is not None and home is not region:
        home = home.parent
    return home is region
