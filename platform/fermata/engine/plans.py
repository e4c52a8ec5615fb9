"""Compiled plans by version, cached: versions are immutable."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from fermata.graph.plan import Plan
from fermata.workflows import queries


@lru_cache(maxsize=256)
def _plan(version_id: str) -> Plan:
    return Plan.from_json(queries.version_by_id(UUID(version_id)).plan)


def plan(version_id: UUID | str) -> Plan:
    """The version's plan. Raises NotFound, UnknownFormat."""
    return _plan(str(version_id))


def resolve(workspace_id: str, workflow: str, version: int | str) -> tuple[str, str, int]:
    """(workflow id, version id, number) that a reference means now.

    Raises NotFound; other workspaces do not exist.
    """
    found = queries.resolve(UUID(workspace_id), workflow, version)  # type: ignore[arg-type]
    return str(found.workflow_id), str(found.id), found.number
