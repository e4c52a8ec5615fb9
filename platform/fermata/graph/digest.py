"""The digest of a document: the same for the same meaning, whatever the order of its keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys. Raises ValueError for numbers that are not finite."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(document: Mapping[str, Any]) -> str:
    """sha-256 in hex of the document's canonical JSON, without notes: they mean nothing to an execution.

    Labels count, as they are shown in executions; positions lie outside the document anyway.
    """
    nodes = [
        {key: value for key, value in node.items() if key != "note"}
        for node in document.get("nodes", [])
        if node.get("type") != "note"
    ]
    return hashlib.sha256(canonical_json({**document, "nodes": nodes}).encode()).hexdigest()
