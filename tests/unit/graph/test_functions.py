"""The functions of the house: one row each, and what they refuse."""
# ruff: noqa: E501 - rows are read as a table

from __future__ import annotations

from typing import Any

import pytest

from fermata.errors import ExpressionError
from fermata.graph.expression import evaluate
from fermata.graph.functions import FUNCTIONS

ROWS: list[tuple[str, Any]] = [
    ("sum([1, 2, null])", 3), ("sum([1, 2.5])", 3.5), ("sum([])", 0), ("avg([1, 2])", 1.5), ("avg([])", None),
    ("min([3, null, 1])", 1), ("max(1, 2.5)", 2.5), ("max([])", None), ("min('b', 'a')", "a"),
    ("sort([3, 1, 2])", [1, 2, 3]), ("sort(['b', 1, null, true])", [None, True, 1, "b"]),
    ("sort_by([{'n': 2}, {'n': 1}], 'n')", [{"n": 1}, {"n": 2}]), ("distinct([1, 1.0, 2, '1', [1], [1]])", [1, 2, "1", [1]]),
    ("flatten([[1, 2], 3, [[4]]])", [1, 2, 3, [4]]), ("reverse([1, 2])", [2, 1]), ("reverse('ab')", "ba"),
    ("first([])", None), ("first([7, 8])", 7), ("last([7, 8])", 8), ("slice([1, 2, 3], 1)", [2, 3]),
    ("slice('hello', 1, 3)", "el"), ("chunk([1, 2, 3], 2)", [[1, 2], [3]]), ("compact([1, null])", [1]),
    ("pluck([{'a': 1}, {}], 'a')", [1, None]), ("group_by([{'k': 'x'}, {'k': 2}], 'k')", {"x": [{"k": "x"}], "2": [{"k": 2}]}),
    ("zip([1, 2], ['a', 'b'])", [[1, "a"], [2, "b"]]), ("range(3)", [0, 1, 2]), ("range(3, 0, -2)", [3, 1]),
    ("keys({'b': 1, 'a': 2})", ["a", "b"]), ("values({'b': 1, 'a': 2})", [2, 1]),
    ("entries({'a': 1})", [{"key": "a", "value": 1}]), ("merge({'a': 1}, {'a': 2, 'b': 3})", {"a": 2, "b": 3}),
    ("get({'a': {'b': [5]}}, 'a.b.0', 1)", 5), ("get({}, 'a.b', 1)", 1), ("pick({'a': 1, 'b': 2}, ['a'])", {"a": 1}),
    ("omit({'a': 1, 'b': 2}, ['a'])", {"b": 2}), ("coalesce(null, 0, 1)", 0), ("join([1, 'a', [2]], '-')", "1-a-[2]"),
    ("'a,b'.split(',')", ["a", "b"]), ("lower('AB') + upper('ab') + trim(' x ')", "abABx"),
    ("replace('aXa', 'a', 'bb')", "bbXbb"), ("url_encode('a b/ü')", "a%20b%2F%C3%BC"),
    ("base64_decode(base64_encode('hé'))", "hé"), ("json({'b': 1, 'a': [null]})", '{"a":[null],"b":1}'),
    ("parse_json('{\"a\": 1}').a", 1), ("kind(1)", "int"), ("kind([1.5][0])", "double"), ("kind({})", "map"),
    ("abs(-3)", 3), ("round(2.567, 2)", 2.57), ("floor(-1.5)", -2), ("ceil(1.2)", 2),
]  # fmt: skip


@pytest.mark.parametrize(("source", "value"), ROWS)
def test_gives(source: str, value: Any) -> None:
    found = evaluate(source, {})
    assert found == value
    assert type(found) is type(value)


def test_every_function_is_shown_at_work() -> None:
    text = " ".join(source for source, _ in ROWS)
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("sum(1)", "needs a list, not an int"), ("sum(['a'])", "needs numbers, not a text"), ("sum([true])", "not a bool"),
        ("sum()", "does not take 0"), ("sum([], [])", "does not take 2"), ("max([1, 'a'])", "different types"),
        ("range(100001)", "at most 100000"), ("range(1, 2, 0)", "other than 0"), ("range(1.5)", "whole number"),
        ("range(-9223372036854775807, 9223372036854775807)", "at most"), ("chunk([1], 0)", "at least 1"),
        ("sum([9223372036854775807, 1])", "64 bits"), ("floor(1e300)", "64 bits"), ("parse_json('99999999999999999999')", "64 bits"),
        ("range(range(1))", "needs a whole number"), ("parse_json(join(range(500).map(x, '['), ''))", "cannot read"),
        ("split('a', '')", "needs a separator"), ("parse_json('{')", "cannot read"), ("parse_json('NaN')", "NaN"),
        ("base64_decode('*')", "needs base64"), ("keys([1])", "needs a map"), ("upper(1)", "needs a text"),
        ("replace(replace(replace(join(range(2000), 'x'), 'x', 'yyyyyyyyyyyyyyyyyyyyy'), 'y', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'), 'z', 'aaaaaaaaaaa')", "1000000 characters"),
    ],
)  # fmt: skip
def test_refuses(source: str, words: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {})
    assert words in caught.value.message
