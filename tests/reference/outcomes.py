"""What one node answers with in the reference, and the small rules about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

Json = Any
ANY_CLASS = "*"
"""Failed items of different classes: which of them is named as the cause is open."""


@dataclass(frozen=True)
class Done:
    """The node succeeded and answers on ``port``."""

    output: Json = None
    port: str = "out"


@dataclass(frozen=True)
class Failed:
    """The node failed; ``kind`` is the class of the first cause, ``shown`` what expressions see."""

    kind: str
    retryable: bool = False
    shown: Json = None


@dataclass(frozen=True)
class Left:
    """A region is left before its end. ``live``: the edges of a break that lead on."""

    how: str  # break, continue, failed or terminate
    failure: Failed | None = None
    status: str = "succeeded"
    output: Json = None
    live: frozenset[int] = frozenset()
    cancels_running: bool = False


@dataclass
class Tally:
    """What the items of a foreach came to so far, under its ``on_error`` (§2a.9)."""

    on_error: Json
    results: list[Json]
    failures: dict[int, Failed] = field(default_factory=dict)
    succeeded: int = 0
    takes_no_more: bool = False

    def count(self, number: int, left: Left | None, result: Json) -> str | None:
        """Count one ended item; "cancel" when those under way must stop."""
        if left is None or left.how == "break":
            self.succeeded += 1
            self.results[number] = result
            self.takes_no_more = self.takes_no_more or left is not None
            return "cancel" if left is not None and left.cancels_running else None
        assert left.failure is not None
        self.failures[number] = left.failure
        mode = self.on_error.get("mode", "stop")
        self.takes_no_more = self.takes_no_more or (self.is_beyond() and mode != "continue")
        return "cancel" if self.is_beyond() and mode == "stop" else None

    def is_beyond(self) -> bool:
        """More failed than tolerated: without a threshold continue tolerates all, the others none."""
        failed = len(self.failures)
        if "max_count" in self.on_error:
            return bool(failed > self.on_error["max_count"])
        if "max_percent" in self.on_error:
            return bool(failed * 100 > self.on_error["max_percent"] * len(self.results))
        return failed > 0 and self.on_error.get("mode", "stop") != "continue"

    def outcome(self, config: Json) -> Done | Failed:
        """The foreach's own outcome once no item is under way."""
        if self.is_beyond():
            kinds = {failure.kind for failure in self.failures.values()}
            return Failed(kinds.pop() if len(kinds) == 1 else ANY_CLASS)
        errors = [{"index": i, "error": {"class": self.failures[i].kind}} for i in sorted(self.failures)]
        total, failed = len(self.results), len(self.failures)
        # What was not taken any more counts as cancelled, too: the counts add up to the total.
        cancelled = total - self.succeeded - failed
        counts = {"total": total, "succeeded": self.succeeded, "failed": failed, "cancelled": cancelled}
        return Done({"results": collected(config, self.results), "errors": errors, "counts": counts})


def collected(config: Json, results: list[Json]) -> Json:
    """The results themselves, nothing, or one value made of those that are not null."""
    collect = config.get("collect", "all")
    if not isinstance(collect, dict):
        return [] if collect == "none" else results
    values = [value for value in results if value is not None]
    folds: dict[str, Callable[[list[Json]], Json]] = {
        "count": len,
        "sum": sum,
        "min": partial(min, default=None),
        "max": partial(max, default=None),
    }
    return folds[next(iter(collect))](values)


def failure(config: Json) -> Failed:
    shown = {"class": config["error"], "message": config.get("message", ""), "data": config.get("data", {})}
    return Failed(config["error"], shown=shown)


def termination(config: Json) -> Left:
    failed = config.get("status", "succeeded") == "failed"
    failure = Failed((config.get("error") or {}).get("error", "terminated")) if failed else None
    return Left("terminate", failure, "failed" if failed else "succeeded", config.get("output"))


def scripted(outcome: Json) -> Any:
    if "fail" in outcome:
        return Failed(outcome["fail"], retryable=outcome.get("retryable", False))
    return Done(outcome.get("output"), outcome.get("port", "out"))
