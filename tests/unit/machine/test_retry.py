"""When a failed attempt is tried again."""

from __future__ import annotations

import pytest

from fermata.graph.plan import Retry
from fermata.machine.outcomes import Failure
from fermata.machine.retry import delay_seconds, matches

LOST = Failure("connection_lost", "gone", retryable=True)
REFUSED = Failure("refused", "no")
PLAIN = Retry(max_attempts=5, backoff="fixed", initial_seconds=2.0, max_seconds=60.0, jitter=0.0)


def policy(**changes: object) -> Retry:
    values = {name: getattr(PLAIN, name) for name in Retry.__slots__}
    return Retry(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [("fixed", [2, 2, 2, 2]), ("linear", [2, 4, 6, 8]), ("exponential", [2, 4, 8, 16])],
)
def test_the_delay_grows_as_the_backoff_says(backoff: str, delays: list[float]) -> None:
    chosen = policy(backoff=backoff)
    assert [delay_seconds(chosen, LOST, attempt=n, step_id="s") for n in (1, 2, 3, 4)] == delays


def test_the_delay_is_capped_however_many_attempts_there_were() -> None:
    chosen = policy(backoff="exponential", max_attempts=10_000)
    assert delay_seconds(chosen, LOST, attempt=5_000, step_id="s") == 60.0


def test_the_last_attempt_is_not_tried_again() -> None:
    assert delay_seconds(PLAIN, LOST, attempt=4, step_id="s") == 2.0
    assert delay_seconds(PLAIN, LOST, attempt=5, step_id="s") is None


def test_only_retryable_failures_are_tried_again_where_no_class_is_named() -> None:
    assert delay_seconds(PLAIN, REFUSED, attempt=1, step_id="s") is None


def test_named_classes_decide_alone() -> None:
    chosen = policy(on=("refused",))
    assert delay_seconds(chosen, REFUSED, attempt=1, step_id="s") == 2.0
    assert delay_seconds(chosen, LOST, attempt=1, step_id="s") is None


def test_a_class_anywhere_in_the_cause_chain_matches() -> None:
    cause = {"class": "outer", "cause": {"class": "refused", "message": "no"}}
    assert matches(Failure("foreach_failed", "x", cause=cause), ("refused",))
    assert not matches(Failure("foreach_failed", "x", cause=cause), ("timeout",))
    assert matches(REFUSED, ("any",))


def test_a_node_that_asks_waits_at_least_as_long_as_it_asked() -> None:
    assert delay_seconds(PLAIN, REFUSED, attempt=1, step_id="s", asked_seconds=30) == 30
    assert delay_seconds(PLAIN, LOST, attempt=1, step_id="s", asked_seconds=1) == 2
    assert delay_seconds(PLAIN, LOST, attempt=5, step_id="s", asked_seconds=1) is None


def test_jitter_spreads_steps_and_repeats_for_one_step() -> None:
    chosen = policy(jitter=0.5)
    drawn = [delay_seconds(chosen, LOST, attempt=1, step_id=f"s{n}") for n in range(50)]
    assert all(delay is not None and 1.0 <= delay <= 2.0 for delay in drawn)
    assert len(set(drawn)) > 40
    assert drawn[7] == delay_seconds(chosen, LOST, attempt=1, step_id="s7")
