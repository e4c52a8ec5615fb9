"""A context to perform nodes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fermata.nodes.catalogue import BUILTIN, Catalogue
from fermata.nodes.contract import Context

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
TYPES = Catalogue(BUILTIN)


@pytest.fixture
def context() -> Callable[..., Context]:
    def make(**values: Any) -> Context:
        given = {
            "execution_id": "e",
            "step_id": "s",
            "node_id": "n",
            "workspace_id": "w",
            "attempt": 1,
            "idempotency_key": "e:n::1",
            "now": NOW,
        }
        return Context(**{**given, **values})

    return make


@pytest.fixture
def perform(context: Callable[..., Context]) -> Callable[..., Any]:
    """Read the (rendered) config and perform the type, as an engine does."""

    def run(name: str, config: dict[str, Any], **values: Any) -> Any:
        node_type = TYPES.find(name)
        assert node_type is not None
        read = node_type.read(config)
        return read if not isinstance(read, node_type.Config) else node_type.perform(read, context(**values))

    return run


@pytest.fixture
def pointers() -> Callable[[str, Any], set[str]]:
    """Where a type finds fault with a config."""

    def find(name: str, config: Any) -> set[str]:
        node_type = TYPES.find(name)
        assert node_type is not None
        return {problem.pointer for problem in node_type.problems(config)}

    return find
