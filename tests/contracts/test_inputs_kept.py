"""What an effectful node was given is kept with its step, or refused before the effect."""

from __future__ import annotations

from typing import Any

import pytest

from fermata.engine.wire import LARGEST_BYTES
from tests.contracts.harness import Memory, World
from tests.reference.contract_cases import Case


@pytest.mark.parametrize(("size", "asked"), [(10, 1), (LARGEST_BYTES, 0)])
def test_an_input_too_large_to_keep_never_reaches_the_outside(
    monkeypatch: pytest.MonkeyPatch, size: int, asked: int
) -> None:
    config = {"task": "team.work", "effect": "idempotent", "kwargs": {"text": "{{ inputs.text }}"}}
    document = {"nodes": [{"id": "t", "type": "celery_task", "config": config}], "edges": []}
    whole = {"schema": "fermata/1", "name": "kept", **document}
    case = Case(
        name="k",
        file="k",
        document=whole,
        input={"text": "x" * size},
        expect={},
        tasks={"t": [{"output": 1}]},
    )
    world = World(case, Memory())
    calls: list[Any] = []
    real = world.types.find("celery_task")
    perform = type(real).perform

    def counted(self: Any, config: Any, context: Any) -> Any:
        calls.append(context.step_id)
        return perform(self, config, context)

    monkeypatch.setattr(type(real), "perform", counted)
    result = world.run()
    assert len(calls) == asked
    assert result.error_class == (None if asked else "payload_too_large")
