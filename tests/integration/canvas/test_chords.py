from __future__ import annotations

from collections import Counter

from fermata.engine.models import Step
from tests.integration.canvas.conftest import Stage, edges, rung_again
from tests.integration.workers.test_engine import states, value


def fork(branches: int, length: int) -> tuple[list[dict], list[dict]]:
    """a → branches of so many nodes → z."""
    names = [[f"b{at}_{place}" for place in range(length)] for at in range(branches)]
    nodes = [value("a", 1), *(value(name, 2) for branch in names for name in branch), value("z", 3)]
    return nodes, edges(*(">".join(("a", *branch, "z")) for branch in names))


def test_rings_the_join_of_single_branches_once(stage: Stage) -> None:
    execution = stage.run(*fork(5, 1))
    assert states(execution) == {"succeeded": 7}
    told = stage.told(execution)
    assert Counter(delivery.node for delivery in told) == Counter({"a", "z", *(f"b{n}_0" for n in range(5))})
    [join] = [delivery for delivery in told if delivery.node == "z"]
    assert join.by_celery
    branches = [delivery for delivery in told if delivery.node.startswith("b")]
    assert {delivery.body for delivery in branches} == {join.step}
    assert sorted(delivery.index for delivery in branches) == list(range(5))
    assert rung_again(execution) == 0
    assert stage.keys() == set()


def test_carries_a_place_along_its_branch(stage: Stage) -> None:
    execution = stage.run(*fork(3, 4))
    assert states(execution) == {"succeeded": 14}
    told = stage.told(execution)
    assert set(Counter(delivery.node for delivery in told).values()) == {1}
    places = {(delivery.node[:2], delivery.group, delivery.index) for delivery in told if delivery.group}
    assert len(places) == 3
    assert sum(delivery.group is not None for delivery in told) == 12
    assert [delivery.by_celery for delivery in told if delivery.node == "z"] == [True]
    assert rung_again(execution) == 0
    assert stage.keys() == set()


def test_counts_a_branch_that_waits_at_once_and_lets_it_ring_the_join(stage: Stage) -> None:
    nodes = [
        value("a", 1),
        value("b", 2),
        {"id": "w", "type": "wait", "config": {"for": "1s"}},
        value("c", 3),
        value("z", 4),
    ]
    execution = stage.run(nodes, edges("a>b>z", "a>w>c>z"))
    assert states(execution) == {"succeeded": 5}
    told = stage.told(execution)
    assert Counter(delivery.node for delivery in told if delivery.group) == {"b": 1, "w": 1}
    assert rung_again(execution) == 0
    assert stage.keys() == set()


def test_runs_a_foreach_in_lanes_whose_body_rings_its_container(stage: Stage) -> None:
    nodes = [
        {
            "id": "each",
            "type": "foreach",
            "config": {"items": {"range": 12}, "concurrency": 3},
        },
        value("x", "{{ item + 1 }}") | {"parent": "each"},
        value("y", "{{ steps.x.output * 2 }}") | {"parent": "each"},
        value("end", "{{ steps.each.output.counts.succeeded }}"),
    ]
    execution = stage.run(nodes, edges("each>end", "x>y"))
    assert execution.status == "succeeded"
    assert Step.objects.filter(execution_id=execution.id, state="succeeded", node_id="y").count() == 12
    told = stage.told(execution)
    assert len({delivery.group for delivery in told if delivery.group}) == 1
    lanes = Counter(delivery.index for delivery in told if delivery.node in {"x", "y"})
    assert sum(lanes.values()) == 24
    assert set(lanes) == {0, 1, 2}
    assert [delivery.by_celery for delivery in told if delivery.node == "each"] == [False, True]
    assert rung_again(execution) == 0
    assert stage.keys() == set()
