"""Printing: lines, one line that changes in place, tables, JSON, questions.

What a service sends is made printable first.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

QUIET_SECONDS = 2.0
"""Where lines cannot be rewritten, a changing one is printed this often at most."""

WIDEST_COLUMN = 60


def printable(value: Any) -> str:
    """The value as text without control characters: a name from afar must not move the cursor."""
    text = "" if value is None else str(value)
    return "".join(character if character.isprintable() else " " for character in text)


def clipped(text: str, width: int) -> str:
    """The text, cut to `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


class Terminal:
    """Where a command speaks: results to `out`, the rest to `err`."""

    def __init__(self, *, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.err = err or sys.stderr
        self.is_live = self.out.isatty()
        self._changing = ""
        self._shown_at = 0.0

    def line(self, text: str = "") -> None:
        """One line of result or progress."""
        self._wipe()
        self._put(self.out, f"{text}\n")

    def change(self, text: str) -> None:
        """The line that changes in place; `settle` or the next `line` ends it."""
        if self.is_live:
            self._wipe()
            self._put(self.out, clipped(text, 110))
            self._changing = text
        elif time.monotonic() - self._shown_at >= QUIET_SECONDS:
            self._shown_at = time.monotonic()
            self.line(text)

    def note(self, text: str) -> None:
        """A line beside the result, such as a hint or a problem."""
        self._wipe()
        self._put(self.err, f"{text}\n")

    def json(self, value: Any) -> None:
        """A value as JSON in one line, so that lines can be piped on."""
        self._wipe()
        self._put(self.out, json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Aligned columns; a line that says so when there are no rows."""
        if not rows:
            self.line("(none)")
            return
        cells = [[clipped(printable(cell), WIDEST_COLUMN) for cell in row] for row in [heads, *rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
        for row in cells:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def ask(self, question: str) -> bool | None:
        """Yes or no from the person at the terminal; None when there is nobody to ask."""
        if not (self.is_live and sys.stdin.isatty()):
            return None
        self._wipe()
        while True:
            try:
                answer = input(f"{question} [y/n] ").strip().lower()
            except EOFError:
                return None
            if answer in {"y", "yes", "n", "no"}:
                return answer.startswith("y")

    def _wipe(self) -> None:
        if self._changing:
            self._changing = ""
            self._put(self.out, "\r\x1b[2K")

    @staticmethod
    def _put(stream: TextIO, text: str) -> None:
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
