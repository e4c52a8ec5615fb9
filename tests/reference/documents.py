"""Random valid documents over the types that need nothing from outside, and an input for each.

``documents(deterministic=True)`` draws only documents whose whole result no order of parallel branches can change:
what leaves a passage (a failure, break, continue, terminate) stands where nothing runs beside it, a variable has one
writer at a time or is only incremented, an ``any`` join is fed by branches that exclude each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.reference.writing import Draft, End, Place, braces, previously, reading

Json = Any
DEPTH = 3


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
        return _Writer(draft, deterministic=deterministic).write()

    return sample()


@dataclass(frozen=True)
class _Flow:
    """What a stretch of the graph leaves behind: open ends, what can be read after it.

    ``apart``: at most one of the ends is ever live, so that an ``any`` join is safe. ``spread``: no two ends stand
    behind different ports of one node, so that an ``all`` join can open.
    """

    ends: tuple[End, ...]
    reads: tuple[str, ...] = ()
    apart: bool = False
    spread: bool = False

    @property
    def is_apart(self) -> bool:
        """At most one of its ends is ever live."""
        return self.apart or len(self.ends) < 2


class _Writer:
    def __init__(self, draft: Draft, *, deterministic: bool) -> None:
        self.draft = draft
        self.deterministic = deterministic
        self.breaks: list[End] = []

    def write(self) -> Sample:
        draft = self.draft
        variables = tuple(draft.variable() for _ in range(draft.count(0, 2)))
        place = Place(variables=variables)
        flow = self.stretch(place, _Flow(()), blocks=draft.count(1, 6))
        if draft.chance(4):
            draft.note("declared output")
            draft.document["output"] = {"r": braces(draft.number(place.seeing(*flow.reads)))}
        given = {"n": draft.count(0, 9)}
        return Sample(draft.document, given, frozenset(draft.seen))

    # --- stretches ---------------------------------------------------------------------------------------------

    def stretch(self, place: Place, flow: _Flow, *, blocks: int) -> _Flow:
        """Blocks one after the other; stops when every way has left. Always writes at least one node."""
        before = len(self.draft.document["nodes"])
        reads: tuple[str, ...] = ()
        for _ in range(blocks):
            written = len(self.draft.document["nodes"]) > before
            if written and (self.draft.left <= 0 or not flow.ends):
                break
            flow = self.block(place.seeing(*reads), flow)
            reads += flow.reads
        return replace(flow, reads=reads)

    def block(self, place: Place, flow: _Flow) -> _Flow:
        """One block: the simplest first, for shrinking."""
        blocks = [
            self.step,
            self.step,
            self.choice,
            self.set_variables,
            self.parallel,
            self.guards,
            self.handled,
        ]
        if self.draft.left > 3:
            blocks += [self.dag, self.choice]
            if place.depth < DEPTH:
                blocks += [self.foreach, self.while_, self.loop, self.foreach, self.while_, self.loop]
        if place.may_fail:
            blocks.append(self.failing)
        return self.draft.pick(blocks)(place, flow)

    def join(self, flow: _Flow) -> str | None:
        """How the next node joins the ends of ``flow``."""
        if len(flow.ends) < 2:
            return None
        if flow.apart:
            return self.draft.pick([None, "any"])
        options: list[str | None] = [None, "auto", *(["all"] if flow.spread else [])]
        return self.draft.pick(options if self.deterministic else [*options, "any"])

    # --- blocks ------------------------------------------------------------------------------------------------

    def step(self, place: Place, flow: _Flow) -> _Flow:
        draft = self.draft
        if draft.chance(5):
            output: Json = {"v": braces(draft.number(place)), "text": "is " + braces(draft.number(place))}
            node = draft.node("transform", {"output": output}, flow.ends, place, join=self.join(flow))
            return _Flow((End(node),), (reading(node, "output.v"),))
        node = draft.node(
            "transform", {"output": braces(draft.number(place))}, flow.ends, place, join=self.join(flow)
        )
        return _Flow((End(node),), (reading(node),))

    def set_variables(self, place: Place, flow: _Flow) -> _Flow:
        draft = self.draft
        amount = braces(draft.number(place))
        if place.kind != "root" and draft.chance(3):
            draft.note("iteration variable")
            name = draft.variable()
            config = {"set": {name: amount}, "scope": "iteration"}
            node = draft.node("set_variables", config, flow.ends, place, join=self.join(flow))
            return _Flow((End(node),), (f"vars.{name}",))
        names = [*place.variables, *place.sums]
        if not names:
            return self.step(place, flow)
        name = draft.pick(names)
        increment = name in place.sums or draft.chance(2)
        draft.note("increment" if increment else "set")
        config = {"increment" if increment else "set": {name: amount}}
        node = draft.node("set_variables", config, flow.ends, place, join=self.join(flow))
        return _Flow((End(node),))

    def choice(self, place: Place, flow: _Flow) -> _Flow:
        """A condition or switch; one of its ways may leave the passage, another may lead nowhere."""
        draft = self.draft
        leaves = draft.pick([None, *self.leavers(place)])
        bound = f"index < {draft.count(1, 2)}" if leaves == "continue" and place.kind == "loop" else None
        node, ports = self.chooser(place, flow, bound=bound)
        ends: list[End] = []
        reads: tuple[str, ...] = ()
        apart = True
        for at, port in enumerate(ports):
            if at == 0 and leaves:
                self.leave(leaves, place, End(node, port))
            elif at > 0 and place.kind != "loop" and draft.chance(8):
                draft.note("port without an edge")
            else:
                branch = _Flow((End(node, port),))
                if draft.left > 0 and draft.count(0, 2):
                    branch = self.stretch(place, branch, blocks=draft.count(1, 2))
                ends += branch.ends
                reads += branch.reads
                apart = apart and branch.is_apart
        return _Flow(tuple(ends), reads, apart=apart)

    def chooser(self, place: Place, flow: _Flow, *, bound: str | None) -> tuple[str, list[str]]:
        """A choosing node and its ports; ``bound`` must hold for the first of them."""
        draft = self.draft
        if bound is None and draft.chance(3):
            value = {"value": braces(f"({draft.number(place)}) % 3")}
            cases = [{"name": "one", "equals": 1}, {"name": "two", "equals": 2}]
            config = {**value, "cases": cases[: draft.count(1, 2)]}
            node = draft.node("switch", config, flow.ends, place, join=self.join(flow))
            return node, [*(case["name"] for case in config["cases"]), "default"]
        truth = draft.truth(place)
        config = {"when": braces(f"{bound} && {truth}" if bound else truth)}
        return draft.node("condition", config, flow.ends, place, join=self.join(flow)), ["true", "false"]

    def leavers(self, place: Place) -> list[str]:
        if not place.alone and self.deterministic:
            return []
        options = []
        if place.may_break:
            options.append("break")
        if place.may_continue:
            options.append("continue")
        if place.kind != "loop" and place.may_fail:
            options.append("fail")
        if place.kind != "loop" and place.alone_everywhere and self.draft.chance(3):
            options.append("terminate")
        return options

    def leave(self, how: str, place: Place, end: End) -> None:
        """A way out of the passage. In a natural loop break and continue stand right behind the port."""
        draft = self.draft
        draft.note(f"{how} in {place.kind}")
        if place.kind != "loop" and draft.chance(3):
            end = self.step(place, _Flow((end,))).ends[0]
        config: Json = {}
        if how == "fail":
            config = {"error": draft.pick(["boom", "bang"])}
        if how == "terminate":
            config = {"status": "succeeded", "output": braces(draft.number(place))}
            if draft.chance(3):
                config = {"status": "failed", "error": {"error": "enough"}}
        node = draft.node(how, config, [end], place)
        if how == "break" and place.kind == "loop":
            self.breaks.append(End(node))

    def parallel(self, place: Place, flow: _Flow) -> _Flow:
        """A fork, or several starts where nothing came before."""
        draft = self.draft
        ends: tuple[End, ...] = ()
        reads: tuple[str, ...] = ()
        if flow.ends or place.kind == "loop" or draft.chance(2):
            first = self.step(place, flow)
            ends, reads = first.ends, first.reads
        return self.branches(place.seeing(*reads), [_Flow(ends) for _ in range(draft.count(2, 3))], reads)

    def guards(self, place: Place, flow: _Flow) -> _Flow:
        """Several guarded edges on one port."""
        draft = self.draft
        fork = self.step(place, flow)
        place = place.seeing(*fork.reads)
        ends = [End(fork.ends[0].node, "out", braces(draft.truth(place))) for _ in range(draft.count(1, 3))]
        return self.branches(place, [_Flow((end,)) for end in ends], fork.reads)

    def guarded(self, end: End, place: Place) -> End:
        """The end with a guard; ``place`` sees what its node sees."""
        return replace(end, when=braces(self.draft.truth(place)))

    def branches(self, place: Place, flows: Sequence[_Flow], reads: tuple[str, ...]) -> _Flow:
        """Branches side by side, each with variables of its own."""
        owners = [self.draft.count(0, len(flows) - 1) for _ in place.variables]
        ends: list[End] = []
        spread = True
        for at, flow in enumerate(flows):
            own = [v for v, owner in zip(place.variables, owners, strict=True) if owner == at]
            inside = place.beside_others(own) if self.deterministic else place
            branch = self.stretch(inside, flow, blocks=self.draft.count(1, 2))
            ends += branch.ends
            reads += branch.reads
            spread = spread and len(branch.ends) < 2
        return _Flow(tuple(ends), reads, spread=spread)

    def dag(self, place: Place, flow: _Flow) -> _Flow:
        """Any graph without cycles: each node follows some of those before it."""
        draft = self.draft
        draft.note("dag")
        nodes = [self.step(place, flow)]
        seen = {nodes[0].ends[0].node: nodes[0].reads}
        used: set[End] = set()
        for _ in range(draft.count(2, 4)):
            sources = draft.draw(st.sets(st.sampled_from(range(len(nodes))), min_size=1, max_size=3))
            ends = [draft.pick(nodes[at].ends) for at in sorted(sources)]
            reads = tuple(dict.fromkeys(read for end in ends for read in seen[end.node]))
            used.update(end for at in sources for end in nodes[at].ends)
            if draft.chance(3):
                ends = [self.guarded(end, place.seeing(*seen[end.node])) for end in ends]
            inner = place.seeing(*reads)
            if draft.chance(3):
                config = {"when": braces(draft.truth(inner))}
                node = draft.node("condition", config, ends, place)
                nodes.append(_Flow((End(node, "true"), End(node, "false"))))
                seen[node] = reads
            else:
                spread = all(len(node.ends) == 1 for node in nodes)
                step = self.step(inner, _Flow(tuple(ends), spread=spread))
                nodes.append(step)
                seen[step.ends[0].node] = reads + step.reads
        ends = [end for node in nodes for end in node.ends[:1] if end not in used]
        return _Flow(tuple(ends), tuple(dict.fromkeys(read for end in ends for read in seen[end.node])))

    # --- failures ----------------------------------------------------------------------------------------------

    def failing(self, place: Place, flow: _Flow) -> _Flow:
        """A node that fails for some values, and nobody handles it."""
        self.draft.note(f"may fail in {place.kind}")
        config = {"output": braces(f"12 / (({self.draft.number(place)}) % 3)")}
        node = self.draft.node("transform", config, flow.ends, place, join=self.join(flow))
        return _Flow((End(node),), (reading(node),))

    def handled(self, place: Place, flow: _Flow) -> _Flow:
        """A node that fails, or may fail, with its error port drawn."""
        draft = self.draft
        draft.note("error port")
        if draft.chance(3):
            node = draft.node("fail", {"error": "boom"}, flow.ends, place, join=self.join(flow))
            return self.stretch(place, _Flow((End(node, "error"),)), blocks=1)
        node = self.failing(place, flow).ends[0].node
        return self.handle(place, node, (reading(node),))

    def handle(self, place: Place, node: str, reads: tuple[str, ...]) -> _Flow:
        """Its two ways: done, and failed."""
        handler = self.stretch(place, _Flow((End(node, "error"),)), blocks=1)
        ends = (End(node), *handler.ends)
        return _Flow(ends, reads + handler.reads, apart=handler.is_apart)

    # --- loops -------------------------------------------------------------------------------------------------

    def inside(self, kind: str, place: Place, **changes: Any) -> Place:
        """The place within a container or loop; what an iteration set outside is left alone in here."""
        names = ("index", "item") if kind == "foreach" else ("index",)
        reads = tuple(r for r in place.reads if r not in names and not r.startswith("vars."))
        changes = {"alone": True, **changes}
        return replace(place, kind=kind, depth=place.depth + 1, reads=(*reads, *names), **changes)

    def foreach(self, place: Place, flow: _Flow) -> _Flow:
        draft = self.draft
        concurrency = draft.pick([1, 1, 2, 3])
        on_error = draft.pick([None, {"mode": "continue"}, {"mode": "stop", "max_count": 1}, {"mode": "drain"},
                               {"mode": "continue", "max_percent": 50}])  # fmt: skip
        mode = (on_error or {}).get("mode", "stop")
        never_fails = on_error == {"mode": "continue"}
        handled = not place.may_fail or draft.chance(4)
        config: Json = {"items": self.items(place), "concurrency": concurrency}
        if on_error:
            config["on_error"] = on_error
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
        body = self.body(inner, _Flow(()))
        left = len([n for n in draft.document["nodes"] if n["type"] in ("break", "continue")]) > leavers
        number = draft.number(inner.seeing(*body.reads))
        whole = [braces(number), "none"] if left else ["all", braces(number), "none"]
        config["collect"] = draft.pick([*whole, {"sum": braces(number)}])
        reads = (reading(node, "output.counts.succeeded"),)
        if isinstance(config["collect"], dict):
            reads += (reading(node, "output.results"),)
        if handled and not never_fails:
            draft.note("error port of foreach")
            return self.handle(place, node, reads)
        return _Flow((End(node),), reads)

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

    def body(self, inner: Place, start: _Flow) -> _Flow:
        """The inside of a container; the breaks of loops outside are not its own."""
        breaks, self.breaks = self.breaks, []
        flow = self.stretch(inner, start, blocks=self.draft.count(1, 3))
        self.breaks = breaks
        return flow

    def while_(self, place: Place, flow: _Flow) -> _Flow:
        draft = self.draft
        handled = not place.may_fail or draft.chance(4)
        config: Json = {}
        node = draft.node("while", config, flow.ends, place, join=self.join(flow))
        inner = self.inside("while", place, parent=node, may_fail=True, may_break=True, may_continue=True)
        passages, start = draft.count(0, 3), _Flow(())
        config["until"] = braces(f"index >= {passages}")
        if place.alone_everywhere and draft.chance(2):
            draft.note("while by a variable" if passages else "while without a passage")
            counter = draft.variable()
            config.update(condition=braces(f"vars.{counter} < {passages}"))
            start = _Flow((End(draft.node("set_variables", {"increment": {counter: 1}}, (), inner)),))
        if draft.chance(6):
            draft.note("while max_iterations")
            config["max_iterations"] = max(1, passages - 1)
        body = self.body(inner, start)
        if draft.chance(2):
            config["output"] = braces(draft.number(inner.seeing(*body.reads)))
        if handled:
            draft.note("error port of while")
            return self.handle(place, node, (reading(node),))
        return _Flow((End(node),), (reading(node),))

    def loop(self, place: Place, flow: _Flow) -> _Flow:
        """A natural loop: header, body, and a tail with the back edge; perhaps a side branch, an early exit, a break."""
        draft = self.draft
        draft.note("natural loop in a natural loop" if place.kind == "loop" else "natural loop")
        if not flow.ends:
            flow = self.step(place, flow)
        side = draft.chance(4)
        inner = self.inside(
            "loop", place,
            parent=place.parent, alone=not side, alone_everywhere=place.alone_everywhere and not side,
            may_fail=place.may_fail and not side, may_break=not side, may_continue=not side,
        )  # fmt: skip
        outer_breaks, self.breaks = self.breaks, []
        header = self.header(inner, flow)
        body = _Flow((End(header),), (reading(header),))
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
        return _Flow(tuple(ends), reads)

    def header(self, inner: Place, flow: _Flow) -> str:
        more = {}
        if inner.may_fail and self.draft.chance(6):
            self.draft.note("loop max_iterations")
            more["max_iterations"] = self.draft.count(1, 2)
        inner = inner.seeing(previously(self.draft.next_name("transform")))
        config = {"output": braces(self.draft.number(inner))}
        return self.draft.node("transform", config, flow.ends, inner, join=self.join(flow), **more)

    def tail(self, header: str, inner: Place, body: _Flow) -> str:
        again = f"index < {self.draft.count(0, 2)}"
        if self.draft.chance(3):
            again += f" && {self.draft.truth(inner)}"
        tail = self.draft.node("condition", {"when": braces(again)}, body.ends, inner, join=self.join(body))
        self.draft.edge(End(tail, "true"), header)
        return tail

    def side_branch(self, header: str, inner: Place) -> None:
        """Nodes of every passage that lead nowhere."""
        self.draft.note("side branch")
        first = self.step(inner, _Flow((End(header),)))
        if self.draft.chance(2):
            self.step(inner.seeing(*first.reads), first)
