"""What a variable write does to the value the writer saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fermata.graph.plan import Plan
from fermata.machine.outcomes import Write
from fermata.machine.view import Claim


def written(claim: Claim, plan: Plan, writes: Iterable[Write]) -> dict[str, Any]:
    """Name → value after the writes, from what the claim read: for the guards of the writer's own edges.

    The ledger applies the same operations atomically to the current value; that one is recorded.
    """
    values: dict[str, Any] = {}
    for write in writes:
        old = values.get(write.name, claim.variables.get(write.name, plan.variables.get(write.name)))
        values[write.name] = applied(write.operation, old, write.value)
    return values


def applied(operation: str, old: Any, value: Any) -> Any:
    """``set``, ``increment`` (from 0), ``append`` (to []), ``merge`` (into {}); other types are replaced."""
    if operation == "increment":
        return (old if isinstance(old, (int, float)) and not isinstance(old, bool) else 0) + value
    if operation == "append":
        return [*(old if isinstance(old, list) else []), value]
    if operation == "merge":
        return {**(old if isinstance(old, dict) else {}), **value}
    return value
