from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from fermata.engine.ledger import Ring
from fermata.graph.compile import compile_document
from fermata.graph.plan import Plan
from fermata.machine import identity
from fermata.nodes.catalogue import catalogue
from workers import canvas
from workers.canvas import Delivery, Link, Place, Score
from workers.shapes import Shapes

EXECUTION = "00000000-0000-4000-8000-000000000001"
ROOT = identity.root_id(EXECUTION)


def value(node: str, **more: Any) -> dict[str, Any]:
    return {"id": node, "type": "transform", "config": {"output": 1}, **more}


def planned(*ways: str, nodes: list[dict[str, Any]] | None = None, **settings: Any) -> Plan:
    """The plan of transforms along the ways (``"a>b>c"``), or of these nodes."""
    names = dict.fromkeys(name for way in ways for name in way.split(">"))
    return compile_document(
        {
            "schema": "fermata/1",
            "name": "shapes",
            "nodes": nodes or [value(name) for name in names],
            "edges": [{"from": one, "to": two} for way in ways for one, two in pairwise(way.split(">"))],
            "settings": settings,
        },
        catalogue(),
    )


def step(node: str) -> str:
    return identity.step_id(ROOT, 0, node)


def ring(node: str, *, execution: str = EXECUTION) -> Ring:
    return Ring(execution, step(node), node, "node", "default", 5, region_id=ROOT)


def composed(plan: Plan, *rings: Ring, **delivery: Any) -> tuple[Score, Delivery]:
    """How the rings are sent by a delivery of the node `of`."""
    current = Delivery(EXECUTION, step(delivery.pop("of", "a")), **delivery)
    with canvas.delivering(current):
        score = canvas.composed(list(rings), plan)
        assert not current.passed, "nothing is sent yet"
        canvas.sent(score)
    return score, current


def link(node: str) -> Link:
    return Link(EXECUTION, step(node), "default")


def test_sees_a_straight_run_to_its_end() -> None:
    assert Shapes(planned("a>b>c>d")).run("a", most=9) == ["b", "c", "d"]
    assert Shapes(planned("a>b>c>d")).run("a", most=2) == ["b", "c"]


def test_ends_a_run_at_forks_joins_and_behind_containers() -> None:
    shapes = Shapes(planned("a>b>c>e", "b>d>e", "e>f"))
    assert shapes.run("a", most=9) == ["b"]
    assert shapes.run("c", most=9) == []
    assert shapes.run("e", most=9) == ["f"]
    loop = {"id": "l", "type": "foreach", "config": {"items": {"range": 2}}}
    inside = Shapes(planned("a>l>z", nodes=[value("a"), loop, value("x", parent="l"), value("z")]))
    assert inside.run("a", most=9) == ["l"]
    assert inside.run("l", most=9) == []


def test_sees_where_the_branches_of_a_fork_meet() -> None:
    shapes = Shapes(planned("a>b>c>z", "a>d>z"))
    assert [shapes.meeting(node) for node in "bcd"] == ["z", "z", "z"]


@pytest.mark.parametrize("ways", [("a>b>z", "a>c>z", "s>t>z"), ("a>b>m>z", "a>c>m", "a>d>z")])
def test_sees_no_meeting_where_other_ways_lead_in(ways: tuple[str, ...]) -> None:
    assert Shapes(planned(*ways)).meeting("b") in {None, "m"}
    assert Shapes(planned(*ways)).meeting("t" if "s>t>z" in ways else "d") is None


def test_sends_a_fork_as_one_chord() -> None:
    score, _ = composed(planned("a>b>c>z", "a>d>z"), ring("b"), ring("d"))
    [group] = score.chords
    assert score.chords[group] == 2
    assert [sending.place for sending in score.sendings] == [
        Place(group, 0, link("z")),
        Place(group, 1, link("z")),
    ]


def test_sends_the_place_on_along_the_branch_only() -> None:
    plan, place = planned("a>b>c>z", "a>d>z"), Place("g", 0, link("z"))
    score, delivery = composed(plan, ring("c"), of="b", place=place)
    assert [sending.place for sending in score.sendings] == [place]
    assert delivery.passed
    score, delivery = composed(plan, ring("d"), of="b", place=place)
    assert [sending.place for sending in score.sendings] == [None]
    assert not delivery.passed


def test_leaves_the_join_to_the_chord_that_owes_its_ring() -> None:
    plan = planned("a>b>c>z", "a>d>z")
    score, _ = composed(plan, ring("z"), of="c", place=Place("g", 0, link("z")))
    assert score.sendings == []
    score, _ = composed(plan, ring("z"), of="c")
    assert [sending.ring.node_id for sending in score.sendings] == ["z"]


def test_goes_on_with_a_window_only_along_its_links() -> None:
    plan = planned("a>b>c>d")
    score, _ = composed(plan, ring("b"), links=(link("b"), link("c")))
    assert [sending.links for sending in score.sendings] == [(link("c"),)]
    score, _ = composed(plan, ring("d"), links=(link("b"), link("c")))
    assert [(sending.ring.node_id, sending.links) for sending in score.sendings] == [("d", ())]


def test_sends_plainly_what_belongs_to_another_execution_or_wants_no_canvas() -> None:
    other = ring("b", execution="00000000-0000-4000-8000-000000000002")
    score, _ = composed(planned("a>b>c>z", "a>d>z"), other, ring("d"))
    assert score.chords == {}
    score, _ = composed(planned("a>b>c>d", canvas=False), ring("b"))
    assert [sending.links for sending in score.sendings] == [()]


@pytest.mark.parametrize(
    ("place", "result", "redelivered", "counted"),
    [
        ("kept", "recorded", False, True),
        ("kept", "suspended", False, True),
        ("kept", "not_ready", False, True),
        ("kept", "not_ready", True, False),
        ("kept", "recorded", True, True),
        ("passed", "recorded", False, False),
        ("none", "recorded", False, False),
    ],
)
def test_counts_a_place_once(place: str, result: str, *, redelivered: bool, counted: bool) -> None:
    had = None if place == "none" else Place("g", 0, link("z"))
    delivery = Delivery(EXECUTION, step("b"), place=had, passed=place == "passed")
    assert canvas.counts(delivery, result, redelivered=redelivered) is counted
