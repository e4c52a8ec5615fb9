"""One test for each rule of validation."""

# ruff: noqa: E501 - documents read better as one line each

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from fermata.graph.problems import Problem
from fermata.graph.validate import validate
from tests.unit.graph.catalogue import CATALOGUE, document, edges, node


def problems(value: Any) -> list[Problem]:
    return validate(value, CATALOGUE)


def codes(value: Any, severity: str = "error") -> list[str]:
    return [problem.code for problem in problems(value) if problem.severity == severity]


def only(value: Any, code: str) -> Problem:
    found = problems(value)
    assert [problem.code for problem in found] == [code], found
    return found[0]


def reading(text: str, **more: Any) -> dict[str, Any]:
    """a > b, where b's config holds the expression."""
    nodes = [node("a"), node("b", config={"output": "{{ " + text + " }}"})]
    return document(nodes, edges("a > b"), **more)


def mended(value: dict[str, Any], problem: Problem) -> Any:
    return jsonpatch.apply_patch(value, list(problem.fix))


def test_accepts_a_good_document() -> None:
    assert problems(reading("steps.a.output + inputs.x")) == []


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [], [[]]])
def test_refuses_what_is_no_object(value: Any) -> None:
    assert only(value, "invalid_shape").pointer == ""


def test_names_every_missing_key_at_once() -> None:
    assert codes({}) == ["missing_key"] * 3


def test_refuses_an_unknown_schema_version_and_offers_the_known_one() -> None:
    value = document([node("a")]) | {"schema": "fermata/9"}
    assert problems(mended(value, only(value, "unknown_schema"))) == []


@pytest.mark.parametrize("place", ["", "/nodes/0", "/edges/0", "/settings", "/nodes/0/retry"])
def test_refuses_unknown_keys_wherever_they_stand(place: str) -> None:
    value = document([node("a", retry={}), node("b")], edges("a > b"), settings={})
    target: Any = value
    for part in place.split("/")[1:]:
        target = target[int(part) if part.isdigit() else part]
    target["surprise"] = 1
    problem = only(value, "unknown_key")
    assert problem.pointer == f"{place}/surprise"
    assert problems(mended(value, problem)) == []


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ("\0", "/variables/v"),
        (2**63, "/variables/v"),
        (float("nan"), "/variables/v"),
        (float("inf"), "/variables/v"),
        ("\ud800", "/variables/v"),
        ({"a": [1, -(2**63) - 1]}, "/variables/v/a/1"),
    ],
)
def test_refuses_values_nobody_can_store(value: Any, pointer: str) -> None:
    assert only(document([node("a")], variables={"v": value}), "invalid_value").pointer == pointer


def test_refuses_deep_nesting_without_falling_over() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    assert only(document([node("a")], variables={"v": deep}), "too_deep").pointer.count("/") == 100


@pytest.mark.parametrize("bad", ["1a", "a-b", "a.b", "", "é", "a" * 65, 5, "a\n"])
def test_refuses_ids_that_are_no_identifiers(bad: Any) -> None:
    assert "invalid_id" in codes(document([node(bad)]))


def test_offers_an_id_in_place_of_a_bad_one() -> None:
    value = document([node("pay order-1")])
    assert mended(value, only(value, "invalid_id"))["nodes"][0]["id"] == "pay_order_1"


def test_refuses_a_second_node_of_the_same_id_and_offers_a_free_one() -> None:
    value = document([node("a"), node("a")])
    assert problems(mended(value, only(value, "duplicate_id"))) == []


def test_refuses_an_unknown_type_with_the_one_that_was_meant() -> None:
    value = document([node("a", "transfrom")])
    problem = only(value, "unknown_type")
    assert "'transform'" in problem.cure
    assert problems(mended(value, problem)) == []


def test_refuses_an_unknown_version_of_a_type() -> None:
    assert only(document([node("a", type_version=7)]), "unknown_type_version").node_id == "a"


def test_reports_the_faults_of_a_config_with_their_pointers() -> None:
    assert only(document([node("a", "http_request")]), "missing").pointer == "/nodes/0/config/url"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", "500ms"),
        ("timeout", "soon"),
        ("timeout", "P1Y"),
        ("timeout", "4000d"),
        ("timeout", 30),
        ("priority", 10),
        ("priority", True),
        ("on_worker_loss", "pray"),
        ("max_iterations", 0),
        ("retry", {"max_attempts": 0}),
        ("retry", {"jitter": 2}),
        ("retry", {"on": "all"}),
        ("retry", []),
        ("config", []),
        ("join", "some"),
        ("label", 5),
    ],
)
def test_refuses_bad_settings_of_a_node(key: str, value: Any) -> None:
    problem = only(document([node("a") | {key: value}]), "invalid_shape")
    assert problem.pointer.startswith(f"/nodes/0/{key}")
    assert problem.node_id == "a"


@pytest.mark.parametrize(
    "join", ["each", "quorum", "first_success", {"mode": "at_least"}, {"mode": "any", "late": "ignore"}]
)
def test_says_which_joins_are_not_in_this_release(join: Any) -> None:
    only(document([node("a", join=join)]), "not_in_this_release")


def test_says_that_sections_are_not_in_this_release() -> None:
    only(document([node("a", section="catch")]), "not_in_this_release")


@pytest.mark.parametrize(
    ("inputs", "pointer"),
    [
        ([], "/inputs"),
        ({"type": "array"}, "/inputs/type"),
        ({"properties": []}, "/inputs/properties"),
        ({"properties": {"a": {"type": "strin"}}}, "/inputs/properties/a/type"),
        ({"properties": {"a/b": 5}}, "/inputs/properties/a~1b"),
        ({"required": "a"}, "/inputs/required"),
        ({"properties": {"a": {"items": {"enum": 1}}}}, "/inputs/properties/a/items/enum"),
        ({"anyOf": [1]}, "/inputs/anyOf/0"),
    ],
)
def test_refuses_inputs_that_are_no_schema_of_an_object(inputs: Any, pointer: str) -> None:
    assert pointer in [problem.pointer for problem in problems(document([node("a")], inputs=inputs))]


@pytest.mark.parametrize(
    "settings",
    [
        {"timeout": "1ms"},
        {"priority": 11},
        {"concurrency": {}},
        {"concurrency": 5},
        {"on_conflict": "x"},
        {"canvas": 1},
        {"dispatch": "both"},
        [],
    ],
)
def test_refuses_bad_settings_of_the_workflow(settings: Any) -> None:
    assert codes(document([node("a")], settings=settings))


def test_refuses_edges_to_nodes_that_are_not_there() -> None:
    value = document([node("alpha"), node("beta")], edges("alpha > betta"))
    problem = only(value, "dangling_edge")
    assert problem.pointer == "/edges/0/to"
    assert problems(mended(value, problem)) == []


def test_keeps_the_port_when_it_mends_a_dangling_source() -> None:
    value = document([node("check", "condition"), node("b")], [{"from": "chek.true", "to": "b"}])
    problem = next(each for each in problems(value) if each.code == "dangling_edge")
    assert mended(value, problem)["edges"][0]["from"] == "check.true"


def test_refuses_ports_a_node_does_not_have() -> None:
    value = document([node("c", "condition"), node("b"), node("d")], edges("c.treu > b", "c.false > d"))
    problem = next(each for each in problems(value) if each.code == "unknown_port")
    assert "'true'" in problem.cure
    assert codes(mended(value, problem), "warning") == []


def test_knows_the_ports_a_config_makes() -> None:
    nodes = [node("s", "switch", config={"cases": ["gold", "silver"]}), node("b")]
    assert codes(document(nodes, edges("s.gold > b"))) == []
    assert codes(document(nodes, edges("s.bronze > b"))) == ["unknown_port"]


def test_does_not_judge_ports_of_a_broken_config() -> None:
    assert codes(document([node("s", "switch"), node("b")], edges("s.gold > b"))) == ["invalid_config"]


def test_refuses_the_same_edge_twice() -> None:
    value = document([node("a"), node("b")], edges("a > b", "a > b"))
    assert problems(mended(value, only(value, "duplicate_edge"))) == []


def test_refuses_edges_at_notes() -> None:
    only(document([node("a"), node("n", "note")], edges("a > n")), "edge_at_note")


def test_refuses_edges_between_containers() -> None:
    nodes = [node("each", "foreach"), node("in", parent="each"), node("a")]
    only(document(nodes, edges("in > a")), "edge_across_containers")


@pytest.mark.parametrize(("parent", "code"), [("nobody", "unknown_parent"), ("a", "parent_is_no_container")])
def test_refuses_parents_that_hold_nothing(parent: str, code: str) -> None:
    only(document([node("a"), node("b", parent=parent)]), code)


def test_refuses_containers_inside_each_other() -> None:
    nodes = [node("x", "foreach", parent="y"), node("y", "foreach", parent="x")]
    assert codes(document(nodes)) == ["parent_cycle"]


def test_refuses_an_empty_container() -> None:
    only(document([node("each", "foreach")]), "empty_container")


def test_refuses_an_irreducible_cycle_and_names_its_edges() -> None:
    nodes = [node("a", "condition"), node("b"), node("c")]
    problem = only(document(nodes, edges("a.true > b > c", "a.false > c > b")), "irreducible_cycle")
    assert "b → c" in problem.message
    assert "c → b" in problem.message


def test_refuses_a_cycle_nothing_leads_into_beside_other_starts() -> None:
    nodes = [node("s"), node("a"), node("b")]
    value = document(nodes, edges("a > b > a"))
    assert "a, b" in only(value, "unreachable").message
    nodes[1]["max_iterations"] = 3
    assert problems(value) == []


def test_assumes_where_the_only_cycle_starts_and_says_so() -> None:
    value = document([node("draft"), node("review", "approval")], edges("draft > review.rejected > draft"))
    found = [each for each in problems(value) if each.code == "loop_start_assumed"]
    assert [each.severity for each in found] == ["warning"]
    assert codes(mended(value, found[0]), "warning") == ["port_without_edge"]


def test_warns_of_iterations_declared_where_nothing_repeats() -> None:
    only(document([node("a", max_iterations=5)]), "unused_setting")


@pytest.mark.parametrize("kind", ["break", "continue"])
def test_refuses_leaving_a_loop_outside_of_one(kind: str) -> None:
    only(document([node("a"), node("b", kind)], edges("a > b")), "outside_loop")


def test_accepts_leaving_a_loop_inside_of_one() -> None:
    nodes = [
        node("each", "foreach"),
        node("c", "condition", parent="each"),
        node("b", "break", parent="each"),
    ]
    nodes.append(node("d", "continue", parent="each"))
    assert problems(document(nodes, edges("c.true > b", "c.false > d"))) == []


def test_warns_of_a_choice_nothing_follows_but_not_of_error_and_timeout() -> None:
    value = document([node("ok", "approval"), node("b")], edges("ok.approved > b"))
    assert "'rejected'" in only(value, "port_without_edge").message


def test_refuses_an_all_join_that_waits_for_both_answers_of_one_choice() -> None:
    nodes = [node("c", "condition"), node("b"), node("j", join="all")]
    value = document(nodes, edges("c.true > b > j", "c.false > j"))
    assert problems(mended(value, only(value, "join_never_opens"))) == []


def test_refuses_an_all_join_that_waits_for_success_and_failure() -> None:
    nodes = [node("a"), node("b"), node("j", join="all")]
    only(document(nodes, edges("a > b > j", "a.error > j")), "join_never_opens")


def test_accepts_an_all_join_of_a_fork() -> None:
    nodes = [node("a"), node("b"), node("c"), node("j", join="all")]
    assert problems(document(nodes, edges("a > b > j", "a > c > j"))) == []


def test_refuses_undeclared_variables_and_offers_to_declare_them() -> None:
    value = reading("vars.total + 1")
    problem = only(value, "undeclared_variable")
    assert problems(mended(value, problem)) == []
    value["variables"] = {"other": 1}
    assert problems(mended(value, only(value, "undeclared_variable"))) == []


def test_refuses_setting_undeclared_variables() -> None:
    value = document(
        [node("a", "set_variables", config={"set": {"x": 1}, "append": {"y/z": 2}})], variables={"x": 0}
    )
    assert only(value, "undeclared_variable").pointer == "/nodes/0/config/append/y~1z"


def test_points_at_the_place_of_a_broken_expression() -> None:
    value = document([node("a", config={"output": "total: {{ inputs.x + }}"})])
    problem = only(value, "expression_error")
    assert problem.pointer == "/nodes/0/config/output"
    assert (problem.offset, problem.length) == (21, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("steps.nobody.output", "unknown_step"),
        ("steps.b.output", "reads_itself"),
        ("steps[inputs.x].output", "expression_error"),
        ("item.id", "outside_foreach"),
        ("index + 1", "outside_loop"),
        ("previous.a.output", "outside_loop"),
        ("secrets.token", "secret_not_allowed"),
        ("arrivals", "not_a_join"),
        ("error.message", "unknown_name"),
        ("foo + 1", "expression_error"),
        ("now()", "expression_error"),
        ("1 +", "expression_error"),
        ("", "expression_error"),
        ("+".join("1" * 300), "expression_error"),
        ("'" + "x" * 5000 + "'", "expression_error"),
        ("99999999999999999999", "expression_error"),
    ],
)
def test_refuses_expressions_that_cannot_work(text: str, code: str) -> None:
    assert only(reading(text), code).node_id == "b"


def test_refuses_an_unclosed_expression() -> None:
    only(document([node("a", config={"output": "{{ inputs.x"})]), "expression_error")


def test_refuses_reading_a_node_no_way_leads_from() -> None:
    nodes = [node("a"), node("b", config={"output": "{{ steps.c.output }}"}), node("c")]
    only(document(nodes, edges("a > b", "a > c")), "not_an_ancestor")


def test_does_not_call_a_missing_ancestor_missing_where_an_edge_is_broken() -> None:
    nodes = [node("a"), node("b", config={"output": "{{ steps.a.output }}"})]
    assert codes(document(nodes, [{"from": "a.otu", "to": "b"}])) == ["unknown_port"]


def test_tells_where_the_results_of_a_foreach_are() -> None:
    nodes = [
        node("each", "foreach"),
        node("in", parent="each"),
        node("b", config={"o": "{{ steps['in'].output }}"}),
    ]
    problem = only(document(nodes, edges("each > b")), "reads_into_foreach")
    assert "steps.each.output.results" in problem.cure


def test_refuses_reading_the_container_around() -> None:
    nodes = [node("each", "foreach"), node("b", parent="each", config={"o": "{{ steps.each.output }}"})]
    only(document(nodes), "reads_its_container")


def test_lets_the_inside_of_a_container_read_what_came_before_it() -> None:
    nodes = [
        node("a"),
        node("each", "foreach"),
        node("b", parent="each", config={"o": "{{ steps.a.output + index }}"}),
    ]
    assert problems(document(nodes, edges("a > each"))) == []


def test_lets_a_guard_read_its_own_source_but_not_the_target() -> None:
    nodes = [node("a"), node("b")]
    assert problems(document(nodes, edges("a > b if steps.a.output > 1"))) == []
    only(document(nodes, edges("a > b if steps.b.output > 1")), "not_an_ancestor")


@pytest.mark.parametrize("when", ["inputs.x", "{{ inputs.x", "{{ inputs.x }} {{ inputs.y }}", True])
def test_refuses_guards_that_are_not_one_expression(when: Any) -> None:
    value = document([node("a"), node("b")], [{"from": "a", "to": "b", "when": when}])
    assert [problem.pointer for problem in problems(value)] == ["/edges/0/when"]


def test_refuses_previous_of_a_node_outside_the_loop() -> None:
    nodes = [node("a"), node("h", config={"o": "{{ previous.a.output }}"}), node("c", "condition"), node("e")]
    only(document(nodes, edges("a > h > c.true > h", "c.false > e")), "not_in_this_loop")


def test_lets_secrets_into_the_config_of_nodes_with_outside_effects_only() -> None:
    call = node("a", "http_request", config={"url": "{{ secrets.token }}"})
    assert problems(document([call])) == []
    value = document([call, node("b")], edges("a > b if secrets.token == 'x'"))
    only(value, "secret_not_allowed")
    only(document([call], output={"t": "{{ secrets.token }}"}), "secret_not_allowed")


def test_lets_the_concurrency_key_read_inputs_alone() -> None:
    good = {"concurrency": {"limit": 1, "key": "{{ inputs.customer }}"}}
    assert [problem.severity for problem in problems(document([node("a")], settings=good))] == ["warning"]
    bad = {"concurrency": {"limit": 1, "key": "{{ steps.a.output }}"}}
    [refused] = [
        found for found in problems(document([node("a")], settings=bad)) if found.severity == "error"
    ]
    assert (refused.code, refused.pointer) == ("not_known_yet", "/settings/concurrency/key")


def test_warns_of_an_expression_in_a_default() -> None:
    only(document([node("a")], variables={"v": "{{ inputs.x }}"}), "default_is_not_evaluated")


def test_refuses_regions_nested_too_deep() -> None:
    nodes = [node(f"w{at}", "while", **({"parent": f"w{at - 1}"} if at else {})) for at in range(12)]
    only(document([*nodes, node("x", parent="w11")]), "limit_exceeded")


def test_refuses_too_many_nodes() -> None:
    assert only(document([node(f"n{at}") for at in range(10_001)]), "limit_exceeded").pointer == "/nodes"


def test_reports_many_faults_at_once() -> None:
    nodes = [
        node("a", "nonsense"),
        node("b", config={"o": "{{ vars.x + steps.q.output }}"}),
        node("c", timeout="no"),
    ]
    found = codes(document(nodes, edges("b > z"), surprise=1))
    assert sorted(found) == [
        "dangling_edge", "invalid_shape", "undeclared_variable", "unknown_key", "unknown_step", "unknown_type",
    ]  # fmt: skip
