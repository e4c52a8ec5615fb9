"""foreach: run the nodes inside once for each item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from fermata.graph.inferred import template_schema
from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Done, Fail, FanOut
from fermata.nodes.contract import Context, NodeType, region_outcome
from fermata.nodes.fields import KNOWN, NodeConfig, Whole, is_template

MOST_ITEMS = 1_000_000
Reducer = Literal["count", "sum", "min", "max"]
FOLDS: tuple[Reducer, ...] = ("count", "sum", "min", "max")


COUNTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        name: {"type": "integer", "minimum": 0} for name in ("total", "succeeded", "failed", "cancelled")
    },
}
ERRORS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"index": {"type": "integer", "minimum": 0}, "error": {"type": "object"}},
    },
}


class Range(NodeConfig):
    """The numbers 0 to ``range`` - 1."""

    range: Whole = Field(ge=0, le=MOST_ITEMS, description="How many times; the item is 0, 1, 2 and so on.")


class OnError(NodeConfig):
    """What failed items do to the loop."""

    mode: Annotated[Literal["stop", "drain", "continue"], KNOWN] = Field(
        default="stop",
        description=(
            "Beyond the threshold: `stop` cancels the items under way, `drain` lets them finish, `continue` "
            "runs the rest and then fails. Without a threshold `continue` never fails, the others tolerate "
            "no failure."
        ),
    )
    max_count: Whole | None = Field(default=None, ge=0, description="How many items may fail.")
    max_percent: float | None = Field(
        default=None, ge=0, le=100, description="Which share of all items may fail."
    )


class ForeachConfig(NodeConfig):
    """The items, and how they are run."""

    items: Annotated[
        Annotated[list[Any], Tag("list")] | Annotated[Range, Tag("range")],
        Discriminator(lambda value: "range" if isinstance(value, Mapping | Range) else "list"),
    ] = Field(description="A list, or `{range: n}` for the numbers below n.")
    concurrency: Whole = Field(default=1, ge=1, le=1000, description="How many items run at the same time.")
    ordered: bool = Field(default=True, description="Items are taken in order.")
    on_error: OnError = Field(default=OnError(), description="What failed items do to the loop.")
    collect: Any = Field(
        default="all",
        description=(
            "What becomes of each item's outcome: `all`, `none`, an expression for each item's result, or "
            "one of `{count: …}`, `{sum: …}`, `{min: …}`, `{max: …}` with an expression for each item. A "
            "reducer skips null, so an expression can leave an item out."
        ),
        examples=[
            "all",
            "none",
            "{{ steps.charge.output.amount }}",
            {"sum": "{{ steps.charge.output.amount }}"},
        ],
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """One threshold at most; ``collect`` in one of its forms."""
        on_error = config.get("on_error")
        if isinstance(on_error, Mapping) and "max_count" in on_error and "max_percent" in on_error:
            yield ConfigProblem("/on_error", "There are two thresholds.", "Keep max_count or max_percent.")
        if not _is_collect(config.get("collect", "all")):
            yield ConfigProblem(
                "/collect",
                "This is no way to collect.",
                "Write all, none, an expression in {{ }}, or an object with one of count, sum, min, max.",
            )


class Foreach(NodeType):
    """A container: its inside runs once for each item, in ``concurrency`` lanes."""

    name = "foreach"
    title = "For each"
    description = "Runs the nodes inside once for each item."
    category = "loop"
    container = "foreach"
    deferred = ("collect",)
    Config = ForeachConfig
    gives = (
        "`{results, errors, counts}`: `results` by index with null where an item did not succeed, or the "
        "reduced value; `errors` as `[{index, error}]`; `counts` as `{total, succeeded, failed, cancelled}`."
    )
    failures = {
        "foreach_failed": "More items failed than the threshold allows.",
        "collect_too_large": "The collected results are larger than the payload limit.",
    }

    def problems(self, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """As always; a predicate on failures is named for what it is."""
        for problem in super().problems(config):
            if problem.pointer == "/on_error/when":
                yield replace(
                    problem,
                    message="A predicate on failures is not in this release.",
                    cure="Use max_count or max_percent.",
                    code="not_in_this_release",
                )
            else:
                yield problem

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Results by ``collect``, whose template is read from the inside."""
        return {
            "type": "object",
            "properties": {
                "results": _results(config.get("collect", "all")),
                "errors": ERRORS,
                "counts": COUNTS,
            },
        }

    def perform(self, config: ForeachConfig, context: Context) -> FanOut | Done | Fail:
        """Fan out, and answer with the region's result when it has ended; no items is success at once."""
        if context.resume is not None:
            return region_outcome(context.resume["result"])
        total = config.items.range if isinstance(config.items, Range) else len(config.items)
        collect = reducer_of(config.collect)
        if total == 0:
            return Done(output=empty_output(collect))
        return FanOut(
            total=total,
            items=None if isinstance(config.items, Range) else config.items,
            concurrency=config.concurrency,
            mode=config.on_error.mode,
            max_count=config.on_error.max_count,
            max_percent=config.on_error.max_percent,
            ordered=config.ordered,
            collect=collect,
        )


def _results(collect: Any) -> dict[str, Any]:
    if isinstance(collect, Mapping):
        return {"type": "integer", "minimum": 0} if "count" in collect else {"type": ["number", "null"]}
    if collect == "none":
        return {"type": "array", "maxItems": 0}
    return {"type": "array", "items": template_schema(collect) if is_template(collect) else {}}


def reducer_of(collect: Any) -> Literal["all", "none", "count", "sum", "min", "max"]:
    """How a ``collect`` config folds the items' values; an expression keeps them ``all``."""
    if isinstance(collect, Mapping):
        return next(name for name in FOLDS if name in collect)
    return "none" if collect == "none" else "all"


def empty_output(collect: str) -> dict[str, Any]:
    """The output of a loop over nothing."""
    results: Any = {"count": 0, "sum": 0, "min": None, "max": None}.get(collect, [])
    return {
        "results": results,
        "errors": [],
        "counts": {"total": 0, "succeeded": 0, "failed": 0, "cancelled": 0},
    }


def _is_collect(collect: Any) -> bool:
    if isinstance(collect, Mapping):
        return len(collect) == 1 and all(
            name in FOLDS and is_template(value) for name, value in collect.items()
        )
    return isinstance(collect, str) and (is_template(collect) or collect in {"all", "none"})
