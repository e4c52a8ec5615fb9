"""Every hand-worked case, on every ledger, in several orders of delivery."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.harness import Memory, World, cases
from tests.contracts.postgres import Postgres
from tests.reference.results import equal, read_key, show

ALL = list(cases())


def differences(expect: dict[str, Any], result: Any) -> list[str]:
    """What of ``expect`` does not hold."""
    said = [
        f"{name}: expected {expect[name]!r}, observed {getattr(result, name)!r}"
        for name in ("status", "output", "error_class")
        if name in expect and not equal(expect[name], getattr(result, name))
    ]
    open_steps = set(expect.get("order_decides") or ())
    for text, wanted in (expect.get("steps") or {}).items():
        key = read_key(text)
        step = result.steps.get(key)
        status, value = (wanted, None) if isinstance(wanted, str) else next(iter(wanted.items()))
        if step is None or (
            step.status != status and not (status == "failed" and step.status == "timed_out")
        ):
            said.append(f"{text}: expected {status}, observed {step and (step.status, step.error_class)}")
        elif isinstance(wanted, dict):
            seen = step.error_class if status == "failed" else step.output
            if not equal(value, seen):
                said.append(f"{text}: expected {value!r}, observed {seen!r}")
    if "steps" in expect:
        said += [
            f"{show(key)}: not expected, observed {step.status}"
            for key, step in result.steps.items()
            if show(key) not in expect["steps"] and not {show(key), key[0]} & open_steps
        ]
    return said


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("case", ALL, ids=[f"{case['file']}: {case['name']}" for case in ALL])
def test_the_ledger_in_memory_does_as_worked_by_hand(case: dict[str, Any], seed: int | None) -> None:
    result = World(case, Memory(), seed=seed).run()
    assert not differences(case["expect"], result)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", ALL, ids=[f"{case['file']}: {case['name']}" for case in ALL])
def test_the_ledger_in_postgresql_does_as_worked_by_hand(case: dict[str, Any]) -> None:
    result = World(case, Postgres(), seed=3).run()
    assert not differences(case["expect"], result)
