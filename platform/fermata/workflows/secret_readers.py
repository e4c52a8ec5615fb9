"""Which nodes read which secrets: of documents being judged, and of what was published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from fermata.accounts import vault
from fermata.errors import ExpressionError
from fermata.graph.expression import compile_expression, escaped, split, texts_in

MOST = 20

PUBLISHED = """
SELECT DISTINCT ON (w.name, w.id) w.id, w.name, v.number, v.plan
FROM fermata_version v JOIN fermata_workflow w ON w.id = v.workflow_id
WHERE w.workspace_id = %(workspace)s AND w.archived_at IS NULL AND v.listed
  AND strpos(v.plan::text, %(read)s) > 0
ORDER BY w.name, w.id, v.number DESC
LIMIT %(most)s
"""


def published(workspace_id: UUID, name: str) -> list[dict[str, Any]]:
    """The newest listed version of each live workflow that reads the secret, and in which nodes."""
    read = f"secret:{name}"
    with connection.cursor() as database:
        database.execute(PUBLISHED, {"workspace": workspace_id, "read": f'"{read}"', "most": MOST})
        rows = database.fetchall()
    return [
        {
            "workflow_id": str(workflow_id),
            "workflow": workflow,
            "version": number,
            "nodes": [node for node, row in plan["nodes"].items() if read in row["reads"]],
        }
        for workflow_id, workflow, number, plan in rows
    ]


def missing(definition: Any, workspace_id: UUID) -> list[dict[str, Any]]:
    """A warning for each place of a document that reads a secret the workspace does not have."""
    found = list(_reads(definition))
    if not found:
        return []
    known = vault.names(workspace_id)
    return [
        {
            "code": "secret_missing",
            "severity": "warning",
            "pointer": pointer,
            "node_id": node_id,
            "message": f"The workspace has no secret {name!r}.",
            "cure": "Add it under secrets before this runs; without it the node fails.",
        }
        for node_id, pointer, name in found
        if name not in known
    ]


def _reads(definition: Any) -> Iterator[tuple[str, str, str]]:
    """(node id, pointer, secret) of every read in a node's config; faults are somebody else's finding."""
    nodes = definition.get("nodes") if isinstance(definition, Mapping) else None
    for at, node in enumerate(nodes if isinstance(nodes, list) else ()):
        config = node.get("config") if isinstance(node, Mapping) else None
        if not isinstance(config, Mapping) or not isinstance(node.get("id"), str):
            continue
        for key, value in config.items():
            for pointer, text in texts_in(value, f"/nodes/{at}/config/{escaped(key)}"):
                yield from ((node["id"], pointer, name) for name in _secrets_of(text))


def _secrets_of(text: str) -> tuple[str, ...]:
    if "secrets" not in text:
        return ()
    try:
        parts = [part for part in split(text) if not isinstance(part, str)]
        return tuple(
            dict.fromkeys(
                name for _, source in parts for name in compile_expression(source).references.secrets
            )
        )
    except ExpressionError:
        return ()
