"""How a foreach counts: thresholds, the next item, and what its container answers (engine.md §2a.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fermata.machine.outcomes import Failure


@dataclass(frozen=True, slots=True)
class Verdict:
    """After an item ended.

    ``state`` of the region; ``next_item``: start another one; ``settle``: cancel the live items first, for
    ``cause``; ``result``: the region is over and its container wakes with this.
    """

    state: str
    next_item: bool = False
    settle: bool = False
    cause: dict[str, Any] | None = None
    result: dict[str, Any] | None = None


def failure_of(region: Mapping[str, Any], error: Mapping[str, Any] | None) -> dict[str, Any]:
    """The container's failure once more items failed than are tolerated."""
    failed, total = region["failed"], region["total"]
    return Failure(
        "foreach_failed",
        f"{failed} of {total} items failed; {region['failure_limit']} are tolerated.",
        data={"failed": failed, "total": total},
        node=region["name"],
        cause=dict(error) if error else None,
    ).to_json()


def ended(
    region: Mapping[str, Any], *, drain: bool, cancel: bool, error: Mapping[str, Any] | None
) -> Verdict:
    """What follows from the counts after an item ended.

    ``region`` has total, next, active, succeeded, failed, failure_limit, mode, state and cause, with this
    item counted already. ``error``: the last item error, if it failed.
    """
    cause = region["cause"]
    limit = region["failure_limit"]
    state = region["state"]
    breached = limit is not None and region["failed"] > limit
    if breached and (cause is None or "failure" not in cause["result"]):
        cause = {"why": "threshold", "result": {"failure": failure_of(region, error)}}
        state = "draining" if region["mode"] != "continue" else state
        if region["mode"] == "stop" and region["active"] > 0:
            return Verdict("closing", settle=True, cause=cause)
    elif drain or cancel:
        cause = cause or {"why": "threshold", "result": {"ended": True}}
        state = "draining"
        if cancel and region["active"] > 0:
            return Verdict("closing", settle=True, cause=cause)
    if state == "open" and region["next"] < region["total"]:
        return Verdict(state, next_item=True, cause=cause)
    if region["active"] > 0:
        return Verdict(state, cause=cause)
    return Verdict("closed", cause=cause, result=cause["result"] if cause else {"ended": True})


def result_of(
    region: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], result: dict[str, Any]
) -> dict[str, Any]:
    """What the container's node is resumed with: {"failure": …} or {"output": …}.

    ``rows``: the region's iterations with index, state, output, error. For foreach the output is
    ``{results, errors, counts}``; ``results`` by index with null where an item did not succeed.
    """
    if "ended" not in result:
        return result
    collect = (region["fan_out"] or {}).get("collect", "all")
    outputs: list[Any] = [None] * region["total"]
    errors = []
    for row in rows:
        if row["state"] == "succeeded":
            outputs[row["index"]] = row["output"]
        elif row["error"] is not None:
            errors.append({"index": row["index"], "error": row["error"]})
    total, succeeded, failed = region["total"], region["succeeded"], region["failed"]
    counts = {
        "total": total,
        "succeeded": succeeded,
        "failed": failed,
        "cancelled": total - succeeded - failed,
    }
    return {"output": {"results": reduced(collect, outputs), "errors": errors, "counts": counts}}


def reduced(collect: str, outputs: list[Any]) -> Any:
    """``outputs`` under a reducer; nulls are skipped by sum, min and max."""
    if collect == "all":
        return outputs
    if collect == "none":
        return []
    present = [value for value in outputs if value is not None]
    if collect == "count":
        return len(present)
    if collect == "sum":
        return sum(present)
    chosen = min if collect == "min" else max
    return chosen(present) if present else None
