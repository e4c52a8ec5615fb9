"""When a failed attempt is tried again.

Pure: jitter comes from a hash of the step and attempt, not from chance.
"""

from __future__ import annotations

from hashlib import sha256

from fermata.graph.plan import Retry
from fermata.machine.outcomes import Failure


def matches(failure: Failure, classes: tuple[str, ...]) -> bool:
    """Whether the failure or any of its causes is of one of ``classes``."""
    if failure.kind in classes or "any" in classes:
        return True
    cause = failure.cause
    while cause:
        if cause.get("class") in classes:
            return True
        cause = cause.get("cause")
    return False


def delay_seconds(
    policy: Retry, failure: Failure, *, attempt: int, step_id: str, asked_seconds: float | None = None
) -> float | None:
    """Seconds until the next attempt, or None when the policy is exhausted or does not cover this failure.

    ``asked_seconds``: the least delay the node asked for (Retry-After, ``self.retry``); a node that asks is
    retried within ``max_attempts`` whatever its class.
    """
    if attempt >= policy.max_attempts:
        return None
    wanted = matches(failure, policy.on) if policy.on else failure.retryable
    if not wanted and asked_seconds is None:
        return None
    if policy.backoff == "fixed":
        delay = policy.initial_seconds
    elif policy.backoff == "linear":
        delay = policy.initial_seconds * attempt
    else:
        delay = policy.initial_seconds * 2.0 ** min(attempt - 1, 60)
    delay = min(delay, policy.max_seconds)
    if policy.jitter:
        draw = int.from_bytes(sha256(f"{step_id}|{attempt}".encode()).digest()[:4], "big") / 2**32
        delay *= 1 - policy.jitter * draw
    return max(delay, asked_seconds or 0.0)
