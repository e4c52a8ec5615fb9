"""Which family a licence belongs to: `permissive`, `weak_copyleft`, `strong_copyleft`, or nobody knows.

Pure. Three spellings are read, as packages declare them: an SPDX expression (`MIT OR Apache-2.0`), a free
text (`BSD 2-Clause License`) and trove classifiers. This sorts; it is no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Family = Literal["permissive", "weak_copyleft", "strong_copyleft", "unknown"]
STRICTNESS: tuple[Family, ...] = ("permissive", "weak_copyleft", "strong_copyleft", "unknown")
"""From the most to the least welcome: `OR` lets one choose the former, `AND` binds to the latter."""

NAMES: tuple[tuple[str, Family], ...] = (
    (r"affero|\bagpl", "strong_copyleft"),
    (r"lesser general|library general|\blgpl", "weak_copyleft"),
    (r"general public|\bgpl", "strong_copyleft"),
    (
        r"mozilla public|\bmpl|eclipse public|\bepl|common development and distribution|\bcddl",
        "weak_copyleft",
    ),
    (
        r"\bmit\b|\bbsd\b|\b0?bsd-|apache|\bisc\b|\biscl\b|python software foundation|\bpsf|\bpython-2",
        "permissive",
    ),
    (
        r"unlicense|public domain|\bcc0|\bzlib\b|\bwtfpl\b|\bhpnd\b|blueoak|boost software|\bbsl-1",
        "permissive",
    ),
)
"""Patterns of lower-case names and SPDX identifiers; the first that fits decides."""

LONGEST_NAME = 100
"""A longer text is the licence itself; its first words name it."""

CLASSIFIER = "License :: "
OPERATORS = {"(", ")", "and", "or", "with"}


@dataclass(frozen=True, slots=True)
class Licence:
    """What a package declares: its words, where they stand, and the family.

    They stand in `expression`, `text` or `classifiers`.
    """

    name: str | None
    declared_in: str | None
    family: Family


def declared(*, expression: str | None, text: str | None, classifiers: Sequence[str]) -> Licence:
    """The licence of a package from its metadata: the most exact spelling that is understood decides.

    When none is understood the family is `unknown`, with the words that were found, if any.
    """
    named = [
        line.removeprefix(CLASSIFIER).split(" :: ")[-1] for line in classifiers if line.startswith(CLASSIFIER)
    ]
    shortened = _first_words(text or "")
    spellings = (
        ("expression", expression, family_of(expression or "")),
        ("text", shortened, family_of(shortened)),
        ("classifiers", " / ".join(named), _of_classifiers(named)),
    )
    for place, words, family in spellings:
        if words and family != "unknown":
            return Licence(name=words, declared_in=place, family=family)
    found = next(((words, place) for place, words, _ in spellings if words), (None, None))
    return Licence(name=found[0], declared_in=found[1], family="unknown")


def family_of(words: str) -> Family:
    """The family of an SPDX expression or of a licence's name."""
    try:
        return _Expression(words).read()
    except ValueError:
        return _family_of_name(words)


def _family_of_name(name: str) -> Family:
    lower = name.lower()
    return next((family for pattern, family in NAMES if re.search(pattern, lower)), "unknown")


def _of_classifiers(names: Sequence[str]) -> Family:
    """Classifiers say neither "and" nor "or": the strictest of those that are understood."""
    families = [family for name in names if (family := _family_of_name(name)) != "unknown"]
    return max(families, key=STRICTNESS.index, default="unknown")


def _first_words(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.strip().splitlines()]
    return next(filter(None, lines), "")[:LONGEST_NAME]


class _Expression:
    """Reads an SPDX expression.

    `AND` binds tighter than `OR`; what follows `WITH` only loosens and is passed over.
    """

    def __init__(self, words: str) -> None:
        self.tokens: list[str] = re.findall(r"[()]|[^\s()]+", words)
        self.tokens.reverse()

    def read(self) -> Family:
        """The family. Raises `ValueError` for what is no expression."""
        family = self._any()
        if self.tokens:
            raise ValueError("something follows the expression")
        return family

    def _any(self) -> Family:
        families = [self._all()]
        while self._take("or"):
            families.append(self._all())
        return min(families, key=STRICTNESS.index)

    def _all(self) -> Family:
        families = [self._one()]
        while self._take("and"):
            families.append(self._one())
        return max(families, key=STRICTNESS.index)

    def _one(self) -> Family:
        if self._take("("):
            family = self._any()
            if not self._take(")"):
                raise ValueError("a bracket is not closed")
            return family
        family = _family_of_name(self._identifier())
        if self._take("with"):
            self._identifier()
        return family

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[-1].lower() == word:
            self.tokens.pop()
            return True
        return False

    def _identifier(self) -> str:
        if not self.tokens or self.tokens[-1].lower() in OPERATORS:
            raise ValueError("an identifier is missing")
        return self.tokens.pop()
