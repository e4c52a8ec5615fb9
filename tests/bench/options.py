"""What may be asked of the harness, by arguments or by variables of the same name in capitals."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from tests.bench.raw import POOLS
from tests.bench.shapes import SHAPES

VARIANTS = ("default", "together", "raw", "raw-other")
DISKS = ("memory", "disk")


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds`: when they have passed, what is left is skipped, and said to be.

    `items`: of the largest foreach. `profile`: the children's own cProfile figures as well.
    """

    shapes: tuple[str, ...] = tuple(shape for shape in SHAPES if shape != "W1c")  # much as W1b
    rounds: int = 3
    variants: tuple[str, ...] = VARIANTS
    pools: tuple[str, ...] = tuple(pool for pool in POOLS if pool != "threads")  # never the fastest of them
    disks: tuple[str, ...] = DISKS[:1]  # the other takes minutes more, and is asked for
    seconds: float = 500.0
    items: int = 100_000
    profile: bool = False

    def to_json(self) -> dict[str, Any]:
        """For the child that measures."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Options:
        """What `to_json` gave."""
        lists = {field.name for field in fields(cls) if field.type == "tuple[str, ...]"}
        return cls(**{name: tuple(value) if name in lists else value for name, value in data.items()})


def add_to(parser: ArgumentParser) -> None:
    """Declare the options; their defaults come from the environment."""
    default = Options()
    for name, choices in (
        ("shapes", SHAPES), ("variants", VARIANTS), ("pools", POOLS), ("disks", DISKS)
    ):  # fmt: skip
        given = os.environ.get(name.upper()) or ",".join(getattr(default, name))
        parser.add_argument(f"--{name}", default=given, help=f"of {','.join(choices)} (default: %(default)s)")
    for name, kind in (("rounds", int), ("items", int), ("seconds", float)):
        given = os.environ.get(name.upper()) or getattr(default, name)
        parser.add_argument(f"--{name}", type=kind, default=given, help="(default: %(default)s)")


def read(parser: ArgumentParser, found: Namespace) -> Options:
    """The options; ends the program with a sentence for a name that is none."""
    known: dict[str, Sequence[str]] = {
        "shapes": tuple(SHAPES), "variants": VARIANTS, "pools": POOLS, "disks": DISKS
    }  # fmt: skip
    lists = {}
    for name, choices in known.items():
        lists[name] = tuple(word for word in getattr(found, name).split(",") if word)
        wrong = [word for word in lists[name] if word not in choices]
        if wrong or not lists[name]:
            parser.error(f"--{name}: {', '.join(wrong) or 'nothing'} is none of {', '.join(choices)}")
    if found.rounds < 1:
        parser.error("--rounds: at least one")
    return Options(rounds=found.rounds, seconds=found.seconds, items=found.items, **lists)
