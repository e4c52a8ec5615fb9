"""Random documents on ledgers; with FERMATA_NIGHTLY many more of them, and new ones every time."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.contracts.harness import World, together
from tests.reference.contract_cases import Case
from tests.reference.documents import Sample
from tests.reference.interpreter import agrees, interpret
from tests.reference.results import Key, Result

NIGHTLY = bool(os.environ.get("FERMATA_NIGHTLY"))
MORE_AT_NIGHT = 50
RARE_ORDERS = 60
WAYS = st.sampled_from(["each", "together"])
SEEDS = st.integers(0, 2**16)


def examples(count: int) -> settings:
    """``count`` examples, the same in every run; at night fifty times as many, new ones."""
    return settings(
        max_examples=count * MORE_AT_NIGHT if NIGHTLY else count,
        derandomize=not NIGHTLY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


def world(
    sample: Sample,
    ledger: Any,
    *,
    seed: int | None = None,
    execution_id: str | None = None,
    dispatch: str = "each",
) -> World:
    """The sample on a ledger; ``seed``: rings come in that random order, some twice."""
    case = Case(name="random", file="random", document=sample.document, input=sample.input, expect={})
    way = together(case) if dispatch == "together" else case
    return World(way, ledger, seed=seed, execution_id=execution_id)


def unexplained(sample: Sample, observed: Result) -> list[str]:
    """What of an observed result no order of parallel branches explains.

    Rare orders are looked for; what a race to leave a region may have cut short is excused even so.
    """
    expected = interpret(sample.document, sample.input)
    if agrees(expected, observed):
        expected = interpret(sample.document, sample.input, orders=RARE_ORDERS)
    cut_short = {
        key: step
        for key, step in expected.steps.items()
        if key in observed.steps and "cancelled" in (step.status, observed.steps[key].status)
        if _raced(key, expected)
    }
    return agrees(expected, replace(observed, steps={**observed.steps, **cut_short}))


def _raced(key: Key, expected: Result) -> bool:
    """Whether it is open, in a passage around the step, what becomes of some step."""
    marks = [mark for mark in expected.undetermined if isinstance(mark, tuple)]
    return any(mark[2] in {"presence", "status"} and key[1][: len(mark[1])] == mark[1] for mark in marks)
