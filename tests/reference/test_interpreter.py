"""The reference interpreter against results worked out by hand."""

from __future__ import annotations

import pytest

from tests.reference.contract_cases import Case, differences, load_cases
from tests.reference.interpreter import interpret


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.file}: {case.name}")
def test_comes_to_the_result_worked_out_by_hand(case: Case) -> None:
    result = interpret(case.document, case.input, **case.outside)
    assert differences(case, result) == []
