"""The reference interpreter against results worked out by hand, and how it compares results."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.reference.contract_cases import Case, differences, load_cases
from tests.reference.interpreter import IrreducibleError, WaitsForeverError, agrees, interpret
from tests.reference.results import Result, Step, merge, read_key, show


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.file}: {case.name}")
def test_comes_to_the_result_worked_out_by_hand(case: Case) -> None:
    result = interpret(case.document, case.input, **case.outside)
    assert differences(case, result) == []


def _steps(*kinds: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": name, "type": kind, "config": config} for name, kind, config in kinds]


def test_says_that_the_order_decides_who_writes_last() -> None:
    document = {
        "variables": {"v": 0},
        "output": {"v": "{{ vars.v }}"},
        "nodes": _steps(("a", "set_variables", {"set": {"v": 1}}), ("b", "set_variables", {"set": {"v": 2}})),
    }
    result = interpret(document)
    assert {"output", "variables"} <= result.undetermined
    assert "status" not in result.undetermined


def test_says_that_the_order_decides_what_a_failure_cancels() -> None:
    document = {"nodes": _steps(("a", "transform", {"output": 1}), ("b", "fail", {"error": "boom"}))}
    result = interpret(document)
    assert (result.status, result.error_class) == ("failed", "boom")
    assert ("a", (), "status") in result.undetermined
    assert "status" not in result.undetermined


def test_marks_a_step_that_is_not_in_the_first_order() -> None:
    lanes = [{}, {("a", ()): Step("failed", error_class="boom")}, {("a", ()): Step("cancelled")}]
    result = merge([Result("succeeded", None, None, steps) for steps in lanes])
    assert result.steps == lanes[1]
    assert result.undetermined == {("a", (), name) for name in ("presence", "status", "error_class")}


def test_excuses_only_what_the_order_decides() -> None:
    document = {"nodes": _steps(("a", "transform", {"output": 1}), ("b", "fail", {"error": "boom"}))}
    expected = interpret(document)
    cancelled = replace(expected, steps={**expected.steps, ("a", ()): Step("cancelled")})
    assert agrees(expected, cancelled) == []
    unharmed = replace(expected, steps={**expected.steps, ("b", ()): Step("succeeded")})
    assert agrees(expected, unharmed) != []
    assert agrees(expected, replace(expected, status="succeeded")) != []


@pytest.mark.parametrize("case", [case for case in load_cases() if "order_decides" not in case.expect][::7])
def test_notices_every_missing_added_and_changed_step(case: Case) -> None:
    expected = interpret(case.document, case.input, **case.outside)
    assert expected.determined
    assert agrees(expected, expected) == []
    for key, step in expected.steps.items():
        rest = {k: s for k, s in expected.steps.items() if k != key}
        assert agrees(expected, replace(expected, steps=rest)) != []
        other = "skipped" if step.status == "succeeded" else "succeeded"
        assert agrees(expected, replace(expected, steps={**rest, key: replace(step, status=other)})) != []
        assert differences(case, replace(expected, steps=rest)) != []
    added = {**expected.steps, ("stranger", ()): Step("succeeded")}
    assert agrees(expected, replace(expected, steps=added)) != []
    assert differences(case, replace(expected, steps=added)) != []


def test_refuses_a_cycle_with_two_entries() -> None:
    nodes = _steps(*((name, "transform", {"output": 1}) for name in "sabt"))
    edges = [{"from": f, "to": t} for f, t in ("sa", "sb", "ab", "ba", "at")]
    with pytest.raises(IrreducibleError, match="more than one entry"):
        interpret({"nodes": nodes, "edges": edges})


def test_says_so_when_nothing_can_go_on() -> None:
    with pytest.raises(WaitsForeverError, match="does not come"):
        interpret({"nodes": _steps(("s", "signal", {"name": "never"}))})


def test_reads_and_shows_keys_of_steps() -> None:
    for text in ("a", "a@f[0]", "a@f[0]/@h[12]"):
        assert show(read_key(text)) == text
    assert read_key("a@f[0]/@h[12]") == ("a", (("f", 0), ("@h", 12)))
