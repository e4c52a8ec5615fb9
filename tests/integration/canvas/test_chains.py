from __future__ import annotations

from tests.integration.canvas.conftest import Stage, edges, rung_again
from tests.integration.workers.test_engine import states, value


def test_sends_a_straight_run_in_windows(stage: Stage) -> None:
    names = [f"n{at}" for at in range(25)]
    execution = stage.run([value(name, at) for at, name in enumerate(names)], edges(">".join(names)))
    assert states(execution) == {"succeeded": 25}
    told = stage.told(execution)
    assert [delivery.node for delivery in told] == names
    assert [delivery.links for delivery in told] == [
        0,
        *range(8, -1, -1),
        *range(8, -1, -1),
        *range(5, -1, -1),
    ]
    assert rung_again(execution) == 0
    assert stage.keys() == set()
