"""The names an expression may use at one place, each with what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fermata.graph.certain import Certain
from fermata.graph.expression import Use
from fermata.graph.foretold import ERROR, Foretold
from fermata.graph.inferred import Schema, sized
from fermata.graph.scope import RefusedError
from fermata.graph.sketch import Place, Sketch, edges_into

MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Name:
    """One name. ``read``: in the plan's encoding, None for what comes with every step."""

    name: str
    read: str | None
    schema: Schema
    optional: bool = False
    node: str | None = None


class Visible:
    """What can be read at a place of a document."""

    def __init__(self, sketch: Sketch, place: Place) -> None:
        self.sketch = sketch
        self.place = place
        self.structure = sketch.structure
        self.foretold = Foretold(sketch, place)

    def names(self) -> list[Name]:
        """In the order in which they are looked for: inputs, variables, steps, then the rest."""
        return list(self._names())

    def _names(self) -> Iterator[Name]:
        yield self._plain("inputs")
        if not self.place.reader.start_only:
            for name in self.structure.document.variables:
                yield Name(f"vars.{name}", f"var:{name}", sized(self.foretold.at("vars", (name,))))
            yield from self._steps()
            yield from self._previous()
            for root in ("item", "index", "arrivals", "secrets"):
                if self._may(root):
                    yield self._plain(root)
        yield self._plain("execution")
        yield self._plain("trigger")

    def _plain(self, root: str) -> Name:
        return Name(root, self._read(root), sized(self.foretold.at(root)))

    def _read(self, root: str, name: str = "") -> str | None:
        return self.sketch.scope.read(Use(root, name, 0, 0), self.place.reader)

    def _may(self, root: str, name: str = "") -> bool:
        """Whether the name is known here."""
        try:
            self._read(root, name)
        except RefusedError:
            return False
        return True

    def _steps(self) -> Iterator[Name]:
        found = [name for name in self.structure.nodes if self._may("steps", name)]
        certain = Certain(self.structure).before(self.place.reader)
        failing = {edge.source for edge in self.structure.edges if edge.port == "error"}
        for name in self._nearest(found):
            read, may_lack = self._read("steps", name), name not in certain
            schema = sized(self.foretold.output(name))
            yield Name(f"steps.{name}.output", read, schema, optional=may_lack, node=name)
            if name in failing:
                may_lack = not self._only_fails(name)
                yield Name(f"steps.{name}.error", read, ERROR, optional=may_lack, node=name)

    def _nearest(self, found: Sequence[str]) -> Sequence[str]:
        """Those that come last before the place, if there are too many; in the document's order."""
        topology = self.structure.topology
        if len(found) <= MOST_STEPS or topology is None:
            return found[-MOST_STEPS:]
        kept = set(sorted(found, key=lambda each: topology.level_of(each).place[each])[-MOST_STEPS:])
        return [each for each in found if each in kept]

    def _only_fails(self, name: str) -> bool:
        """Whether the place is reached by that node's failure alone."""
        node = self.place.reader.node
        edges = edges_into(self.structure, node) if node else []
        return bool(edges) and all(edge.source == name and edge.port == "error" for edge in edges)

    def _previous(self) -> Iterator[Name]:
        topology = self.structure.topology
        for region in topology.chain(self.place.reader.region) if topology else ():
            if topology and topology.regions[region].kind in {"while", "loop"}:
                for name in topology.regions[region].members[:MOST_STEPS]:
                    schema = sized(self.foretold.output(name))
                    read = f"previous:{name}"
                    yield Name(f"previous.{name}.output", read, schema, optional=True, node=name)
