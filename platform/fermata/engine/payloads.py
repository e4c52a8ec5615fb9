"""Reading payload bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from fermata.engine.store import run


def load(digests: Iterable[bytes]) -> dict[bytes, Any]:
    """Digest → value, for those that exist; one round trip."""
    wanted = [bytes(digest) for digest in digests]
    if not wanted:
        return {}
    rows = run("SELECT digest, body::text FROM fermata_payload WHERE digest = ANY (%s::bytea[])", [wanted])
    return {bytes(digest): orjson.loads(body) for digest, body in rows}


def value(digest: bytes | None) -> Any:
    """One value; None without a digest."""
    return None if digest is None else load([bytes(digest)]).get(bytes(digest))
