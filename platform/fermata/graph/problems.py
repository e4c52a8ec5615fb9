"""A fault of a document, and the report that gathers all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``pointer`` is a JSON pointer into the document, ``fix`` an RFC 6902 patch of it."""

    code: str
    severity: Severity
    pointer: str
    message: str
    cure: str
    node_id: str | None = None
    fix: tuple[dict[str, Any], ...] = ()
    offset: int | None = None
    length: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The row of the interface: absent members are left out."""
        row: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "pointer": self.pointer,
            "message": self.message,
            "cure": self.cure,
        }
        if self.node_id is not None:
            row["node_id"] = self.node_id
        if self.fix:
            row["fix"] = [dict(step) for step in self.fix]
        if self.offset is not None:
            row |= {"offset": self.offset, "length": self.length}
        return row


@dataclass(slots=True)
class Report:
    """Gathers problems while a document is read."""

    problems: list[Problem] = field(default_factory=list)
    suggestions_left: int = 200

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """The known word that was probably meant; None after 200 mistakes in one document."""
        if not self.suggestions_left:
            return None
        self.suggestions_left -= 1
        return nearest(word, known)

    def error(self, code: str, pointer: str, message: str, cure: str, **more: Any) -> None:
        """Add an error; ``more``: node_id, fix, offset, length."""
        self.problems.append(Problem(code, "error", pointer, message, cure, **more))

    def warning(self, code: str, pointer: str, message: str, cure: str, **more: Any) -> None:
        """Add a warning; ``more``: node_id, fix."""
        self.problems.append(Problem(code, "warning", pointer, message, cure, **more))

    @property
    def failed(self) -> bool:
        """Whether there is an error among them."""
        return any(problem.severity == "error" for problem in self.problems)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    near = get_close_matches(word[:64], list(known)[:2000], n=1)
    return near[0] if near else None


def did_you_mean(word: str, known: Sequence[str], *, otherwise: str) -> str:
    """A cure: the nearest known word, or the given sentence."""
    near = nearest(word, known)
    return f"Did you mean {near!r}?" if near else otherwise


def replace(pointer: str, value: Any) -> tuple[dict[str, Any], ...]:
    """A patch that replaces one value."""
    return ({"op": "replace", "path": pointer, "value": value},)


def remove(pointer: str) -> tuple[dict[str, Any], ...]:
    """A patch that removes one value."""
    return ({"op": "remove", "path": pointer},)
