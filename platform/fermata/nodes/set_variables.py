"""set_variables: change variables, each change at once and journalled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Done, Write
from fermata.nodes.config_problems import pointer_of
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import KNOWN, Identifier, NodeConfig, Number

Operation = Literal["set", "increment", "append", "merge"]
_OPERATIONS: tuple[Operation, ...] = get_args(Operation)


class SetVariablesConfig(NodeConfig):
    """Which variables change, and how."""

    set_: dict[Identifier, Any] = Field(
        default={}, alias="set", description="Variables and their new values."
    )
    increment: dict[Identifier, Number] = Field(
        default={}, description="Variables and the number added to each."
    )
    append: dict[Identifier, Any] = Field(
        default={}, description="Variables that hold lists, and the value put at the end of each."
    )
    merge: dict[Identifier, dict[str, Any]] = Field(
        default={}, description="Variables that hold objects, and the fields written into each."
    )
    scope: Annotated[Literal["iteration", "execution", "workflow", "workspace"], KNOWN] = Field(
        default="execution", description="Where the variables live."
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Something changes, and no variable is changed in two ways at once."""
        names = [(operation, name) for operation in _OPERATIONS for name in _keys(config.get(operation))]
        if not names and not any(config.get(operation) for operation in _OPERATIONS):
            yield ConfigProblem("", "No variable is changed.", "Add set, increment, append or merge.")
        counts = Counter(name for _, name in names)
        for operation, name in names:
            if counts[name] > 1:
                yield ConfigProblem(
                    pointer_of((operation, name)),
                    f"The variable {name!r} is changed in more than one way.",
                    "Change it once here, and again in a node that follows.",
                )


class SetVariables(NodeType):
    """Writes variables; the ledger applies each write atomically when the step is recorded."""

    name = "set_variables"
    title = "Set variables"
    description = "Sets, increments, appends to or merges into variables."
    category = "data"
    Config = SetVariablesConfig
    gives = "`{written: [names]}` in the order set, increment, append, merge."
    failures = {"variable_type": "A variable does not hold what increment, append or merge needs."}

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The names written."""
        return {"type": "object", "properties": {"written": {"type": "array", "items": {"type": "string"}}}}

    def perform(self, config: SetVariablesConfig, context: Context) -> Done:
        """Answers with the writes."""
        changes: dict[Operation, Mapping[str, Any]] = {
            "set": config.set_,
            "increment": config.increment,
            "append": config.append,
            "merge": config.merge,
        }
        writes = tuple(
            Write(name=name, value=value, operation=operation, scope=config.scope)
            for operation, values in changes.items()
            for name, value in values.items()
        )
        return Done(output={"written": [write.name for write in writes]}, writes=writes)


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, Mapping) else []
