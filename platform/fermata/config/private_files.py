"""Files only their owner may read, written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Put the text in place of whatever the file held. Raises `OSError`."""
    _draft(path, text).replace(path)


def keep(path: Path, text: str) -> str:
    """Write the text unless the file exists; answers what it holds, which is the first writer's text.

    Safe when several processes start at the same time. Raises `OSError`.
    """
    if not path.exists():
        draft = _draft(path, text)
        with suppress(FileExistsError):  # another process was first
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8")


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    return draft
