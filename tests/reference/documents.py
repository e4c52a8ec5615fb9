"""Random valid documents over the types that need nothing from outside, and an input for each.

``documents(deterministic=True)`` draws only documents whose whole result no order of parallel branches can
change: what leaves a passage (a failure, break, continue, terminate) stands where nothing runs beside it, a
variable has one writer at a time or is only incremented, an ``any`` join is fed by branches that exclude
each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.reference.blocks import Block, Blocks, Flow
from tests.reference.writing import Draft, End, Place, braces, previously, reading

Json = Any
ON_ERROR: tuple[Json, ...] = (
    None,
    {"mode": "continue"},
    {"mode": "stop", "max_count": 1},
    {"mode": "drain"},
    {"mode": "continue", "max_percent": 50},
)


@dataclass(frozen=True)
class Sample:
    """A document, its input, and the names of the constructs in it."""

    document: Json
    input: Json
    constructs: frozenset[str]


def documents(*, deterministic: bool = True, max_nodes: int = 25) -> st.SearchStrategy[Sample]:
    """Random valid documents of 1 to ``max_nodes`` nodes (a few more where a construct must be closed)."""

    @st.composite
    def sample(draw: Any) -> Sample:
        draft = Draft(draw, left=draw(st.integers(1, max_nodes)))
        return Writer(draft, deterministic=deterministic).write()

    return sample()


class Writer(Blocks):
    """Writes a whole document: blocks, containers and natural loops."""

    def write(self) -> Sample:
        draft = self.draft
        variables = tuple(draft.variable() for _ in range(draft.count(0, 2)))
        place = Place(variables=variables)
        flow = self.stretch(place, Flow(()), blocks=draft.count(1, 6))
        if draft.chance(4):
            draft.note("declared output")
            draft.document["output"] = {"r": braces(draft.number(place.seeing(*flow.reads)))}
        given = {"n": draft.count(0, 9)}
        return Sample(draft.document, given, frozenset(draft.seen))

    def repeating(self) -> list[Block]:
        """The blocks that are loops or containers."""
        return [self.foreach, self.while_, self.loop]

    def inside(self, kind: str, place: Place, **changes: Any) -> Place:
        """The place within a container or loop; what an iteration set outside is left alone in here."""
        names = ("index", "item") if kind == "foreach" else ("index",)
        reads = tuple(r for r in place.reads if r not in names and not r.startswith("vars."))
        changes = {"alone": True, **changes}
        return replace(place, kind=kind, depth=place.depth + 1, reads=(*reads, *names), **changes)

    def foreach(self, place: Place, flow: Flow) -> Flow:
        draft = self.draft
        concurrency = draft.pick([1, 1, 2, 3])
        on_error = draft.pick(ON_ERROR)
        mode = (on_error or {}).get("mode", "stop")
        never_fails = on_error == {"mode": "continue"}
        handled = not place.may_fail or draft.chance(4)
        config: Json = {"items": self.items(place), "concurrency": concurrency}
        if on_error:
            config["on_error"] = dict(on_error)
            draft.note(f"on_error {mode}")
        node = draft.node("foreach", config, flow.ends, place, join=self.join(flow))
        orderly = concurrency == 1 or not self.deterministic
        inner = self.inside(
            "foreach", place, parent=node,
            variables=place.variables if orderly else (),
            sums=place.sums if orderly else (*place.sums, *place.variables),
            alone_everywhere=place.alone_everywhere and orderly,
            may_fail=orderly or mode == "continue",
            may_break=orderly, may_continue=True,
        )  # fmt: skip
        draft.note("lanes" if concurrency > 1 else "one lane")
        leavers = len([n for n in draft.document["nodes"] if n["type"] in ("break", "continue")])
        body = self.body(inner, Flow(()))
        left = len([n for n in draft.document["nodes"] if n["type"] in ("break", "continue")]) > leavers
        number = draft.number(inner.seeing(*body.reads))
        whole = [braces(number), "none"] if left else ["all", braces(number), "none"]
        config["collect"] = draft.pick([*whole, {"sum": braces(number)}])
        reads: tuple[str, ...] = (reading(node, "output.counts.succeeded"),)
        if isinstance(config["collect"], dict):
            reads += (reading(node, "output.results"),)
        if handled and not never_fails:
            draft.note("error port of foreach")
            return self.handle(place, node, reads)
        return Flow((End(node),), reads)

    def items(self, place: Place) -> Json:
        draft = self.draft
        count = draft.count(0, 4)
        kind = draft.pick(["list", "range", "expressions"])
        if not count:
            draft.note("no items")
        if kind == "range":
            return {"range": count}
        if kind == "list":
            return [draft.count(0, 5) for _ in range(count)]
        return [braces(draft.number(place)) for _ in range(count)]

    def body(self, inner: Place, start: Flow) -> Flow:
        """The inside of a container; the breaks of loops outside are not its own."""
        breaks, self.breaks = self.breaks, []
        flow = self.stretch(inner, start, blocks=self.draft.count(1, 3))
        self.breaks = breaks
        return flow

    def while_(self, place: Place, flow: Flow) -> Flow:
        draft = self.draft
        handled = not place.may_fail or draft.chance(4)
        config: Json = {}
        node = draft.node("while", config, flow.ends, place, join=self.join(flow))
        inner = self.inside("while", place, parent=node, may_fail=True, may_break=True, may_continue=True)
        passages, start = draft.count(0, 3), Flow(())
        config["until"] = braces(f"index >= {passages}")
        if place.alone_everywhere and draft.chance(2):
            draft.note("while by a variable" if passages else "while without a passage")
            counter = draft.variable()
            config.update(condition=braces(f"vars.{counter} < {passages}"))
            start = Flow((End(draft.node("set_variables", {"increment": {counter: 1}}, (), inner)),))
        if draft.chance(6):
            draft.note("while max_iterations")
            config["max_iterations"] = max(1, passages - 1)
        body = self.body(inner, start)
        if draft.chance(2):
            config["output"] = braces(draft.number(inner.seeing(*body.reads)))
        if handled:
            draft.note("error port of while")
            return self.handle(place, node, (reading(node),))
        return Flow((End(node),), (reading(node),))

    def loop(self, place: Place, flow: Flow) -> Flow:
        """Header, body, a tail with the back edge; perhaps a side branch, an early exit, a break."""
        draft = self.draft
        draft.note("natural loop in a natural loop" if place.kind == "loop" else "natural loop")
        if not flow.ends and draft.chance(2):
            flow = self.step(place, flow)
        side = draft.chance(4)
        inner = self.inside(
            "loop", place,
            parent=place.parent, alone=not side, alone_everywhere=place.alone_everywhere and not side,
            may_fail=place.may_fail and not side, may_break=not side, may_continue=not side,
        )  # fmt: skip
        outer_breaks, self.breaks = self.breaks, []
        header = self.header(inner, flow)
        body = Flow((End(header),), (reading(header),))
        inner = inner.seeing(reading(header), previously(header))
        if draft.left > 0 and draft.count(0, 2):
            inside = replace(inner, variables=()) if side else inner
            body = self.stretch(inside, body, blocks=draft.count(1, 2))
        tail = self.tail(header, inner.seeing(*body.reads), body)
        ends = [End(tail, "false")]
        if side:
            self.side_branch(header, inner)
        if draft.chance(4):
            draft.note("early exit")
            ends.append(End(header, "out", braces(f"index == {draft.count(0, 2)}")))
        ends += self.breaks
        self.breaks = outer_breaks
        reads = (reading(header), *(r for r in body.reads if not r.startswith("vars.")))
        return Flow(tuple(ends), reads)

    def header(self, inner: Place, flow: Flow) -> str:
        more = {}
        if inner.may_fail and self.draft.chance(6):
            self.draft.note("loop max_iterations")
            more["max_iterations"] = self.draft.count(1, 2)
        elif not flow.ends:
            self.draft.note("loop that nothing leads into")
            more["max_iterations"] = 100
        inner = inner.seeing(previously(self.draft.next_name("transform")))
        config = {"output": braces(self.draft.number(inner))}
        return self.draft.node("transform", config, flow.ends, inner, join=self.join(flow), **more)

    def tail(self, header: str, inner: Place, body: Flow) -> str:
        again = f"index < {self.draft.count(0, 2)}"
        if self.draft.chance(3):
            again += f" && {self.draft.truth(inner)}"
        tail = self.draft.node("condition", {"when": braces(again)}, body.ends, inner, join=self.join(body))
        self.draft.edge(End(tail, "true"), header)
        return tail

    def side_branch(self, header: str, inner: Place) -> None:
        """Nodes of every passage that lead nowhere."""
        self.draft.note("side branch")
        first = self.step(inner, Flow((End(header),)))
        if self.draft.chance(2):
            self.step(inner.seeing(*first.reads), first)
