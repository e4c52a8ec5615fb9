"""A small catalogue of node types for tests of the graph alone, and short ways to write documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from fermata.graph.node_types import ConfigProblem
from fermata.graph.plan import Effect


@dataclass(frozen=True)
class FakeType:
    name: str
    fixed: tuple[str, ...] = ("out", "error")
    container: Literal["foreach", "while"] | None = None
    choosing: bool = False
    runnable: bool = True
    leaves_passage: bool = False
    reads: tuple[str, ...] = ()
    secrets_allowed: bool = False
    deferred: tuple[str, ...] = ()
    does: Effect = "pure"
    version: int = 1

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        if self.name == "switch":
            return (*config["cases"], "default", "error")
        return self.fixed

    def effect(self, config: Mapping[str, Any]) -> Effect:
        return self.does

    def queue(self, config: Mapping[str, Any]) -> str:
        return "http" if self.name == "http_request" else "default"

    def problems(self, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        if self.name == "http_request" and "url" not in config:
            yield ConfigProblem("/url", "The address is missing.", "Add url.", "missing")
        if self.name == "switch" and not isinstance(config.get("cases"), list):
            yield ConfigProblem("/cases", "The cases are missing.", "Add cases.")

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"count": {"type": "integer"}}}


TYPES = (
    FakeType("http_request", secrets_allowed=True, does="unsafe"),
    FakeType("transform"),
    FakeType("set_variables"),
    FakeType("condition", ("true", "false", "error"), choosing=True),
    FakeType("switch", choosing=True),
    FakeType("foreach", container="foreach", deferred=("collect",)),
    FakeType("while", container="while", deferred=("condition", "until", "output")),
    FakeType("break", ("out",), leaves_passage=True),
    FakeType("continue", (), leaves_passage=True),
    FakeType("join", ("out",), reads=("arrivals",)),
    FakeType("approval", ("approved", "rejected", "timeout", "error"), choosing=True),
    FakeType("fail", ()),
    FakeType("note", (), runnable=False),
)


class Catalogue:
    def __init__(self) -> None:
        self.types = {each.name: each for each in TYPES}

    def find(self, name: str, version: int | None = None) -> FakeType | None:
        return self.types.get(name) if version in {None, 1} else None

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.types))


CATALOGUE = Catalogue()


def node(node_id: str, node_type: str = "transform", **more: Any) -> dict[str, Any]:
    return {"id": node_id, "type": node_type, **more}


def edges(*texts: str) -> list[dict[str, Any]]:
    """``"a > b.true > c"`` is a chain; ``"a > b if inputs.x"`` has a guard on its last edge."""
    found: list[dict[str, Any]] = []
    for text in texts:
        way, _, guard = text.partition(" if ")
        stops = [stop.strip() for stop in way.split(">")]
        for source, target in pairwise(stops):
            found.append({"from": source, "to": target.partition(".")[0]})
        if guard:
            found[-1]["when"] = "{{ " + guard + " }}"
    return found


def document(nodes: list[Any], drawn: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"schema": "fermata/1", "name": "test", "nodes": nodes, "edges": drawn or [], **more}
