"""Laws of the compiler, over random documents."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fermata.errors import InvalidDocument
from fermata.graph.compile import compile_document
from fermata.graph.explain import explain
from fermata.graph.plan import Plan
from fermata.graph.validate import validate
from tests.properties.graph.documents import drawn_documents
from tests.reference.shape import IrreducibleError, Shape
from tests.unit.graph.catalogue import CATALOGUE


def compiled(document: dict[str, Any]) -> Plan:
    try:
        return compile_document(document, CATALOGUE)
    except InvalidDocument:
        assume(False)
        raise


@settings(max_examples=150, deadline=None)
@given(drawn_documents())
def test_a_document_compiles_to_the_same_plan_every_time_and_survives_json(document: dict[str, Any]) -> None:
    plan = compiled(document)
    copy = json.loads(json.dumps(document))
    assert compile_document(copy, CATALOGUE) == plan
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    json.dumps(explain(plan), allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(drawn_documents())
def test_regions_are_those_of_the_plain_reading(document: dict[str, Any]) -> None:
    plan = compiled(document)
    # Where no way leads into a cycle, the plain reading may start behind it.
    assume(all(problem.code != "loop_start_assumed" for problem in validate(document, CATALOGUE)))
    shape = Shape(document)
    assert {name: set(region.members) for name, region in plan.regions.items()} == {
        name: set(region.nodes) for name, region in shape.regions.items()
    }
    for name, region in plan.regions.items():
        if region.kind == "loop":
            around = shape.regions[name].parent
            assert around is not None
            assert region.parent == around.name
        assert set(region.starts) == set(shape.regions[name].starts)
    assert {edge.index for edge in plan.edges if edge.kind == "back"} == shape.back


@settings(max_examples=150, deadline=None)
@given(drawn_documents())
def test_a_cycle_is_refused_only_where_the_plain_reading_refuses_it(document: dict[str, Any]) -> None:
    codes = {problem.code for problem in validate(document, CATALOGUE)}
    # Where no way leads into a cycle, the plain reading may start behind it.
    assume(not codes & {"unreachable", "loop_start_assumed"})
    try:
        Shape(document)
    except IrreducibleError:
        assert "irreducible_cycle" in codes
    else:
        assert "irreducible_cycle" not in codes


@settings(max_examples=150, deadline=None)
@given(drawn_documents(back=False), st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_edges_changes_nothing_but_numbers(
    document: dict[str, Any], shuffler: random.Random
) -> None:
    plan = compiled(document)
    shuffled = {**document, "nodes": list(document["nodes"]), "edges": list(document["edges"])}
    shuffler.shuffle(shuffled["nodes"])
    shuffler.shuffle(shuffled["edges"])
    other = compile_document(shuffled, CATALOGUE)

    def meaning(of: Plan) -> Any:
        return (
            {name: (node.region, node.join, node.reads, node.freeze) for name, node in of.nodes.items()},
            {name: (set(each.members), set(each.starts), each.serial) for name, each in of.regions.items()},
            {(edge.source, edge.port, edge.target, edge.kind) for edge in of.edges},
        )

    assert meaning(other) == meaning(plan)


@settings(max_examples=150, deadline=None)
@given(drawn_documents())
def test_every_edge_of_a_plan_is_settled_in_exactly_one_way(document: dict[str, Any]) -> None:
    plan = compiled(document)
    for at, edge in enumerate(plan.edges):
        assert edge.index == at
        assert at in plan.nodes[edge.source].out[edge.port]
        entering = at in plan.nodes[edge.target].into
        headers = [region for region in plan.regions.values() if at in region.back]
        assert entering == (edge.kind != "back")
        assert [region.owner for region in headers] == ([edge.target] if edge.kind == "back" else [])
        left = [region for region in plan.regions.values() if at in region.exits]
        assert bool(left) >= (edge.kind == "exit")
    for node in plan.nodes.values():
        assert (node.join is None) == (len(node.into) < 2)
