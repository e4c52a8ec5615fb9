"""Every key Fermata has in Redis, and the prefix of Celery's own.

========================  ======  ==========================================================================
key                       type    meaning
========================  ======  ==========================================================================
``fermata:lease:{step}``  string  ``<fence>:<token>`` of the worker that performs the step; expires
``fermata:epoch``         string  the server's time (ms) at which this Redis began to remember; never expires
``fermata:signals``       stream  ``e`` execution id, ``w`` workspace id; about the last 10,000
``fermata:workers``       zset    a living worker as JSON → the server's time (ms) it was heard of; expires
``wf:<queue>``            list    Celery's messages, newest on the left
========================  ======  ==========================================================================
"""

from __future__ import annotations

from typing import Final

EPOCH: Final = "fermata:epoch"
SIGNALS: Final = "fermata:signals"
WORKERS: Final = "fermata:workers"
SIGNALS_KEPT: Final = 10_000
"""Signals kept, about: a reader that fell further behind reads the journal instead."""

BROKER_PREFIX: Final = "wf:"
"""Celery's ``global_keyprefix``: what the broker owns is told apart from what we own."""


def lease(step_id: str) -> str:
    """The key of a step's lease."""
    return f"fermata:lease:{step_id}"


def queue(name: str) -> str:
    """The key of the list that Celery's queue is (priority 0: the ledger orders a queue, not Redis)."""
    return f"{BROKER_PREFIX}{name}"


def is_reserved_queue(name: str) -> bool:
    """True for a queue name whose key would be one of the broker's own, or no single queue's."""
    return (
        not name
        or name.startswith(("unacked", "_kombu.", "celery-"))
        or any(character <= " " for character in name)
    )
