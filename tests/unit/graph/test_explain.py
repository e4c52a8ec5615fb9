"""What people are told of a plan."""

from __future__ import annotations

from typing import Any

from fermata.graph.compile import compile_document
from fermata.graph.explain import explain
from tests.unit.graph.catalogue import CATALOGUE, document, edges, node


def explained(nodes: list[Any], *drawn: str) -> dict[str, Any]:
    shown = explain(compile_document(document(nodes, edges(*drawn)), CATALOGUE))
    return {region["name"]: region for region in shown["regions"]} | {
        "nodes": {n["id"]: n for n in shown["nodes"]}
    }


def test_a_straight_run_is_a_chain_in_windows_of_ten() -> None:
    nodes = [node(f"n{at}") for at in range(12)]
    shown = explained(nodes, " > ".join(f"n{at}" for at in range(12)))
    assert shown["root"]["canvas"] == [
        {"kind": "chain", "nodes": [f"n{at}" for at in range(12)], "windows": 2}
    ]


def test_a_fork_whose_branches_meet_is_a_chord() -> None:
    shown = explained([node("a"), node("b"), node("b2"), node("c"), node("j")], "a > b > b2 > j", "a > c > j")
    chord = next(piece for piece in shown["root"]["canvas"] if piece["kind"] == "chord")
    assert chord == {"kind": "chord", "fork": "a", "branches": [["b", "b2"], ["c"]], "join": "j"}
    assert shown["root"]["joins"] == [{"node": "j", "mode": "auto", "waits_for": 2, "opens_at": 1}]
    assert shown["nodes"]["j"]["dead_path"] == "skipped when all 2 edges have died"


def test_a_choice_that_meets_again_is_counted_by_the_ledger() -> None:
    nodes = [node("c", "condition"), node("b"), node("j")]
    shown = explained(nodes, "c.true > b > j", "c.false > j")
    assert [piece["kind"] for piece in shown["root"]["canvas"]] == ["ledger"]


def test_a_foreach_is_lanes_and_a_loop_repeats() -> None:
    nodes = [
        node("each", "foreach", config={"concurrency": 20}),
        node("x", parent="each"),
        node("h"),
        node("c", "condition"),
    ]
    shown = explained(nodes, "each > h > c.true > h")
    assert shown["each"]["canvas"][0]["lanes"] == 20
    assert shown["@h"]["repeats"]["max_iterations"] == 1000
    assert [edge["from"] for edge in shown["@h"]["repeats"]["back"]] == ["c"]
