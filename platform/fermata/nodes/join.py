"""join: wait for branches, by the node's join policy; it does nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fermata.graph.foretold import ARRIVALS
from fermata.machine.outcomes import Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import NodeConfig


class JoinConfig(NodeConfig):
    """There is nothing to say: when it starts is said by the node's ``join``."""


class Join(NodeType):
    """A place where branches meet. Any node can be one; this type only meets."""

    name = "join"
    title = "Join"
    description = "Waits for branches to meet; the node's `join` says for how many."
    category = "control"
    reads = ("arrivals",)
    Config = JoinConfig
    gives = "`{arrivals: [{node, port, path, output | error}]}` where several edges lead in, else `{}`."

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What arrived."""
        return {"type": "object", "properties": {"arrivals": ARRIVALS}}

    def perform(self, config: JoinConfig, context: Context) -> Done:
        """What arrived is the output."""
        if "arrivals" in context.bindings:
            return Done(output={"arrivals": context.bindings["arrivals"]})
        return Done(output={})
