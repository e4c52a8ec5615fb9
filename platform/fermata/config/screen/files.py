"""What a build of the screen consists of, read from Vite's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fermata.config.env import ROOT

WEBUI = ROOT / "webui"
DIST = WEBUI / "dist"
MANIFEST = Path(".vite") / "manifest.json"
PREFIX = "/static/webui/"
"""Where the files are served; vite.config.ts names the same."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build: the addresses the page names."""

    script: str
    styles: tuple[str, ...]
    preloads: tuple[str, ...]


def current(dist: Path = DIST) -> Build | None:
    """The build that is there now, or None."""
    changed = made_at(dist)
    return None if changed is None else _read(dist, changed)


def made_at(dist: Path = DIST) -> int | None:
    """When the build was made (nanoseconds), or None without one; tells one build from the next."""
    try:
        return (dist / MANIFEST).stat().st_mtime_ns
    except OSError:
        return None


@lru_cache(maxsize=2)
def _read(dist: Path, _changed: int) -> Build | None:
    try:
        chunks = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # between two builds; the next request sees the new one
    entry = next(name for name, chunk in chunks.items() if chunk.get("isEntry"))
    *imports, first = [chunks[name] for name in _with_imports(chunks, entry, set())]
    styles = [style for chunk in (*imports, first) for style in chunk.get("css", ())]
    return Build(
        script=PREFIX + first["file"],
        styles=tuple(PREFIX + style for style in dict.fromkeys(styles)),
        preloads=tuple(PREFIX + chunk["file"] for chunk in imports),
    )


def _with_imports(chunks: dict[str, Any], name: str, seen: set[str]) -> Iterator[str]:
    """What a chunk needs, however far down, and then itself: as the browser will run them."""
    if name in seen:
        return
    seen.add(name)
    for needed in chunks[name].get("imports", ()):
        yield from _with_imports(chunks, needed, seen)
    yield name
