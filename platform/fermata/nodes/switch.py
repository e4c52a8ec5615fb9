"""switch: go the way of the first case that matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import Identifier, NodeConfig, Truth
from fermata.nodes.json_values import same

DEFAULT = "default"
_TAKEN = {DEFAULT, "error"}


class Case(NodeConfig):
    """One way: taken when ``value`` is ``equals``, or when ``when`` is true."""

    name: Identifier = Field(description="The name of this way's port.")
    equals: Any = Field(default=None, description="Taken when the switch's value is this JSON value.")
    when: Truth | None = Field(default=None, description="Taken when this expression is true.")


class SwitchConfig(NodeConfig):
    """The ways, in the order in which they are tried."""

    value: Any = Field(default=None, description="The value that `equals` is compared with.")
    cases: list[Case] = Field(
        min_length=1,
        max_length=100,
        description="Tried in order, the first match is taken; all expressions are evaluated before.",
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Names are unique and free; each case says either ``equals`` or ``when``."""
        cases = config.get("cases")
        seen: set[str] = set()
        for index, case in enumerate(cases if isinstance(cases, list) else []):
            if not isinstance(case, Mapping):
                continue
            at = f"/cases/{index}"
            name = case.get("name")
            if isinstance(name, str) and (name in seen or name in _TAKEN):
                yield ConfigProblem(
                    f"{at}/name", f"The port {name!r} exists already.", "Choose another name."
                )
            if isinstance(name, str):
                seen.add(name)
            if ("equals" in case) == ("when" in case):
                yield ConfigProblem(at, "A case says either equals or when.", "Keep exactly one of the two.")
            if "equals" in case and "value" not in config:
                yield ConfigProblem("/value", "There is nothing to compare equals with.", "Add value.")


class Switch(NodeType):
    """Chooses among named ports."""

    name = "switch"
    title = "Switch"
    description = "Goes on at the port of the first case that matches, else at `default`."
    category = "control"
    choosing = True
    Config = SwitchConfig
    gives = "The name of the port taken."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """The cases' names in order, then ``default``."""
        cases = config.get("cases")
        names = (
            [case.get("name") for case in cases if isinstance(case, Mapping)]
            if isinstance(cases, list)
            else []
        )
        named = dict.fromkeys(name for name in names if isinstance(name, str) and name not in _TAKEN)
        return (*named, DEFAULT, "error")

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """One of the ports."""
        return {"type": "string", "enum": [port for port in self.ports(config) if port != "error"]}

    def perform(self, config: SwitchConfig, context: Context) -> Done:
        """The first match is output and port."""
        port = next((case.name for case in config.cases if _matches(case, config.value)), DEFAULT)
        return Done(output=port, port=port)


def _matches(case: Case, value: Any) -> bool:
    return same(case.equals, value) if "equals" in case.model_fields_set else case.when is True
