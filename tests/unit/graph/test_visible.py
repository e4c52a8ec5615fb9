"""Which names an expression may use at a place, and what is known of them before anything ran."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fermata.errors import ExpressionError, InvalidInput
from fermata.graph.expression import evaluate
from fermata.graph.functions import BUILT_IN, FUNCTIONS, METHODS
from fermata.graph.inferred import below, example_of, filled, schema_of, short, sized
from fermata.graph.scope import Reader
from fermata.graph.signatures import SIGNATURES
from fermata.graph.sketch import Place, Sketch, sketched
from fermata.graph.syntax import MACROS
from fermata.graph.visible import MOST_STEPS, Name, Visible
from fermata.nodes.catalogue import catalogue


def drawn(nodes: list[dict[str, Any]], edges: str = "", **more: Any) -> Sketch:
    """``edges``: "a>b b.true>c"."""
    listed = [dict(zip(("from", "to"), pair.split(">"), strict=True)) for pair in edges.split()]
    found = sketched(
        {"schema": "fermata/1", "name": "x", "nodes": nodes, "edges": listed, **more}, catalogue()
    )
    assert found is not None
    return found


def node(name: str, kind: str = "transform", parent: str | None = None, **config: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": name, "type": kind, "config": config}
    return made if parent is None else {**made, "parent": parent}


def seen(sketch: Sketch, name: str | None, pointer: str | None = None) -> dict[str, Name]:
    if pointer is not None:
        place = sketch.place(name, pointer)
    else:
        place = sketch.at(sketch.node(name)) if name else Place(None, Reader())
    return {each.name: each for each in Visible(sketch, place).names()}


def optional(names: dict[str, Name]) -> dict[str, bool]:
    """Step → whether it may be absent."""
    outputs = [
        each for each in names.values() if each.name.startswith("steps.") and each.name.endswith("output")
    ]
    return {str(each.node): each.optional for each in outputs}


PLAIN = [node(name, output=1) for name in "abcdef"]


def test_ancestors_alone_are_seen():
    sketch = drawn(PLAIN, "a>b b>c a>d")
    assert optional(seen(sketch, "c")) == {"a": False, "b": False}
    assert optional(seen(sketch, "a")) == {}


def test_what_only_one_branch_runs_may_be_absent():
    sketch = drawn([node("a", "condition", when=True), *PLAIN[1:]], "a.true>b a.false>c b>d c>d d>e")
    assert optional(seen(sketch, "e")) == {"a": False, "b": True, "c": True, "d": False}
    both = drawn([*PLAIN[:3], {**PLAIN[3], "join": "all"}], "a>b a>c b>d c>d")
    assert optional(seen(both, "d")) == {"a": False, "b": False, "c": False}


def test_a_failed_node_has_an_error_and_no_output():
    sketch = drawn(PLAIN, "a>b b.error>c b>d c>e d>e")
    names = seen(sketch, "c")
    assert names["steps.b.output"].optional
    assert not names["steps.b.error"].optional
    assert below(names["steps.b.error"].schema, ("class",))["type"] == "string"
    assert seen(sketch, "e")["steps.b.error"].optional
    assert "steps.a.error" not in seen(sketch, "e")


def test_a_guard_knows_its_own_node():
    sketch = drawn(PLAIN, "a>b")
    assert optional(seen(sketch, "a", "/edges/0/when")) == {"a": False}


def test_a_loop_over_items_shows_item_and_index_inside_and_results_outside():
    sketch = drawn(
        [
            node("a", output={"list": [{"id": 1, "tag": "x"}, {"id": 2}]}),
            node("each", "foreach", items="{{ steps.a.output.list }}"),
            node("in1", parent="each", output="{{ item.id }}"),
            node("in2", "condition", parent="each", when=True),
            node("z", output="{{ steps.each.output.results }}"),
        ],
        "a>each in1>in2 each>z",
    )
    inside = seen(sketch, "in2")
    assert below(inside["item"].schema, ("id",)) == {"type": "integer"}
    assert inside["index"].schema["type"] == "integer"
    assert optional(inside) == {"a": False, "in1": False}
    collect = seen(sketch, "each", "/config/collect")
    assert optional(collect) == {"a": False, "in1": False, "in2": False}
    outside = seen(sketch, "z")
    assert {"item", "index"}.isdisjoint(outside)
    assert below(outside["steps.each.output"].schema, ("results", 0)) == {"type": "boolean"}
    assert below(outside["steps.each.output"].schema, ("counts", "total"))["type"] == "integer"


def test_the_end_of_a_passage_knows_what_every_way_to_it_ran():
    inside = [
        node("w", "while", condition="{{ index < 3 }}", output="{{ steps.q.output }}"),
        node("p", "condition", parent="w", when=True),
        node("q", parent="w", output={"n": 1}),
        node("r", parent="w", output=2),
    ]
    sketch = drawn([*inside, node("after", output=0)], "p.true>q p.false>r w>after")
    assert optional(seen(sketch, "w", "/config/condition")) == {"p": False, "q": True, "r": True}
    assert below(seen(sketch, "after")["steps.w.output"].schema, ("n",)) == {"type": "integer"}
    assert "previous.q.output" in seen(sketch, "q")
    assert "previous.after.output" not in seen(sketch, "q")


def test_the_latest_passage_of_a_loop_is_seen_from_outside():
    nodes = [*PLAIN[:2], node("c", "condition", when=True), PLAIN[3]]
    sketch = drawn(nodes, "a>b b>c c.true>b c.false>d")
    assert optional(seen(sketch, "d")) == {"a": False, "b": False, "c": False}
    assert "previous.b.output" in seen(sketch, "c")


def test_arrivals_and_secrets_are_seen_where_they_may_be_read():
    sketch = drawn([*PLAIN[:3], node("h", "http_request", method="GET", url="https://x")], "a>c b>c c>h")
    assert "arrivals" in seen(sketch, "c")
    assert "arrivals" not in seen(sketch, "h")
    assert "secrets" in seen(sketch, "h")
    assert "secrets" not in seen(sketch, "c")


def test_variables_have_the_schema_of_their_defaults():
    sketch = drawn(PLAIN[:1], variables={"n": 1, "o": {"x": ["t"]}, "nothing": None})
    names = seen(sketch, "a")
    assert names["vars.n"].schema == {"type": "integer"}
    assert below(names["vars.o"].schema, ("x", 0)) == {"type": "string"}
    assert names["vars.nothing"].schema == {}


def test_before_a_start_nothing_but_the_request_is_known():
    sketch = drawn(PLAIN[:1], variables={"n": 1})
    assert set(seen(sketch, None, "/settings/concurrency/key")) == {"inputs", "trigger", "execution"}


def test_templates_are_followed_from_node_to_node():
    sketch = drawn(
        [
            node("h", "http_request", method="GET", url="https://x"),
            node("a", output={"code": "{{ steps.h.output.status }}", "text": "n {{ 1 }}"}),
            node("b", output="{{ steps.a.output }}"),
            node("c", output=0),
        ],
        "h>a a>b b>c",
    )
    schema = seen(sketch, "c")["steps.b.output"].schema
    assert below(schema, ("code",))["type"] == "integer"
    assert below(schema, ("text",)) == {"type": "string"}


def test_templates_that_multiply_or_go_in_circles_are_told_in_general():
    wide = {f"k{n}": "{{ steps.a.output }}" for n in range(50)}
    nodes = [node("a", output={f"k{n}": n for n in range(50)})]
    for at, name in enumerate("bcdef"):
        before = "abcde"[at]
        nodes.append(node(name, output=dict.fromkeys(wide, f"{{{{ steps.{before}.output }}}}")))
    sketch = drawn(nodes, "a>b b>c c>d d>e e>f")
    shown = seen(sketch, "f")
    assert all(len(json.dumps(each.schema)) < 100_000 for each in shown.values())
    loop = drawn([node("a", output="{{ steps.b.output }}"), node("b", output="{{ steps.a.output }}")], "a>b")
    assert seen(loop, "b")["steps.a.output"].schema == {}


def test_of_many_steps_the_nearest_are_named():
    count = MOST_STEPS + 50
    sketch = drawn(
        [node(f"n{at}", output=1) for at in range(count)],
        " ".join(f"n{at}>n{at + 1}" for at in range(count - 1)),
    )
    named = optional(seen(sketch, f"n{count - 1}"))
    assert len(named) == MOST_STEPS
    assert f"n{count - 2}" in named
    assert "n0" not in named


def test_cycles_without_a_way_in_leave_names_to_be_looked_up():
    sketch = drawn(PLAIN[:4], "a>b c>d d>c")
    assert sketch.structure.topology is None
    assert "steps.a.output" in seen(sketch, "b")


def test_what_is_seen_may_be_read_and_nothing_else():
    sketch = drawn(
        [node("a", "condition", when=True), *PLAIN[1:]], "a.true>b a.false>c b>d c>d", variables={"v": 1}
    )
    for name in sketch.structure.nodes:
        place = sketch.at(sketch.node(name))
        names = set(seen(sketch, name))
        for asked in ("inputs", "vars.v", "item", "index", "arrivals", "trigger", "execution", *(
            f"steps.{each}.output" for each in sketch.structure.nodes
        )):  # fmt: skip
            try:
                sketch.reads(place, asked)
            except ExpressionError:
                assert asked not in names
            else:
                assert asked in names


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("transform", "/config/output/a/0/b"),
        ("http_request", "/config/headers/X-Own"),
        ("switch", "/config/cases/0/when"),
        ("foreach", "/config/items"),
        ("foreach", "/config/concurrency"),
        ("foreach", "/config/collect/sum"),
        ("wait", "/config/for"),
        ("set_variables", "/config/set/n"),
        ("approval", "/config/assignees/0"),
    ],
)
def test_fields_that_take_expressions(kind, pointer):
    drawn([node("n", kind)]).place("n", pointer)


@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("switch", "/config/cases/0/name"),
        ("foreach", "/config/on_error/mode"),
        ("set_variables", "/config/scope"),
        ("transform", "/config/other"),
        ("transform", "/label"),
    ],
)
def test_fields_that_must_be_known_beforehand(kind, pointer):
    with pytest.raises(InvalidInput):
        drawn([node("n", kind)]).place("n", pointer)


def test_schemas_and_examples():
    value = {"a": [{"x": 1}, {"x": 2.5, "y": None}], "b": "t", "c": []}
    schema = schema_of(value)
    assert below(schema, ("a", 0, "x")) == {"type": ["integer", "number"]}
    assert below(schema, ("a", 0, "y")) == {"type": "null"}
    assert below(schema, ("c",)) == {"type": "array"}
    assert below(schema, ("no", 0, "way")) == {}
    assert example_of(schema) == {"a": [{"x": 1, "y": None}], "b": "text", "c": []}
    assert example_of({"$ref": "#/$defs/a", "$defs": {"a": {"enum": [3]}}}) == 3
    assert example_of({"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}) == "2030-01-31"
    inner = {"type": "object", "properties": {"n": {"$ref": "#/$defs/a"}}}
    circle = {"$defs": {"a": inner}, "$ref": "#/$defs/a"}
    assert isinstance(example_of(circle), dict)
    assert example_of({"$ref": "#/$defs/b", "$defs": {"b": {"$ref": "#/$defs/b"}}}) is None
    assert example_of({"type": 5, "enum": [], "properties": 3}) is None


def test_a_recorded_value_completes_what_is_not_known():
    http = catalogue().find("http_request")
    assert http is not None
    schema = filled(http.output_schema({}), {"status": 201, "body": {"id": 1}, "headers": {}, "url": "u"})
    assert below(schema, ("body", "id")) == {"type": "integer"}
    assert below(schema, ("status",))["type"] == "integer"
    assert filled({"type": "string"}, 5) == {"type": "string"}
    assert filled({"type": "array", "items": {}}, [1, 2]) == {"type": "array", "items": {"type": "integer"}}
    assert filled({"type": "object"}, {"a": 1})["properties"] == {"a": {"type": "integer"}}


def test_what_is_long_is_cut():
    assert len(short("x" * 1000)) == 80
    assert short({"a": list(range(100))}) == {"a": [0, 1, 2]}
    deep: Any = schema_of({f"k{n}": {f"m{m}": m for m in range(40)} for n in range(40)})
    assert len(json.dumps(sized(deep, 100))) < 5_000
    assert sized(deep, 100)["type"] == "object"


def test_every_type_tells_its_output_for_any_config():
    for name in catalogue().names():
        found = catalogue().find(name)
        assert found is not None
        for config in ({}, {"output": 1, "items": 5, "cases": 5, "collect": 5, "wait": 5}, {"collect": {}}):
            assert isinstance(found.output_schema(config), dict), name


def test_every_function_is_described_by_an_example_that_holds():
    described = {each.name for each in SIGNATURES}
    assert described == {*FUNCTIONS, *BUILT_IN, *METHODS, *MACROS, "has"}
    for each in SIGNATURES:
        assert evaluate(each.example, {"inputs": {}}) == json.loads(each.gives), each.name
        assert type(evaluate(each.example, {"inputs": {}})) is type(json.loads(each.gives)), each.name
        assert "(" in each.signature
        assert each.sentence.endswith(".")
