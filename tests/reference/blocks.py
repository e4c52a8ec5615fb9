"""Random stretches of a graph: steps, choices, forks, guards, failures and their handlers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.reference.writing import Draft, End, Place, braces, reading

Json = Any
DEPTH = 3


@dataclass(frozen=True)
class Flow:
    """What a stretch of the graph leaves behind: open ends, what can be read after it.

    ``apart``: at most one of the ends is ever live, so that an ``any`` join is safe. ``spread``: no two ends
    stand behind different ports of one node, so that an ``all`` join can open.
    """

    ends: tuple[End, ...]
    reads: tuple[str, ...] = ()
    apart: bool = False
    spread: bool = False

    @property
    def is_apart(self) -> bool:
        """At most one of its ends is ever live."""
        return self.apart or len(self.ends) < 2


Block = Callable[[Place, Flow], Flow]


class Blocks(ABC):
    """Writes blocks of nodes one after the other; those that repeat are left to the subclass."""

    def __init__(self, draft: Draft, *, deterministic: bool) -> None:
        self.draft = draft
        self.deterministic = deterministic
        self.breaks: list[End] = []

    @abstractmethod
    def repeating(self) -> list[Block]:
        """The blocks that are loops or containers."""

    # --- stretches

    def stretch(self, place: Place, flow: Flow, *, blocks: int) -> Flow:
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

    def block(self, place: Place, flow: Flow) -> Flow:
        """One block: the simplest first, for shrinking."""
        if self.draft.left <= 0:
            return self.step(place, flow)
        blocks: list[Block] = [
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
                blocks += self.repeating() * 2
        if place.may_fail:
            blocks.append(self.failing)
        return self.draft.pick(blocks)(place, flow)

    def join(self, flow: Flow) -> str | None:
        """How the next node joins the ends of ``flow``."""
        if len(flow.ends) < 2:
            return None
        if flow.apart:
            return self.draft.pick([None, "any"])
        options: list[str | None] = [None, "auto", *(["all"] if flow.spread else [])]
        return self.draft.pick(options if self.deterministic else [*options, "any"])

    # --- blocks

    def step(self, place: Place, flow: Flow) -> Flow:
        draft = self.draft
        if draft.chance(5):
            output: Json = {"v": braces(draft.number(place)), "text": "is " + braces(draft.number(place))}
            node = draft.node("transform", {"output": output}, flow.ends, place, join=self.join(flow))
            return Flow((End(node),), (reading(node, "output.v"),))
        node = draft.node(
            "transform", {"output": braces(draft.number(place))}, flow.ends, place, join=self.join(flow)
        )
        return Flow((End(node),), (reading(node),))

    def set_variables(self, place: Place, flow: Flow) -> Flow:
        draft = self.draft
        amount = braces(draft.number(place))
        if place.kind != "root" and draft.chance(3):
            draft.note("iteration variable")
            name = draft.variable()
            config = {"set": {name: amount}, "scope": "iteration"}
            node = draft.node("set_variables", config, flow.ends, place, join=self.join(flow))
            return Flow((End(node),), (f"vars.{name}",))
        names = [*place.variables, *place.sums]
        if not names:
            return self.step(place, flow)
        name = draft.pick(names)
        increment = name in place.sums or draft.chance(2)
        draft.note("increment" if increment else "set")
        config = {"increment" if increment else "set": {name: amount}}
        node = draft.node("set_variables", config, flow.ends, place, join=self.join(flow))
        return Flow((End(node),))

    def choice(self, place: Place, flow: Flow) -> Flow:
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
                branch = Flow((End(node, port),))
                if draft.left > 0 and draft.count(0, 2):
                    branch = self.stretch(place, branch, blocks=draft.count(1, 2))
                ends += branch.ends
                reads += branch.reads
                apart = apart and branch.is_apart
        return Flow(tuple(ends), reads, apart=apart)

    def chooser(self, place: Place, flow: Flow, *, bound: str | None) -> tuple[str, list[str]]:
        """A choosing node and its ports; ``bound`` must hold for the first of them."""
        draft = self.draft
        if bound is None and draft.chance(3):
            value = {"value": braces(f"({draft.number(place)}) % 3")}
            cases: list[Json] = [{"name": "one", "equals": 1}, {"name": "two", "equals": 2}]
            config: Json = {**value, "cases": cases[: draft.count(1, 2)]}
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
            end = self.step(place, Flow((end,))).ends[0]
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

    def parallel(self, place: Place, flow: Flow) -> Flow:
        """A fork, or several starts where nothing came before."""
        draft = self.draft
        ends: tuple[End, ...] = ()
        reads: tuple[str, ...] = ()
        if flow.ends or place.kind == "loop" or draft.chance(2):
            first = self.step(place, flow)
            ends, reads = first.ends, first.reads
        return self.branches(place.seeing(*reads), [Flow(ends) for _ in range(draft.count(2, 3))], reads)

    def guards(self, place: Place, flow: Flow) -> Flow:
        """Several guarded edges on one port."""
        draft = self.draft
        fork = self.step(place, flow)
        place = place.seeing(*fork.reads)
        ends = [End(fork.ends[0].node, "out", braces(draft.truth(place))) for _ in range(draft.count(1, 3))]
        return self.branches(place, [Flow((end,)) for end in ends], fork.reads)

    def guarded(self, end: End, place: Place) -> End:
        """The end with a guard; ``place`` sees what its node sees."""
        return replace(end, when=braces(self.draft.truth(place)))

    def branches(self, place: Place, flows: Sequence[Flow], reads: tuple[str, ...]) -> Flow:
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
        return Flow(tuple(ends), reads, spread=spread)

    def dag(self, place: Place, flow: Flow) -> Flow:
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
                nodes.append(Flow((End(node, "true"), End(node, "false"))))
                seen[node] = reads
            else:
                spread = all(len(node.ends) == 1 for node in nodes)
                step = self.step(inner, Flow(tuple(ends), spread=spread))
                nodes.append(step)
                seen[step.ends[0].node] = reads + step.reads
        ends = [end for node in nodes for end in node.ends[:1] if end not in used]
        return Flow(tuple(ends), tuple(dict.fromkeys(read for end in ends for read in seen[end.node])))

    # --- failures

    def failing(self, place: Place, flow: Flow) -> Flow:
        """A node that fails for some values, and nobody handles it."""
        self.draft.note(f"may fail in {place.kind}")
        config = {"output": braces(f"12 / (({self.draft.number(place)}) % 3)")}
        node = self.draft.node("transform", config, flow.ends, place, join=self.join(flow))
        return Flow((End(node),), (reading(node),))

    def handled(self, place: Place, flow: Flow) -> Flow:
        """A node that fails, or may fail, with its error port drawn."""
        draft = self.draft
        draft.note("error port")
        if draft.chance(3):
            node = draft.node("fail", {"error": "boom"}, flow.ends, place, join=self.join(flow))
            return self.stretch(place, Flow((End(node, "error"),)), blocks=1)
        node = self.failing(place, flow).ends[0].node
        return self.handle(place, node, (reading(node),))

    def handle(self, place: Place, node: str, reads: tuple[str, ...]) -> Flow:
        """Its two ways: done, and failed."""
        handler = self.stretch(place, Flow((End(node, "error"),)), blocks=1)
        ends = (End(node), *handler.ends)
        return Flow(ends, reads + handler.reads, apart=handler.is_apart)
