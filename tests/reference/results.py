"""What an execution came to, and how an engine's account of it is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Path = tuple[tuple[str, int], ...]
Key = tuple[str, Path]


@dataclass
class Step:
    """One run of one node. ``status``: succeeded, failed, skipped or cancelled.

    ``error_class`` is the class of the first cause: a container failed by its inside shows the inside's.
    """

    status: str
    output: Json = None
    port: str | None = None
    error_class: str | None = None


@dataclass
class Result:
    """``steps`` by (node id, path); the path is ((region name, iteration), …), empty in the root.

    ``undetermined`` names what the order of parallel branches decides: "status", "output", "error_class", or
    (node id, path, "presence" | "status" | "output" | "port" | "error_class").
    """

    status: str
    output: Json
    error_class: str | None
    steps: dict[Key, Step]
    variables: dict[str, Json] = field(default_factory=dict)
    undetermined: frozenset[Any] = frozenset()

    @property
    def determined(self) -> bool:
        """True when every order of the parallel branches gives this very result."""
        return not self.undetermined


FIELDS = ("status", "output", "port", "error_class")


def merge(results: list[Result]) -> Result:
    """The first result, with everything marked in which the results of other orders differ from it.

    A step that the first result has not is the one of the first that has it.
    """
    first = results[0]
    steps = {key: step for result in reversed(results) for key, step in result.steps.items()}
    differs: set[Any] = set()
    for other in results:
        differs |= {f for f in ("status", "output", "error_class", "variables") if not same(first, other, f)}
        differs |= {(*key, "presence") for key in steps.keys() - other.steps.keys()}
        for key, step in other.steps.items():
            differs |= {(*key, f) for f in FIELDS if not same(steps[key], step, f)}
    return Result(
        first.status, first.output, first.error_class, steps, first.variables, undetermined=frozenset(differs)
    )


def same(one: Json, other: Json, name: str) -> bool:
    """Whether the attribute is the same JSON; 1 and 1.0 are, 1 and true are not."""
    return equal(getattr(one, name), getattr(other, name))


def first_class(error: Json) -> str | None:
    """The class at the bottom of an error's cause chain; None without an error."""
    if error is None:
        return None
    while error.get("cause"):
        error = error["cause"]
    name: str | None = error.get("class")
    return name


def equal(one: Json, other: Json) -> bool:
    """Equality of JSON values: numbers by value, booleans never numbers; of errors the class is compared.

    "*" stands for any error class.
    """
    if isinstance(one, dict) and one.keys() == {"class"} and isinstance(other, dict):
        return equal(one["class"], first_class(other))
    if "*" in (one, other) and isinstance(one, str) and isinstance(other, str):
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def agrees(
    expected: Result, observed: Result, *, ignore_outputs_of: frozenset[str] = frozenset()
) -> list[str]:
    """The differences that no order of parallel branches can explain, as sentences; [] when there are none.

    ``ignore_outputs_of``: node ids whose own output is not compared (their effects still are).
    """
    said = [
        f"{name}: expected {getattr(expected, name)!r}, observed {getattr(observed, name)!r}"
        for name in ("status", "output", "error_class")
        if name not in expected.undetermined and not same(expected, observed, name)
    ]
    for key in sorted(expected.steps.keys() | observed.steps.keys(), key=repr):
        said += _step_differences(key, expected, observed, ignore_outputs_of)
    return said


def _step_differences(key: Key, expected: Result, observed: Result, ignore: frozenset[str]) -> list[str]:
    if (*key, "presence") in expected.undetermined and key not in observed.steps:
        return []
    where = show(key)
    if key not in observed.steps:
        return [f"{where}: expected {expected.steps[key].status}, observed no step"]
    if key not in expected.steps:
        return [] if _beside_a_race(key, expected) else [f"{where}: expected no step, observed one"]
    said = []
    for name in FIELDS:
        if (*key, name) in expected.undetermined or (name == "output" and key[0] in ignore):
            continue
        if name == "port" and observed.steps[key].port is None:
            continue
        if name == "status" and {expected.steps[key].status, observed.steps[key].status} == {
            "failed",
            "timed_out",
        }:
            continue
        if not same(expected.steps[key], observed.steps[key], name):
            wanted, seen = getattr(expected.steps[key], name), getattr(observed.steps[key], name)
            said.append(f"{where} {name}: expected {wanted!r}, observed {seen!r}")
    return said


def _beside_a_race(key: Key, expected: Result) -> bool:
    """A step no tried order had is excused only beside a step whose own presence or status is open."""
    return any(
        isinstance(mark, tuple) and mark[2] in {"presence", "status"} and key[1][: len(mark[1])] == mark[1]
        for mark in expected.undetermined
    )


def show(key: Key) -> str:
    """``node@region[i]/region[j]``, the way cases are written; the root's path is left out."""
    node, path = key
    return node + ("@" + "/".join(f"{region}[{i}]" for region, i in path) if path else "")


def read_key(text: str) -> Key:
    """The reverse of :func:`show`."""
    node, at, where = text.partition("@")
    if not at:
        return node, ()
    segments = [part.rstrip("]").rpartition("[") for part in where.split("/")]
    return node, tuple((region, int(i)) for region, _, i in segments)


def result_of(status: str, output: Json, error_class: str | None, steps: Mapping[Key, Step]) -> Result:
    """An observed result, for engines that keep their own records."""
    return Result(status, output, error_class, dict(steps))
