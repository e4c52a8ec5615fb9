"""Deterministic ids, so that a message can name a step before it exists.

sha-256 over the identity's text, first 16 bytes as a UUID. ``engine/sql`` has the same functions; a test
holds them together. A region's id hashes its opener, so the chain of regions (the path) is in every step's
id.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID


def hashed(text: str) -> str:
    """The UUID text of ``text``."""
    return str(UUID(bytes=sha256(text.encode()).digest()[:16]))


def root_id(execution_id: str) -> str:
    """The root region of an execution."""
    return hashed(f"root|{execution_id}")


def step_id(region_id: str, iteration: int, node: str, *, kind: str = "node", run: int = 1) -> str:
    """One run of a node in one passage of a region."""
    return hashed(f"{kind}|{region_id}|{iteration}|{node}|{run}")


def container_id(container_step_id: str, *, attempt: int = 1) -> str:
    """The region a container's step opens; every attempt of the container opens one of its own."""
    return hashed(f"container|{container_step_id}|{attempt}")


def loop_id(region_id: str, iteration: int, name: str) -> str:
    """The region of a natural loop entered in one passage of its enclosing region."""
    return hashed(f"loop|{region_id}|{iteration}|{name}")


def join_id(region_id: str, iteration: int, node: str, *, run: int = 1) -> str:
    """The join before a node."""
    return hashed(f"join|{region_id}|{iteration}|{node}|{run}")


def child_id(parent_step_id: str, run: int, ordinal: int, *, attempt: int = 1) -> str:
    """A sub-workflow's execution: unique on (parent step, run, ordinal)."""
    return hashed(f"child|{parent_step_id}|{run}|{attempt}|{ordinal}")
