"""What differs between two documents: nodes by id, edges by their ends, the rest by pointer.

Documents may be anything an object can be: where ``nodes`` is no list of objects with ids of their own, it
is compared like any other value. Bounded: a comparison ends after so many changes and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fermata.workflows.content import same
from fermata.workflows.limits import escape

MOST_CHANGES = 5_000
LONGEST_POINTER = 1_000
"""Below a longer pointer a value changed as a whole: keys may be long, and pointers repeat them."""

Json = dict[str, Any]
Keys = list[tuple[Any, ...]]
_ABSENT: Any = object()


def compare(old: Json, new: Json) -> Json:
    """{"equal", "nodes", "edges", "document", "truncated"}; see ``api.shapes.Diff``."""
    tally = _Tally()
    nodes = _parts(old, new, "nodes", _node_keys, tally)
    edges = _parts(old, new, "edges", _edge_keys, tally)
    apart = {name for name, parts in (("nodes", nodes), ("edges", edges)) if parts is not None}
    rest = [{key: value for key, value in side.items() if key not in apart} for side in (old, new)]
    document = tally.taken(_changes(rest[0], rest[1], "", ""))
    return {
        "equal": same(old, new),
        "nodes": nodes or _no_parts(),
        "edges": edges or _no_parts(),
        "document": document,
        "truncated": tally.is_full,
    }


@dataclass(slots=True)
class _Tally:
    """Counts rows, and lets no more pass than fit."""

    left: int = MOST_CHANGES
    is_full: bool = False

    def taken(self, rows: Iterator[Json]) -> list[Json]:
        kept = []
        for row in rows:
            if not self.left:
                self.is_full = True
                break
            self.left -= 1
            kept.append(row)
        return kept


@dataclass(frozen=True, slots=True)
class _Side:
    """One document's list of parts, by key."""

    name: str
    items: list[Json]
    keys: Keys
    at: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def pointer(self, key: tuple[Any, ...]) -> str:
        return f"/{self.name}/{self.at[key]}"

    def item(self, key: tuple[Any, ...]) -> Json:
        return self.items[self.at[key]]


def _no_parts() -> Json:
    return {"added": [], "removed": [], "changed": [], "reordered": False}


def _parts(
    old: Json, new: Json, name: str, keys_of: Callable[[list[Json]], Keys | None], tally: _Tally
) -> Json | None:
    """The comparison of two lists of parts, or None when one of them holds something else."""
    sides = [_side(document, name, keys_of) for document in (old, new)]
    before, after = sides
    if before is None or after is None:
        return None
    both = [key for key in after.keys if key in before.at]
    return {
        "added": tally.taken(_alone(after, before, "new")),
        "removed": tally.taken(_alone(before, after, "old")),
        "changed": list(_changed(before, after, both, tally)),
        "reordered": both != [key for key in before.keys if key in after.at],
    }


def _side(document: Json, name: str, keys_of: Callable[[list[Json]], Keys | None]) -> _Side | None:
    items = document.get(name, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    keys = keys_of(items)
    if keys is None:
        return None
    return _Side(name, items, keys, {key: at for at, key in enumerate(keys)})


def _node_keys(items: list[Json]) -> Keys | None:
    ids = [item.get("id") for item in items]
    if not all(isinstance(found, str) for found in ids) or len(set(ids)) < len(ids):
        return None
    return [(found,) for found in ids]


def _edge_keys(items: list[Json]) -> Keys | None:
    """Ends and, among edges with the same ends, the number."""
    ends = [(item.get("from"), item.get("to")) for item in items]
    if not all(isinstance(end, str) for pair in ends for end in pair):
        return None
    seen: Counter[tuple[Any, Any]] = Counter()
    keys: Keys = []
    for pair in ends:
        keys.append((*pair, seen[pair]))
        seen[pair] += 1
    return keys


def _alone(side: _Side, other: _Side, member: str) -> Iterator[Json]:
    for key in side.keys:
        if key not in other.at:
            yield {**_called(side, key), "pointer": side.pointer(key), member: side.item(key)}


def _changed(before: _Side, after: _Side, both: Keys, tally: _Tally) -> Iterator[Json]:
    for key in both:
        rows = _changes(before.item(key), after.item(key), before.pointer(key), after.pointer(key))
        changes = tally.taken(rows)
        if changes:
            pointers = {"pointer": after.pointer(key), "old_pointer": before.pointer(key)}
            yield {**_called(after, key), **pointers, "changes": changes}


def _called(side: _Side, key: tuple[Any, ...]) -> Json:
    if side.name == "nodes":
        kind = side.item(key).get("type")
        return {"id": key[0], "type": kind if isinstance(kind, str) else None}
    return {"from": key[0], "to": key[1]}


def _changes(old: Any, new: Any, old_pointer: str, pointer: str) -> Iterator[Json]:
    """Rows of {"op", "pointer", "old"?, "new"?}: as deep as both sides have the same form."""
    if same(old, new):
        return
    is_short = max(len(old_pointer), len(pointer)) <= LONGEST_POINTER
    if is_short and isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            step = f"/{escape(key)}"
            yield from _member(
                old.get(key, _ABSENT), new.get(key, _ABSENT), f"{old_pointer}{step}", f"{pointer}{step}"
            )
    elif is_short and isinstance(old, list) and isinstance(new, list):
        yield from _elements(old, new, old_pointer, pointer)
    else:
        yield {"op": "replace", "pointer": pointer, "old": old, "new": new}


def _elements(old: list[Any], new: list[Any], old_pointer: str, pointer: str) -> Iterator[Json]:
    """What both begin and end with stands still; between, place by place."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and same(old[start], new[start]):
        start += 1
    end = 0
    while end < shorter - start and same(old[-1 - end], new[-1 - end]):
        end += 1
    for at in range(start, max(len(old), len(new)) - end):
        yield from _member(
            old[at] if at < len(old) - end else _ABSENT,
            new[at] if at < len(new) - end else _ABSENT,
            f"{old_pointer}/{at}",
            f"{pointer}/{at}",
        )


def _member(old: Any, new: Any, old_pointer: str, pointer: str) -> Iterator[Json]:
    if old is _ABSENT:
        yield {"op": "add", "pointer": pointer, "new": new}
    elif new is _ABSENT:
        yield {"op": "remove", "pointer": old_pointer, "old": old}
    else:
        yield from _changes(old, new, old_pointer, pointer)
