"""Answers given to start requests before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fermata.engine.models import Execution, IdempotencyKey
from fermata.engine.queries.executions import shown
from fermata.errors import IdempotencyKeyReused


@dataclass(frozen=True, slots=True)
class Replayed:
    """The execution an idempotency key started."""

    execution: dict[str, Any]


def replayed(*, workspace_id: UUID, route: str, key: str, request_digest: bytes) -> Replayed | None:
    """What this key started, or None when it is new. Raises IdempotencyKeyReused for a different request."""
    row = IdempotencyKey.objects.filter(workspace_id=workspace_id, route=route, key=key).first()
    if row is None or row.execution_id is None:
        return None
    if bytes(row.request_digest) != request_digest:
        raise IdempotencyKeyReused(cure="Send a new Idempotency-Key with a new request.")
    execution = Execution.objects.filter(id=row.execution_id).first()
    return None if execution is None else Replayed(shown(execution))
