"""The reference interpreter: what a document means, walked slowly and recursively.

It shares nothing with the engine. Time is ignored: waits pass at once, retries have no delay. Parallel
branches are coroutines; one of them takes one step at a time, in an order that :func:`interpret` varies to
find out what the order decides (``Result.undetermined``). Start reading in :mod:`tests.reference.regions`.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from typing import Any

from tests.reference.expressions import CannotEvaluateError, render
from tests.reference.nodes import Nodes, Outside, WaitsForeverError
from tests.reference.regions import WAITS, Choose, Passage, Scope
from tests.reference.results import Result, agrees, merge
from tests.reference.shape import IrreducibleError

__all__ = ["IrreducibleError", "Result", "WaitsForeverError", "agrees", "interpret"]

Json = Any
ORDERS, MORE_ORDERS = 4, 24
STEP_LIMIT = 20_000


def interpret(
    document: Json,
    given: Json = None,
    *,
    tasks: Mapping[str, list[Json]] | None = None,
    approvals: Mapping[str, Json] | None = None,
    signals: Mapping[str, list[Json]] | None = None,
    documents: Mapping[str, Json] | None = None,
    orders: int = ORDERS,
    only_order: int | None = None,
) -> Result:
    """What the execution of ``document`` on the input ``given`` comes to.

    ``tasks``: node id → outcomes by attempt ({"output"} or {"fail": class, "retryable"}); the last repeats.
    ``approvals``: node id → "approve" | "reject" | "timeout". ``signals``: name → payloads, oldest first.
    ``documents``: name → document, for sub-workflows. ``orders``: how many orders of steps are tried;
    where they disagree many more are, and ``Result.undetermined`` says in what.
    ``only_order``: this one alone, as an engine would run it.
    Raises IrreducibleError, WaitsForeverError.
    """

    def one(order: int) -> Result:
        sent = {name: list(payloads) for name, payloads in (signals or {}).items()}
        outside = Outside(tasks or {}, approvals or {}, sent, documents or {})
        return Execution(document, given, outside, _order(order)).run()

    if only_order is not None:
        return one(only_order)
    result = merge([one(order) for order in range(orders)])
    return result if result.determined else merge([one(order) for order in range(MORE_ORDERS)])


def _order(number: int) -> Choose:
    """0: the oldest live step first; 1: the youngest; others at random, repeatably."""
    if number < 2:
        return lambda size: 0 if number == 0 else size - 1
    return random.Random(number).randrange


class Execution(Nodes):
    """One execution in one order."""

    def run(self) -> Result:
        """Run it to its end."""
        coroutine = self.root()
        for _ in range(STEP_LIMIT):
            try:
                if next(coroutine) == WAITS:
                    raise WaitsForeverError("every live step waits for something that does not come")
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
        raise WaitsForeverError(f"more than {STEP_LIMIT} steps")

    def child(self, document: Json, given: Json) -> Generator[str | None, None, Result]:
        """It shares the outside and the order, never steps or variables."""
        return Execution(document, given, self.outside, self.choose).root()

    def root(self) -> Generator[str | None, None, Result]:
        """The root region, then the document's output."""
        end = yield from self.passage(self.shape.root, (), Scope())
        if end.left is None:
            try:
                return self.result("succeeded", self.output(end))
            except CannotEvaluateError:
                return self.result("failed", error_class="expression_error")
        error_class = end.left.failure.kind if end.left.failure else None
        status = end.left.status if end.left.how == "terminate" else "failed"
        return self.result(status, end.left.output, error_class)

    def result(self, status: str, output: Json = None, error_class: str | None = None) -> Result:
        variables = {**self.document.get("variables", {}), **self.variables}
        return Result(status, output, error_class, self.steps, variables)

    def output(self, end: Passage) -> Json:
        """The declared output, else those of the root's nodes without successors that succeeded."""
        declared = self.document.get("output")
        if declared is not None:
            return render(declared, self.bindings(Scope(), end.seen))
        return self.outputs_of_sinks(self.shape.root, end)
