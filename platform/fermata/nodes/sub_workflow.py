"""sub_workflow: start another workflow, or one for each item, and wait for it or go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Child, Done, Fail, Failure, Spawn
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import NodeConfig, Whole, is_template

MOST_CHILDREN = 1000
_SHOWN = 20
_ENDINGS = {"failed": "failed", "cancelled": "was cancelled", "timed_out": "ran out of time"}


class SubWorkflowConfig(NodeConfig):
    """Which workflow, with what."""

    workflow: str = Field(min_length=1, max_length=200, description="The workflow's name or id.")
    version: Literal["latest"] | Whole = Field(
        default="latest", description="`latest` (as of the start of the child) or a version's number."
    )
    input: Any = Field(default=None, description="The child's input; `{}` without it.")
    wait: bool = Field(default=True, description="Wait until the child has ended; otherwise go on at once.")
    items: list[Any] | None = Field(
        default=None,
        max_length=MOST_CHILDREN,
        description=(
            "Start one child for each item. Its input is the item; with `input` given, which is then an "
            "object, it is that object with the fields `item` and `index` added."
        ),
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Versions begin at 1; with ``items`` an input is an object."""
        version = config.get("version")
        if isinstance(version, int | float) and version < 1:
            yield ConfigProblem(
                "/version", "Versions begin at 1.", "Write latest, or the number of a version."
            )
        given = config.get("input")
        if config.get("items") is not None and not (
            given is None or isinstance(given, Mapping) or is_template(given)
        ):
            yield ConfigProblem(
                "/input",
                "With items the input is an object.",
                "Write an object; item and index are added to it.",
            )


class SubWorkflow(NodeType):
    """Children are started in the step's own transaction; cancel, pause and deadlines pass down to them."""

    name = "sub_workflow"
    title = "Sub-workflow"
    description = "Starts another workflow, or one for each item."
    category = "control"
    Config = SubWorkflowConfig
    gives = "The child's output; with `items` `{results: [outputs]}`; without `wait` `{executions: [ids]}`."
    failures = {
        "child_failed": "A child failed; its error is the cause.",
        "child_cancelled": "A child was cancelled.",
        "child_timed_out": "A child ran out of time.",
    }

    def effect(self, config: Mapping[str, Any]) -> Literal["pure"]:
        """Starting children is part of the step's record, so a repeat does nothing twice."""
        return "pure"

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Several children give a list; what one gives is known by its own workflow."""
        listed = {"type": "array", "items": {}}
        if config.get("wait") is False:
            ids = {"type": "array", "items": {"type": "string", "format": "uuid"}}
            return {"type": "object", "properties": {"executions": ids}}
        return {} if config.get("items") is None else {"type": "object", "properties": {"results": listed}}

    def perform(self, config: SubWorkflowConfig, context: Context) -> Spawn | Done | Fail:
        """Start the children first; answer with what became of them when all are final."""
        if context.resume is not None:
            return _ended(context.resume["children"], many=config.items is not None)
        if config.items is not None and not config.items:
            return Done(output={"results": []} if config.wait else {"executions": []})
        children = tuple(
            Child(workflow=config.workflow, version=config.version, input=given) for given in _inputs(config)
        )
        return Spawn(children=children, wait=config.wait)


def _inputs(config: SubWorkflowConfig) -> Sequence[Any]:
    if config.items is None:
        return [{} if config.input is None else config.input]
    if config.input is None:
        return config.items
    return [{**config.input, "item": item, "index": index} for index, item in enumerate(config.items)]


def _ended(children: Sequence[Mapping[str, Any]], *, many: bool) -> Done | Fail:
    bad = [(index, child) for index, child in enumerate(children) if child["status"] != "succeeded"]
    if not bad:
        if not many:
            return Done(output=children[0].get("output"))
        return Done(output={"results": [child.get("output") for child in children]})
    failed = next((child for _, child in bad if child["status"] == "failed"), bad[0][1])
    rows = [{"index": index, "id": child["id"], "status": child["status"]} for index, child in bad[:_SHOWN]]
    ended = _ENDINGS[failed["status"]]
    message = (
        f"{len(bad)} of {len(children)} children did not succeed; one {ended}."
        if many
        else f"The child {ended}."
    )
    return Fail(
        Failure(
            kind=f"child_{failed['status']}",
            message=message,
            data={"children": rows, "total": len(bad)},
            cause=failed.get("error"),
        )
    )
