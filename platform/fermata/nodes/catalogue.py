"""All node types by name: the built-in ones, and those of third parties by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from fermata.errors import Misconfigured
from fermata.nodes.approval import Approval
from fermata.nodes.break_ import Break
from fermata.nodes.celery_task import CeleryTask
from fermata.nodes.condition import Condition
from fermata.nodes.continue_ import Continue
from fermata.nodes.contract import NodeType
from fermata.nodes.fail import Fail
from fermata.nodes.foreach import Foreach
from fermata.nodes.http_request import HttpRequest
from fermata.nodes.join import Join
from fermata.nodes.note import Note
from fermata.nodes.set_variables import SetVariables
from fermata.nodes.signal import Signal
from fermata.nodes.sub_workflow import SubWorkflow
from fermata.nodes.switch import Switch
from fermata.nodes.terminate import Terminate
from fermata.nodes.transform import Transform
from fermata.nodes.wait import Wait
from fermata.nodes.while_ import While

ENTRY_POINTS = "fermata.nodes"

BUILTIN: tuple[type[NodeType], ...] = (
    HttpRequest,
    CeleryTask,
    SubWorkflow,
    Transform,
    SetVariables,
    Condition,
    Switch,
    Join,
    Fail,
    Terminate,
    Foreach,
    While,
    Break,
    Continue,
    Wait,
    Signal,
    Approval,
    Note,
)


class Catalogue:
    """Node types by name and version. Satisfies :class:`fermata.graph.node_types.NodeTypes`."""

    def __init__(self, types: Iterable[type[NodeType]]) -> None:
        """Raises Misconfigured when two types bear one name and version."""
        self._types: dict[tuple[str, int], NodeType] = {}
        self._newest: dict[str, int] = {}
        for node_type in types:
            key = (node_type.name, node_type.version)
            if key in self._types:
                raise Misconfigured(f"Two node types are called {key[0]!r}, version {key[1]}.")
            self._types[key] = node_type()
            self._newest[key[0]] = max(key[1], self._newest.get(key[0], 0))

    def find(self, name: str, version: int | None = None) -> NodeType | None:
        """The type (its newest version without ``version``), or None."""
        return self._types.get((name, self._newest.get(name, 0) if version is None else version))

    def names(self) -> tuple[str, ...]:
        """All type names, sorted."""
        return tuple(sorted(self._newest))

    def describe(self) -> list[dict[str, Any]]:
        """The newest version of each type as JSON for clients, sorted by name."""
        return [_described(self._types[name, self._newest[name]]) for name in self.names()]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The built-in types and those of entry points. Raises Misconfigured when one cannot be loaded."""
    return Catalogue((*BUILTIN, *_installed()))


def _installed() -> Iterable[type[NodeType]]:
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            node_type = entry.load()
        except Exception as error:
            raise Misconfigured(
                f"The node type {entry.name!r} ({entry.value}) cannot be loaded: {error}."
            ) from error
        if not (isinstance(node_type, type) and issubclass(node_type, NodeType)):
            raise Misconfigured(f"The entry point {entry.name!r} ({entry.value}) is not a NodeType.")
        yield node_type


def _described(node_type: NodeType) -> dict[str, Any]:
    return {
        "name": node_type.name,
        "version": node_type.version,
        "title": node_type.title,
        "description": node_type.description,
        "category": node_type.category,
        "container": node_type.container,
        "choosing": node_type.choosing,
        "runnable": node_type.runnable,
        "leaves_passage": node_type.leaves_passage,
        "secrets_allowed": node_type.secrets_allowed,
        "deferred": list(node_type.deferred),
        "ports": list(node_type.ports({})),
        "effect": node_type.effect({}),
        "gives": node_type.gives,
        "failures": dict(node_type.failures),
        "schema": node_type.schema(),
    }
