"""Laws of the random documents and of the reference interpreter."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings

from fermata.graph.compile import compile_document
from fermata.graph.validate import validate
from fermata.nodes.catalogue import catalogue
from tests.reference.documents import Sample, documents
from tests.reference.interpreter import agrees, interpret
from tests.reference.shape import Shape

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(documents(deterministic=False))
def test_random_documents_are_valid(sample: Sample) -> None:
    problems = validate(sample.document, catalogue())
    assert [problem for problem in problems if problem.severity == "error"] == []


@SETTINGS
@given(documents(deterministic=False))
def test_the_compiler_finds_the_same_regions_as_the_reference(sample: Sample) -> None:
    plan, shape = compile_document(sample.document, catalogue()), Shape(sample.document)
    assert {
        region.name: (set(region.members), set(region.starts), region.parent)
        for region in plan.regions.values()
    } == {
        region.name: (set(region.nodes), set(region.starts), shape.outside_of(region))
        for region in shape.regions.values()
    }
    assert {index for region in plan.regions.values() for index in region.back} == shape.back
    for region in shape.regions.values():
        if region.kind == "loop":
            assert set(plan.regions[region.name].exits) == {edge.index for edge in shape.exits(region)}


@SETTINGS
@given(documents(deterministic=True))
def test_no_order_changes_the_result_of_a_deterministic_document(sample: Sample) -> None:
    assert interpret(sample.document, sample.input, orders=8).undetermined == frozenset()


@SETTINGS
@given(documents(deterministic=False))
def test_one_order_alone_agrees_with_what_the_result_says_is_determined(sample: Sample) -> None:
    expected = interpret(sample.document, sample.input)
    for order in (1, 2, 3):
        assert agrees(expected, interpret(sample.document, sample.input, only_order=order)) == []


@SETTINGS
@given(documents(deterministic=False))
def test_every_step_ends(sample: Sample) -> None:
    result = interpret(sample.document, sample.input)
    assert {step.status for step in result.steps.values()} <= {"succeeded", "failed", "skipped", "cancelled"}
    assert result.status in {"succeeded", "failed"}


@SETTINGS
@given(documents(deterministic=True))
def test_a_skipped_container_or_loop_has_nothing_inside(sample: Sample) -> None:
    result = interpret(sample.document, sample.input)
    skipped = {(node, path) for (node, path), step in result.steps.items() if step.status == "skipped"}
    for _, path in result.steps:
        for depth, (region, _) in enumerate(path):
            assert (region.removeprefix("@"), path[:depth]) not in skipped


def test_every_construct_appears() -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(deterministic=True))
    def draw(sample: Sample) -> None:
        seen.update(sample.constructs)
        seen.update({node["type"] for node in sample.document["nodes"]})

    draw()
    wanted = {
        "transform", "condition", "switch", "set_variables", "foreach", "while", "break", "continue", "fail",
        "terminate", "guard", "join any", "join all", "join auto", "natural loop",
        "natural loop in a natural loop",
        "side branch", "early exit", "error port", "lanes", "dag", "no items", "declared output",
        "iteration variable", "increment", "break in loop", "break in while", "break in foreach",
        "continue in loop", "continue in foreach", "on_error continue", "on_error stop",
        "while by a variable", "while without a passage", "loop max_iterations", "while max_iterations",
    }  # fmt: skip
    assert wanted <= seen.keys()
