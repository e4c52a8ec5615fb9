"""YAML in and out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermata.errors import InvalidInput, PayloadTooLarge
from fermata.workflows.formats import from_yaml, to_yaml
from tests.pace import within

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20)
TRICKY = st.lists(
    st.sampled_from(
        [*"a \n\t\r:#-'\"|>\x85\u2028\ufeff\x7f=1~{[&*!%@`?,", ": ", " #", "<<", "0x", "e3", "yes", "null"]
    ),
    max_size=6,
).map("".join)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | TRICKY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | TRICKY, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back_equal(document):
    again = from_yaml(to_yaml(document))
    assert again == document
    assert list(again) == list(document)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text):
    read, problems = {}, [{"message": ""}]
    try:
        read = from_yaml(text)
    except InvalidInput as error:
        read, problems = None, error.problems
    assert isinstance(read, dict) or problems[0]["message"]


def test_the_words_of_yaml_1_1_stay_text():
    read = from_yaml(
        "{a: yes, b: on, c: 2026-01-01, d: 0o17, e: 0x1F, f: 1_000, g: 12:30:45, h: ~, i: .5, j: 1e3}"
    )
    assert read == {
        "a": "yes",
        "b": "on",
        "c": "2026-01-01",
        "d": 15,
        "e": 31,
        "f": "1_000",
        "g": "12:30:45",
        "h": None,
        "i": 0.5,
        "j": 1000.0,
    }


def test_expressions_and_block_texts_keep_their_form():
    read = from_yaml('when: "{{ inputs.a > 1 }}"\ntext: |\n  one\n  two\n')
    assert read == {"when": "{{ inputs.a > 1 }}", "text": "one\ntwo\n"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: !!python/object/apply:os.system [ls]", "tags"),
        ("!x {}", "tags"),
        ("a: 1\na: 2", "twice"),
        ("1: x", "quotes"),
        ("? [a]\n: b", "quotes"),
        ("a: 1\n---\nb: 2", "second document"),
        ("- 1", "one object"),
        ("", "one object"),
        ("a: .nan", "cannot be stored"),
        ("a: 99999999999999999999", "cannot be stored"),
        ("a: {", ""),
        ("a: 'x", ""),
        ("\t- x", ""),
        ("{<<: {a: 1}}", "merge"),
        ("a: " + "[" * 150 + "]" * 150, "deeper"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_place(text, word):
    with pytest.raises(InvalidInput) as caught:
        from_yaml(text)
    assert word in caught.value.message
    assert caught.value.problems[0]["cure"]


def test_line_and_column_are_named():
    with pytest.raises(InvalidInput) as caught:
        from_yaml("a: 1\nb: *x")
    assert caught.value.problems[0]["line"] == 2
    assert caught.value.problems[0]["column"] == 4


def test_a_bomb_of_aliases_and_an_endless_depth_cost_nothing():
    bomb = "a: &a [x, x]\n" + "".join(f"k{n}: &k{n} [*a, *a]\n" for n in range(30))
    with within(5):
        for text in (bomb, "a: " + "[" * 100_000, "a:\n" + "".join(" " * n + "b:\n" for n in range(1, 500))):
            with pytest.raises(InvalidInput):
                from_yaml(text)


def test_a_text_over_one_mebibyte_is_refused():
    with pytest.raises(PayloadTooLarge):
        from_yaml("a: " + "x" * (1024 * 1024))


def test_what_is_written_reads_well_and_says_the_same_to_readers_of_yaml_1_1():
    text = to_yaml({"nodes": [{"id": "a", "on": "yes", "d": "2026-01-01", "t": "one\ntwo\n"}], "edges": []})
    assert text == (
        "nodes:\n- id: a\n  'on': 'yes'\n  d: '2026-01-01'\n  t: |\n    one\n    two\nedges: []\n"
    )


def test_the_largest_documents_are_written_in_a_bounded_time():
    with within(20):
        assert to_yaml({"a": [1] * 500_000}).count("\n- 1") == 500_000
