"""while: run the nodes inside again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from fermata.errors import ExpressionError
from fermata.graph.inferred import template_schema
from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Again, Done, Fail
from fermata.nodes.contract import Context, NodeType, expression_failure, region_outcome
from fermata.nodes.fields import NodeConfig, Whole, is_template

MOST_ITERATIONS = 1_000_000


class WhileConfig(NodeConfig):
    """When to go on and when to end. The expressions are evaluated at the end of each passage."""

    condition: Any = Field(
        default=None,
        description="Asked before the first passage and after each: false ends the loop.",
        json_schema_extra={"x-ui": {"widget": "expression"}},
    )
    until: Any = Field(
        default=None,
        description="Asked after each passage: true ends the loop.",
        json_schema_extra={"x-ui": {"widget": "expression"}},
    )
    output: Any = Field(
        default=None, description="The loop's output, from its last passage; null without it."
    )
    max_iterations: Whole = Field(
        default=1000, ge=1, le=MOST_ITERATIONS, description="After this many passages the loop fails."
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """``condition`` or ``until``, each true, false or an expression."""
        if config.get("condition") is None and config.get("until") is None:
            yield ConfigProblem("", "Nothing says when the loop ends.", "Add condition or until.")
        for name in ("condition", "until"):
            value = config.get(name)
            if not (value is None or isinstance(value, bool) or is_template(value)):
                yield ConfigProblem(
                    f"/{name}",
                    "This is neither true nor false nor an expression.",
                    'Write an expression such as "{{ steps.poll.output.ready }}".',
                )


class While(NodeType):
    """A container: its inside runs until its expressions say that it is enough."""

    name = "while"
    title = "While"
    description = "Runs the nodes inside while a condition holds, or until one does."
    category = "loop"
    container = "while"
    deferred = ("condition", "until", "output")
    Config = WhileConfig
    gives = "The `output` expression over the last passage, null without one or without a passage."
    failures = {"max_iterations": "The loop was not done after `max_iterations` passages."}

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The ``output`` template's, read from the inside."""
        return template_schema(config.get("output"))

    def perform(self, config: WhileConfig, context: Context) -> Again | Done | Fail:
        """Ask ``condition`` before the first passage; answer with the region's result when it has ended."""
        if context.resume is not None:
            return region_outcome(context.resume["result"])
        if config.condition is None:
            return Again()
        try:
            wanted = context.evaluate(config.condition)
        except ExpressionError as error:
            return expression_failure(error.message, pointer="/condition", **error.data)
        if not isinstance(wanted, bool):
            return expression_failure("The condition is neither true nor false.", pointer="/condition")
        return Again() if wanted else Done(output=None)
