"""Validation answers with problems, whatever it is given."""

# ruff: noqa: E501 - documents read better as one line each

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from fermata.errors import ExpressionError
from fermata.graph.compile import compile_document
from fermata.graph.expression import compile_expression, evaluate, render
from fermata.graph.schema import document_schema
from fermata.graph.validate import validate
from tests.pace import within
from tests.properties.graph.documents import drawn_documents
from tests.unit.graph.catalogue import CATALOGUE, document, node

WORDS = st.sampled_from(
    [
        "schema",
        "name",
        "nodes",
        "edges",
        "inputs",
        "variables",
        "output",
        "settings",
        "id",
        "type",
        "parent",
        "config",
        "join",
        "from",
        "to",
        "when",
        "retry",
        "timeout",
        "max_iterations",
        "transform",
        "foreach",
        "switch",
        "cases",
        "set",
        "set_variables",
        "fermata/1",
        "a",
        "b",
        "a.true",
        "{{",
        "{{x}}",
        "{{steps.a}}",
        "{{vars.q+1}}",
        "auto",
        "all",
        "each",
        "5m",
        "\x00",
        "�",
        "label",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    WORDS,
    st.just(2**63),
    st.just(-(2**63)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=25,
)
NODES = st.lists(
    st.one_of(
        VALUES,
        st.fixed_dictionaries(
            {"id": WORDS, "type": WORDS}, optional={"config": VALUES, "parent": WORDS, "join": VALUES}
        ),
    ),
    max_size=5,
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "schema": VALUES,
        "name": VALUES,
        "nodes": st.one_of(VALUES, NODES),
        "edges": st.one_of(
            VALUES,
            st.lists(
                st.fixed_dictionaries({"from": WORDS, "to": WORDS}, optional={"when": VALUES}), max_size=5
            ),
        ),
        "inputs": VALUES,
        "variables": VALUES,
        "output": VALUES,
        "settings": VALUES,
    },
)


def check(value: Any) -> None:
    for problem in validate(value, CATALOGUE):
        row = problem.to_json()
        assert row["severity"] in {"error", "warning"}
        assert row["pointer"] == "" or row["pointer"].startswith("/")
        assert row["message"]
        assert row["cure"]
        json.dumps(row, allow_nan=False).encode()


@settings(max_examples=250, deadline=None)
@given(st.one_of(VALUES, DOCUMENTS))
def test_no_json_value_breaks_validation(value: Any) -> None:
    check(value)


@settings(max_examples=200, deadline=None)
@given(drawn_documents(), st.data())
def test_no_damage_to_a_document_breaks_validation(drawn: dict[str, Any], data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        part = data.draw(st.sampled_from([drawn, *drawn["nodes"], *drawn["edges"]]))
        if isinstance(part, dict) and part is not drawn:
            part[data.draw(WORDS)] = data.draw(VALUES)
    check(drawn)


@settings(max_examples=150, deadline=None)
@given(drawn_documents())
def test_what_validation_accepts_the_published_schema_accepts(drawn: dict[str, Any]) -> None:
    if not any(problem.severity == "error" for problem in validate(drawn, CATALOGUE)):
        jsonschema.Draft202012Validator(document_schema(CATALOGUE)).validate(drawn)


PIECES = st.sampled_from(
    [
        "inputs",
        ".x",
        "[0]",
        "['k']",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "!",
        "?",
        "&&",
        "||",
        "==",
        "<",
        "in",
        "1",
        "2.5",
        "'a'",
        '"b"',
        "has(",
        ".map(x,",
        ".filter(y,",
        "sum(",
        "size(",
        "x",
        "y",
        "true",
        "null",
        "steps.a",
        "vars.b",
        "//",
        "\n",
        "1u",
        "0x1F",
        "r''",
        "\\",
        "@",
        "é",
    ]
)


def outcome(act: Callable[[], Any]) -> tuple[Any, ExpressionError | None]:
    try:
        return act(), None
    except ExpressionError as error:
        return None, error


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=14).map("".join)))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    bindings = {"inputs": {"x": [1, 2], "k": None}, "steps": {"a": {}}, "vars": {"b": 1.5}}
    value, error = outcome(lambda: evaluate(text, bindings))
    json.dumps(value, allow_nan=False)
    assert error is None or (0 <= error.data["offset"] <= len(text) and error.data["length"] >= 1)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="{}ab'\" 1+", max_size=30))
def test_any_text_is_a_template_or_an_expression_error(text: str) -> None:
    value, error = outcome(lambda: render(text, {}))
    json.dumps(value)
    assert error is None or error.message


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5).filter(lambda text: text.isascii())),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_json_passes_the_evaluator_unchanged(value: Any) -> None:
    assert evaluate("[inputs.value][0]", {"inputs": {"value": value}}) == value
    assert evaluate("inputs.value", {"inputs": {"value": value}}) is value
    assert compile_expression("inputs.value == inputs.value").evaluate({"inputs": {"value": value}}) is True


def test_five_thousand_nodes_compile_in_three_seconds() -> None:
    nodes = [
        node(f"n{at}", config={"output": f"{{{{ steps.n{at - 1}.output + {at} }}}}"} if at else {})
        for at in range(5000)
    ]
    drawn = [{"from": f"n{at}", "to": f"n{at + 1}"} for at in range(4999)]
    drawn += [{"from": f"n{at}.error", "to": f"n{at + 7}"} for at in range(0, 4900, 7)]
    with within(3):
        plan = compile_document(document(nodes, drawn), CATALOGUE)
    assert len(plan.nodes) == 5000


def test_ten_thousand_unconnected_mistakes_are_told_in_time() -> None:
    nodes = [node(f"n{at}", "transfrom") for at in range(10_000)]
    with within(6):
        problems = validate(document(nodes), CATALOGUE)
        assert len(problems) == 10_000


def test_the_largest_documents_are_judged_in_time_however_wrong_they_are() -> None:
    nodes = [
        node(f"n{at}", config={"o": f"{{{{ steps.m{at}.output + vars.q{at} }}}}"}) for at in range(10_000)
    ]
    drawn = [{"from": f"n{at % 10_000}", "to": f"x{at}"} for at in range(50_000)]
    with within(15):
        found = {problem.code for problem in validate(document(nodes, drawn, variables={"q": 1}), CATALOGUE)}
        assert found == {"dangling_edge", "unknown_step", "undeclared_variable"}


def test_the_largest_well_formed_graph_is_judged_in_time() -> None:
    nodes = [node(f"n{at}") for at in range(10_000)]
    drawn = [{"from": f"n{at}", "to": f"n{at + step}"} for step in range(1, 6) for at in range(10_000 - step)]
    drawn += [{"from": f"n{at + 9}.error", "to": f"n{at}"} for at in range(0, 9_000, 10)][:15]
    with within(15):
        found = validate(document(nodes, drawn), CATALOGUE)
        assert {problem.code for problem in found} <= {"irreducible_cycle"}
