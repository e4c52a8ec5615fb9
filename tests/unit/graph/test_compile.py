"""What a document becomes."""

# ruff: noqa: E501 - documents read better as one line each

from __future__ import annotations

import json
from typing import Any

import pytest

from fermata.errors import InvalidDocument, UnknownFormat
from fermata.graph.compile import compile_document
from fermata.graph.plan import Expression, JoinPolicy, Plan, Retry
from tests.unit.graph.catalogue import CATALOGUE, document, edges, node


def plan_of(nodes: list[Any], *drawn: str, **more: Any) -> Plan:
    return compile_document(document(nodes, edges(*drawn), **more), CATALOGUE)


LOOP = [node("s"), node("h"), node("c", "condition"), node("e")]
LOOP_EDGES = ("s > h > c.true > h", "c.false > e")


def test_raises_every_problem_of_an_invalid_document() -> None:
    with pytest.raises(InvalidDocument) as caught:
        compile_document(document([node("a", "nonsense"), node("b", priority=50)]), CATALOGUE)
    assert [problem["code"] for problem in caught.value.problems] == ["invalid_shape", "unknown_type"]


def test_leaves_notes_out() -> None:
    plan = plan_of([node("a", note="why"), node("n", "note", config={"text": "hello"})])
    assert list(plan.nodes) == ["a"]


def test_the_digest_ignores_notes_and_key_order_but_not_labels() -> None:
    plain = plan_of([node("a", label="A")])
    noted = plan_of([dict(reversed(node("a", label="A", note="because").items())), node("n", "note")])
    assert noted.digest == plain.digest
    assert plan_of([node("a", label="B")]).digest != plain.digest


def test_refuses_a_plan_of_a_newer_format() -> None:
    with pytest.raises(UnknownFormat):
        Plan.from_json(plan_of([node("a")]).to_json() | {"format": 99})


def test_survives_json() -> None:
    plan = plan_of(
        LOOP, *LOOP_EDGES, settings={"timeout": "1h", "concurrency": {"limit": 2}}, variables={"v": 1}
    )
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_takes_over_the_settings_of_a_node_in_seconds() -> None:
    retry = {
        "max_attempts": 4,
        "initial": "500ms",
        "max": "PT1M",
        "on": ["timeout"],
        "backoff": "fixed",
        "jitter": 0.5,
    }
    made = node("a", "http_request", config={"url": "u"}, retry=retry, timeout="1m", priority=7, label="Call")
    plain = plan_of([made]).nodes["a"]
    assert plain.retry == Retry(4, "fixed", 0.5, 60.0, 0.5, ("timeout",))
    assert (plain.timeout_seconds, plain.priority, plain.queue, plain.label) == (60.0, 7, "http", "Call")
    assert (plain.effect, plain.on_worker_loss) == ("unsafe", "hold")
    assert plan_of([made | {"queue": "mine", "on_worker_loss": "fail"}]).nodes["a"].queue == "mine"
    assert plan_of([node("a")]).nodes["a"].on_worker_loss == "retry"


@pytest.mark.parametrize(
    ("mode", "policy"),
    [
        ("auto", JoinPolicy("auto", 2, 1, eager=False)),
        ("all", JoinPolicy("all", 2, 2, eager=True)),
        ({"mode": "any"}, JoinPolicy("any", 2, 1, eager=True)),
    ],
)
def test_gives_a_policy_to_nodes_where_edges_meet(mode: Any, policy: JoinPolicy) -> None:
    plan = plan_of([node("a"), node("b"), node("c"), node("j", join=mode)], "a > b > j", "a > c > j")
    assert plan.nodes["j"].join == policy
    assert plan.nodes["b"].join is None
    assert plan.nodes["j"].into == (1, 3)


def test_a_header_counts_its_entries_and_not_its_back_edges() -> None:
    plan = plan_of(LOOP, *LOOP_EDGES)
    assert plan.nodes["h"].into == (0,)
    assert plan.nodes["h"].join is None


def test_a_back_edge_makes_a_region_named_after_its_header() -> None:
    plan = plan_of([LOOP[0], node("h", max_iterations=7), *LOOP[2:]], *LOOP_EDGES)
    region = plan.regions["@h"]
    assert (region.kind, region.parent, region.owner, region.members) == ("loop", "root", "h", ("h", "c"))
    assert (region.starts, region.sinks, region.back, region.exits) == (("h",), (), (2,), (3,))
    assert (region.max_iterations, region.serial) == (7, True)
    assert [edge.kind for edge in plan.edges] == ["forward", "forward", "back", "exit"]
    assert plan.regions["root"].members == ("s", "e")
    assert plan.regions["root"].starts == ("s",)


def test_iterations_default_to_a_thousand() -> None:
    assert plan_of(LOOP, *LOOP_EDGES).regions["@h"].max_iterations == 1000


def test_a_loop_may_begin_the_workflow() -> None:
    plan = plan_of(
        [node("draft"), node("ok", "approval"), node("e")], "draft > ok.rejected > draft", "ok.approved > e"
    )
    assert plan.regions["root"].starts == ("draft",)
    assert plan.regions["@draft"].starts == ("draft",)


def test_an_edge_may_leave_the_inner_loop_and_go_back_in_the_outer_one() -> None:
    nodes = [
        node("s"),
        node("o"),
        node("i"),
        node("c", "switch", config={"cases": ["again", "outer"]}),
        node("e"),
    ]
    plan = plan_of(nodes, "s > o > i > c.again > i", "c.outer > o", "c.default > e")
    assert plan.regions["@i"].parent == "@o"
    assert plan.edges[4].kind == "back"
    assert plan.regions["@i"].exits == (4, 5)
    assert plan.regions["@o"].back == (4,)
    assert plan.regions["@o"].exits == (5,)


def test_loops_with_one_header_are_one_region() -> None:
    nodes = [node("s"), node("h"), node("c", "switch", config={"cases": ["x", "y"]}), node("e")]
    plan = plan_of(nodes, "s > h > c.x > h", "c.y > h", "c.default > e")
    assert plan.regions["@h"].back == (2, 3)
    assert set(plan.regions) == {"root", "@h"}


def test_a_break_belongs_to_the_loop_and_what_follows_it_does_not() -> None:
    nodes = [
        node("s"),
        node("h", "condition"),
        node("c", "condition"),
        node("b", "break"),
        node("after"),
        node("e"),
    ]
    plan = plan_of(nodes, "s > h.true > c.true > h", "c.false > b > after", "h.false > e")
    assert plan.nodes["b"].region == "@h"
    assert plan.nodes["after"].region == "root"
    assert plan.edges[4].kind == "exit"


def test_a_side_branch_rests_with_the_passage() -> None:
    nodes = [*LOOP, node("log"), node("mail")]
    plan = plan_of(nodes, *LOOP_EDGES, "h > log > mail")
    assert plan.nodes["log"].region == plan.nodes["mail"].region == "@h"
    assert plan.regions["@h"].sinks == ("log", "mail")[1:]
    assert not plan.regions["@h"].serial


def test_a_guarded_edge_out_of_a_loop_is_an_exit() -> None:
    plan = plan_of([*LOOP, node("log")], *LOOP_EDGES, "h > log if inputs.x")
    assert plan.nodes["log"].region == "root"
    assert plan.regions["@h"].exits == (3, 4)


def test_a_container_is_a_region_with_its_own_starts() -> None:
    nodes = [node("each", "foreach", config={"collect": "{{ steps.y.output }}"}), node("x", parent="each")]
    plan = plan_of([*nodes, node("y", parent="each"), node("e")], "each > e", "x > y")
    region = plan.regions["each"]
    assert (region.kind, region.parent, region.starts, region.sinks) == ("foreach", "root", ("x",), ("y",))
    assert region.ending == {"collect": "{{ steps.y.output }}"}
    assert region.ending_reads == ("step:y",)
    assert plan.nodes["each"].reads == ()


@pytest.mark.parametrize(
    ("collect", "ending", "reads"),
    [
        ({"sum": "{{ steps.x.output.n }}"}, {"collect": "{{ steps.x.output.n }}"}, ("step:x",)),
        ("all", {"collect": "all"}, ("step:x",)),
        ("none", {"collect": "none"}, ()),
        (None, {}, ("step:x",)),
    ],
)
def test_a_foreach_loads_what_it_collects(collect: Any, ending: Any, reads: Any) -> None:
    config = {} if collect is None else {"collect": collect}
    region = plan_of([node("each", "foreach", config=config), node("x", parent="each")]).regions["each"]
    assert region.ending == ending
    assert region.ending_reads == reads


def test_a_while_asks_its_condition_before_the_inside_has_run() -> None:
    config = {
        "condition": "{{ vars.go && has(steps.x) }}",
        "output": "{{ steps.x.output }}",
        "max_iterations": 9,
    }
    plan = plan_of([node("w", "while", config=config), node("x", parent="w")], variables={"go": True})
    assert plan.nodes["w"].reads == ("var:go",)
    assert plan.regions["w"].ending_reads == ("step:x", "var:go")
    assert plan.regions["w"].max_iterations == 9


def test_reads_name_everything_a_claim_must_load() -> None:
    config = {
        "a": "{{ inputs.x + vars.v }}", "b": "{{ secrets.key }}", "c": "{{ steps.a.output }} {{ trigger.kind }}",
        "d": "{{ execution.id }}", "url": "",
    }  # fmt: skip
    nodes = [node("a"), node("b", "http_request", config=config), node("c")]
    plan = plan_of(nodes, "a > b > c if vars.w > steps.b.output", variables={"v": 1, "w": 2})
    assert plan.nodes["b"].reads == ("inputs", "secret:key", "step:a", "trigger", "var:v", "var:w")
    assert plan.edges[1].when == Expression("vars.w > steps.b.output", ("step:b", "var:w"))


def test_reads_inside_loops_are_item_and_previous() -> None:
    nodes = [node("each", "foreach"), node("x", parent="each", config={"o": "{{ item.id + index }}"}), *LOOP]
    nodes[3] = node("h", config={"o": "{{ previous.c.output }}"})
    plan = plan_of(nodes, *LOOP_EDGES)
    assert plan.nodes["x"].reads == ("item",)
    assert plan.nodes["h"].reads == ("previous:c",)


def test_a_read_from_outside_names_the_loops_it_goes_into() -> None:
    nodes = [node("s"), node("o"), node("i"), node("c", "switch", config={"cases": ["again", "outer"]})]
    nodes.append(node("e", config={"o": "{{ steps.i.output }}", "p": "{{ steps.o.output }}"}))
    plan = plan_of(nodes, "s > o > i > c.again > i", "c.outer > o", "c.default > e")
    assert plan.nodes["e"].reads == ("step:@o/@i/i", "step:@o/o")


def test_a_step_that_only_ran_in_earlier_passages_can_be_read_from_outside() -> None:
    nodes = [node("s"), node("h", "condition"), node("v"), node("e", config={"o": "{{ steps.v.output }}"})]
    assert plan_of(nodes, "s > h.true > v > h", "h.false > e").nodes["e"].reads == ("step:@h/v",)


def test_a_read_into_a_while_from_outside_names_the_while() -> None:
    nodes = [node("w", "while"), node("x", parent="w"), node("e", config={"o": "{{ steps.x.output }}"})]
    assert plan_of(nodes, "w > e").nodes["e"].reads == ("step:w/x",)


def test_a_join_may_read_its_arrivals() -> None:
    nodes = [node("a"), node("b"), node("c"), node("j", config={"o": "{{ size(arrivals) }}"})]
    assert plan_of(nodes, "a > b > j", "a > c > j").nodes["j"].reads == ("arrivals",)


def test_only_nodes_that_may_end_a_serial_passage_load_what_is_evaluated_then() -> None:
    nodes = [node("a"), node("c", "condition"), node("b")]
    plan = plan_of(nodes, "a > c.true > b", output={"o": "{{ steps.a.output + inputs.x }}"})
    assert plan.regions["root"].serial
    assert plan.regions["root"].ending == {"output": {"o": "{{ steps.a.output + inputs.x }}"}}
    assert {name: made.reads for name, made in plan.nodes.items()} == {
        "a": (), "c": ("inputs", "step:a"), "b": ("inputs", "step:a"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("drawn", "serial"),
    [
        (("a > b", "b > c"), True),
        (("a > b", "a.error > c"), True),
        (("a > b", "a > c"), False),
        (("a > b > c if inputs.x",), False),
        (("a > b",), False),
    ],
)
def test_a_region_is_serial_when_one_step_at_most_can_be_live(drawn: tuple[str, ...], serial: Any) -> None:
    plan = plan_of([node("a"), node("b"), node("c")], *drawn)
    assert plan.regions["root"].serial is serial


def test_a_loop_that_forks_takes_the_seriality_from_what_is_around_it() -> None:
    plan = plan_of([*LOOP, node("log")], *LOOP_EDGES, "h > log")
    assert not plan.regions["root"].serial


def test_what_stands_behind_an_any_join_sees_a_frozen_past() -> None:
    nodes = [
        node("a"),
        node("b"),
        node("c"),
        node("j", join="any"),
        node("each", "foreach"),
        node("x", parent="each"),
    ]
    plan = plan_of(nodes, "a > b > j > each", "a > c > j")
    assert {name for name, made in plan.nodes.items() if made.freeze} == {"j", "each", "x"}


def test_the_example_of_the_interface_compiles() -> None:
    nodes = [
        node("each", "foreach", config={"items": "{{ inputs.orders }}", "collect": "{{ steps.charge.output.amount }}"}),
        node("charge", "http_request", parent="each", config={"url": "{{ vars.pay }}", "body": "{{ item.id }}"}),
        node("big", "condition", config={"when": "{{ sum(steps.each.output.results) > 10000.0 }}"}),
        node("ok", "approval"), node("refused", "fail"), node("report"),
    ]  # fmt: skip
    drawn = ("each > big.true > ok.approved > report", "big.false > report", "ok.rejected > refused")
    plan = plan_of(
        nodes, *drawn, variables={"pay": "https://pay.example"}, output={"n": "{{ steps.report.output }}"}
    )
    assert plan.nodes["report"].join == JoinPolicy("auto", 2, 1, eager=False)
    assert plan.nodes["charge"].reads == ("item", "var:pay")
    assert plan.nodes["big"].reads == ("step:each",)
    assert plan.regions["root"].serial
