"""The nodes of the reference: types, retries, error ports, containers (engine.md §2, §2a.9, §2a.10)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from tests.reference import outcomes
from tests.reference.expressions import CannotEvaluateError, render
from tests.reference.outcomes import Done, Failed, Left, Tally
from tests.reference.regions import WAITS, Choose, Json, Regions, Scope, Together, Unit, successes
from tests.reference.results import Path, Result, Step, equal
from tests.reference.shape import Edge, Region


class WaitsForeverError(Exception):
    """The execution waits for something the caller did not provide."""


@dataclass
class Outside:
    """Everything an execution asks the world for."""

    tasks: Mapping[str, list[Json]]
    approvals: Mapping[str, Json]
    signals: dict[str, list[Json]]
    documents: Mapping[str, Json]


class Nodes(Regions):
    """Performs nodes; the sub-workflows they start are left to the subclass."""

    def __init__(self, document: Json, given: Json, outside: Outside, choose: Choose) -> None:
        """``given``: the execution's input."""
        super().__init__(document, choose)
        self.given, self.outside = given, outside
        self.variables: dict[str, Json] = {}

    @abstractmethod
    def child(self, document: Json, given: Json) -> Generator[str | None, None, Result]:
        """A sub-workflow's whole run."""

    def node(self, node: Json, path: Path, scope: Scope) -> Generator[str | None, None, Unit]:
        """One step: it is ready, is performed, and its record settles its out-edges."""
        row = self.steps[node["id"], path] = Step("ready")
        try:
            yield None
            outcome = yield from self.attempts(node, path, scope)
        except GeneratorExit:
            row.status = "cancelled"
            raise
        if isinstance(outcome, Left):
            row.status = "cancelled" if node["type"] in ("foreach", "while", "sub_workflow") else "succeeded"
            if row.status == "succeeded":
                row.output, row.port = outcome.output, "out"
            return Unit(left=self.with_live_edges(outcome, node, scope))
        if isinstance(outcome, Failed):
            row.status, row.error_class = "failed", outcome.kind
            seen = {node["id"]: {"error": outcome.shown or {"class": outcome.kind}}}
            if not any(e.port == "error" for e in self.shape.out[node["id"]]):
                return Unit(left=Left("failed", outcome), seen=seen)
            row.port = "error"
            return self.leaving(node, "error", scope, seen)
        row.status, row.output, row.port = "succeeded", outcome.output, outcome.port
        return self.leaving(node, outcome.port, scope, {node["id"]: {"output": outcome.output}})

    def leaving(self, node: Json, port: str, scope: Scope, seen: dict[str, Json]) -> Unit:
        """Its out-edges settled: those of the port live unless their guard says no, all others dead."""
        edges = {}
        for edge in self.shape.out[node["id"]]:
            try:
                edges[edge.index] = edge.port == port and self.guard(edge, scope, seen)
            except CannotEvaluateError:
                return Unit(left=Left("failed", Failed("expression_error")), seen=seen)
        return Unit(edges=edges, seen=seen)

    def guard(self, edge: Edge, scope: Scope, seen: dict[str, Json]) -> bool:
        return edge.when is None or self.truth(edge.when, scope, seen)

    def with_live_edges(self, left: Left, node: Json, scope: Scope) -> Left:
        if left.how != "break":
            return left
        unit = self.leaving(node, "out", scope, {node["id"]: {"output": None}})
        return unit.left or replace(left, live=frozenset(i for i, live in unit.edges.items() if live))

    def attempts(self, node: Json, path: Path, scope: Scope) -> Generator[str | None, None, Any]:
        retry = node.get("retry", {})
        for attempt in count(1):
            try:
                outcome = yield from self.perform(node, path, scope, attempt)
            except CannotEvaluateError:
                outcome = Failed("expression_error")
            if not isinstance(outcome, Failed) or attempt >= retry.get("max_attempts", 1):
                return outcome
            if not (outcome.kind in retry["on"] if retry.get("on") else outcome.retryable):
                return outcome
            yield None
        return None

    def perform(self, node: Json, path: Path, scope: Scope, attempt: int) -> Generator[str | None, None, Any]:
        kind, config = node["type"], node.get("config", {})
        if kind == "foreach":
            return (yield from self.foreach(node, config, path, scope))
        if kind == "while":
            return (yield from self.while_(node, config, path, scope))
        if kind == "sub_workflow":
            return (yield from self.sub_workflow(self.render(config, scope)))
        if kind in {"condition", "switch"}:
            return self.choose_port(kind, config, scope)
        outcome = self.simple(node, self.render(config, scope), scope, attempt)
        while outcome == WAITS:
            yield WAITS
        return outcome

    def simple(self, node: Json, config: Json, scope: Scope, attempt: int) -> Any:
        """The types that are performed at once, with their config rendered."""
        kind = node["type"]
        script = self.outside.tasks.get(node["id"], [])
        answers: dict[str, Callable[[], Any]] = {
            "transform": lambda: Done(config["output"]),
            "set_variables": lambda: self.write(config, scope),
            "break": lambda: Left("break", cancels_running=config.get("running") == "cancel"),
            "continue": lambda: Left("continue"),
            "join": lambda: Done({"arrivals": scope.names["arrivals"]} if self.is_join(node) else {}),
            "fail": lambda: outcomes.failure(config),
            "terminate": lambda: outcomes.termination(config),
            "wait": Done,
            "signal": lambda: self.signal(node, config),
            "approval": lambda: self.approval(node),
            "http_request": lambda: outcomes.scripted(script[min(attempt, len(script)) - 1]),
            "celery_task": lambda: outcomes.scripted(script[min(attempt, len(script)) - 1]),
        }
        return answers[kind]()

    def is_join(self, node: Json) -> bool:
        return len(self.shape.into[node["id"]]) > 1

    def choose_port(self, kind: str, config: Json, scope: Scope) -> Any:
        if kind == "condition":
            answer = self.truth(config["when"], scope, {})
            return Done(answer, "true" if answer else "false")
        value = self.render(config.get("value"), scope)
        for case in config["cases"]:
            hit = (
                self.truth(case["when"], scope, {})
                if "when" in case
                else equal(self.render(case["equals"], scope), value)
            )
            if hit:
                return Done(case["name"], case["name"])
        return Done("default", "default")

    def write(self, config: Json, scope: Scope) -> Done:
        """Set, increment, append, merge, in this order; a missing value starts at the declared default."""
        own = scope.locals[-1] if config.get("scope") == "iteration" else self.variables
        change: dict[str, Callable[[Json, Json], Json]] = {
            "set": lambda _, new: new,
            "increment": lambda old, new: old + new,
            "append": lambda old, new: [*old, new],
            "merge": lambda old, new: {**old, **new},
        }
        for operation, apply in change.items():
            for name, value in config.get(operation, {}).items():
                own[name] = apply(own.get(name, self.document.get("variables", {}).get(name)), value)
        return Done({"written": [name for operation in change for name in config.get(operation, {})]})

    def signal(self, node: Json, config: Json) -> Any:
        waiting = self.outside.signals.get(config["name"], [])
        if waiting:
            return Done({"payload": waiting.pop(0)})
        if "timeout" not in config:
            return WAITS
        return self.timed_out(node)

    def approval(self, node: Json) -> Any:
        decision = self.outside.approvals.get(node["id"])
        if decision is None:
            return WAITS
        if decision == "timeout":
            return self.timed_out(node)
        return Done({"decision": decision}, {"approve": "approved", "reject": "rejected"}[decision])

    def timed_out(self, node: Json) -> Any:
        drawn = any(e.port == "timeout" for e in self.shape.out[node["id"]])
        return Done(None, "timeout") if drawn else Failed("timeout")

    # --- containers

    def while_(self, node: Json, config: Json, path: Path, scope: Scope) -> Generator[str | None, None, Any]:
        """Until is asked after each passage, condition before the next one (whose ``index`` it sees)."""
        region = self.shape.regions[node["id"]]
        before: dict[str, Json] = {}
        first = self.inside(region, scope, 0, before)
        if "condition" in config and not self.truth(config["condition"], first, {}):
            return Done(None)
        for number in count():
            if number == config.get("max_iterations", 1000):
                return Failed("max_iterations")
            inner = self.inside(region, scope, number, before)
            end = yield from self.passage(region, (*path, (region.name, number)), inner)
            before = successes(end.seen)
            if end.left and end.left.how == "terminate":
                return end.left
            if end.left and end.left.how == "failed":
                return end.left.failure
            if end.left and end.left.how == "break":
                break
            if "until" in config and self.truth(config["until"], inner, end.seen):
                break
            asked = replace(inner, names={**inner.names, "index": number + 1})
            if "condition" in config and not self.truth(config["condition"], asked, end.seen):
                break
        return Done(render(config.get("output"), self.bindings(inner, end.seen)))

    def foreach(self, node: Json, config: Json, path: Path, scope: Scope) -> Generator[str | None, None, Any]:
        """Items in lanes; on_error decides what a failed item means for the others and for the whole."""
        region = self.shape.regions[node["id"]]
        items = self.render(config["items"], scope)
        items = list(range(items["range"])) if isinstance(items, dict) else items
        tally = Tally(self.render(config.get("on_error", {}), scope), results=[None] * len(items))
        lanes, waiting = Together(self.choose), list(enumerate(items))
        try:
            while True:
                while waiting and len(lanes.live) < config.get("concurrency", 1) and not tally.takes_no_more:
                    number, item = waiting.pop(0)
                    inner = self.inside(region, scope, number, None, item=item)
                    lanes.add(number, self.item(region, config, (*path, (region.name, number)), inner))
                if not lanes.live:
                    break
                yield lanes.mood
                finished = lanes.advance()
                if finished is not None:
                    number, (left, result) = finished
                    if left is not None and left.how == "terminate":
                        return left
                    if tally.count(number, left, result) == "cancel":
                        lanes.cancel()
        finally:
            lanes.cancel()
        return tally.outcome(config)

    def item(
        self, region: Region, config: Json, path: Path, inner: Scope
    ) -> Generator[str | None, None, tuple[Left | None, Json]]:
        """(how it was left, its result); a continue is the end of the item and nothing more."""
        end = yield from self.passage(region, path, inner)
        if end.left and end.left.how in {"failed", "terminate"}:
            return end.left, None
        left = end.left if end.left and end.left.how == "break" else None
        collect = config.get("collect", "all")
        collect = next(iter(collect.values())) if isinstance(collect, dict) else collect
        if collect in ("all", "none"):
            sinks = self.shape.sinks(region)
            outputs = self.outputs_of_sinks(region, end)
            return left, outputs.get(sinks[0]) if len(sinks) == 1 else outputs
        try:
            return left, render(collect, self.bindings(inner, end.seen))
        except CannotEvaluateError:
            return Left("failed", Failed("expression_error")), None

    def sub_workflow(self, config: Json) -> Generator[str | None, None, Any]:
        """One child, or one for each item; it has steps and variables of its own."""
        outputs = []
        for given in config["items"] if "items" in config else [config.get("input", {})]:
            result = yield from self.child(self.outside.documents[config["workflow"]], given)
            if result.status != "succeeded":
                return Failed(result.error_class or "child_failed")
            outputs.append(result.output)
        return Done({"results": outputs} if "items" in config else outputs[0])

    # --- expressions

    def bindings(self, scope: Scope, seen: dict[str, Json]) -> dict[str, Json]:
        """Every name an expression may use here."""
        variables = {**self.document.get("variables", {}), **self.variables}
        for own in scope.locals:
            variables.update(own)
        return {
            "inputs": self.given,
            "trigger": None,
            "vars": variables,
            "steps": {**scope.steps, **seen},
            "previous": scope.previous,
            **scope.names,
        }

    def render(self, template: Json, scope: Scope) -> Json:
        return render(template, self.bindings(scope, {}))

    def truth(self, expression: str, scope: Scope, seen: dict[str, Json]) -> bool:
        """Raises CannotEvaluateError, also for what is not a boolean."""
        answer = render(expression, self.bindings(scope, seen))
        if not isinstance(answer, bool):
            raise CannotEvaluateError(f"{expression} is no boolean")
        return answer
