"""Two texts as a unified diff, in a time that no text can stretch.

Lines that stand once in both texts are anchors (patience); what lies between two of them is taken apart in
the same way. The standard library's matcher, whose time may grow with the cube of a text, sees only small
gaps; a larger one without anchors is replaced as a whole: a correct difference, though not the smallest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

CONTEXT = 3
SMALL = 1_500
"""Pairs of lines in a gap that the standard library may look at."""
DEEPEST = 40
MOST_BYTES = 512 * 1024

Lines = Sequence[str]
Block = tuple[int, int, int]
"""Where in the old text, where in the new one, how many equal lines."""


def unified(old: str, new: str, *, old_name: str, new_name: str) -> tuple[str, bool]:
    """The diff, empty for equal texts, and whether it was cut at 512 KiB."""
    first, second = (text.removesuffix("\n").split("\n") for text in (old, new))
    matcher = SequenceMatcher(None, "", "", autojunk=False)
    matcher.opcodes = list(_opcodes(blocks(first, second), len(first), len(second)))  # type: ignore[attr-defined]
    text = [f"--- {old_name}", f"+++ {new_name}"]
    for group in matcher.get_grouped_opcodes(CONTEXT):
        text.append(_head(group))
        for kind, low, high, new_low, new_high in group:
            if kind == "equal":
                text += [f" {line}" for line in first[low:high]]
            else:
                text += [f"-{line}" for line in first[low:high]]
                text += [f"+{line}" for line in second[new_low:new_high]]
    return _cut(text) if len(text) > 2 else ("", False)


def blocks(first: Lines, second: Lines) -> list[Block]:
    """Runs of lines that both texts have, in order, none crossing another."""
    found: list[Block] = []
    gaps = [(0, len(first), 0, len(second), 0)]
    while gaps:
        low, high, new_low, new_high, depth = gaps.pop()
        start = end = 0
        shorter = min(high - low, new_high - new_low)
        while start < shorter and first[low + start] == second[new_low + start]:
            start += 1
        while end < shorter - start and first[high - 1 - end] == second[new_high - 1 - end]:
            end += 1
        found += [(low, new_low, start), (high - end, new_high - end, end)]
        low, high, new_low, new_high = low + start, high - end, new_low + start, new_high - end
        anchors = _anchors(first[low:high], second[new_low:new_high]) if depth < DEEPEST else []
        if anchors:
            edges = [(-1, -1), *anchors, (high - low, new_high - new_low)]
            for (a, b), (after, new_after) in pairwise(edges):
                gaps.append((low + a + 1, low + after, new_low + b + 1, new_low + new_after, depth + 1))
            found += [(low + a, new_low + b, 1) for a, b in anchors]
        elif 0 < (high - low) * (new_high - new_low) <= SMALL:
            small = SequenceMatcher(None, first[low:high], second[new_low:new_high], autojunk=False)
            found += [(low + a, new_low + b, size) for a, b, size in small.get_matching_blocks()]
    return sorted(block for block in found if block[2])


def _anchors(first: Lines, second: Lines) -> list[tuple[int, int]]:
    """Lines that stand once on each side, the longest run of them that keeps its order."""
    often, new_often = Counter(first), Counter(second)
    place = {line: at for at, line in enumerate(second) if new_often[line] == 1}
    pairs = [(at, place[line]) for at, line in enumerate(first) if often[line] == 1 and line in place]
    tails: list[int] = []
    ends: list[int] = []
    before = [-1] * len(pairs)
    for index, (_, at) in enumerate(pairs):
        rank = bisect_left(tails, at)
        before[index] = ends[rank - 1] if rank else -1
        tails[rank : rank + 1] = [at]
        ends[rank : rank + 1] = [index]
    chain = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _opcodes(equal: list[Block], size: int, new_size: int) -> Iterator[tuple[str, int, int, int, int]]:
    at = new_at = 0
    for low, new_low, count in [*equal, (size, new_size, 0)]:
        if at < low or new_at < new_low:
            yield "replace", at, low, new_at, new_low
        if count:
            yield "equal", low, low + count, new_low, new_low + count
        at, new_at = low + count, new_low + count


def _head(group: Sequence[tuple[str, int, int, int, int]]) -> str:
    first, last = group[0], group[-1]
    return f"@@ -{_span(first[1], last[2])} +{_span(first[3], last[4])} @@"


def _span(low: int, high: int) -> str:
    """As ``diff -u`` counts: from one, an empty span names the line before it, a single line no count."""
    count = high - low
    return f"{low + 1}" if count == 1 else f"{low + bool(count)},{count}"


def _cut(lines: list[str]) -> tuple[str, bool]:
    size = 0
    kept: list[str] = []
    for line in lines:
        size += len(line.encode()) + 1
        if size > MOST_BYTES:
            return "".join(f"{part}\n" for part in kept), True
        kept.append(line)
    return "".join(f"{part}\n" for part in kept), False
