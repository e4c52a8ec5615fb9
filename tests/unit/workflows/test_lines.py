"""Unified diffs: what `patch` makes of them, and how long they take."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermata.workflows.lines import MOST_BYTES, blocks, unified
from tests.pace import within

LINES = st.lists(st.sampled_from("abcdef"), max_size=30)


def applied(old: list[str], diff: str) -> list[str]:
    """The new text: the old one with every hunk carried out, each line of it checked."""
    result, at = [], 0
    for line in diff.splitlines()[2:]:
        if line.startswith("@@"):
            low, _, count = line.split()[1].removeprefix("-").partition(",")
            start = int(low) - (count != "0")
            result += old[at:start]
            at = start
        elif line[0] == "+":
            result.append(line[1:])
        else:
            assert old[at] == line[1:]
            at += 1
            result += [line[1:]] if line[0] == " " else []
    return result + old[at:]


@given(LINES, LINES)
@settings(max_examples=120, deadline=None)
def test_the_old_text_with_the_diff_carried_out_is_the_new_one(old, new):
    text, cut = unified("\n".join(old), "\n".join(new), old_name="a", new_name="b")
    assert not cut
    assert applied("\n".join(old).split("\n"), text) == "\n".join(new).split("\n")
    assert (text == "") == ("\n".join(old) == "\n".join(new))


def test_it_looks_as_diff_prints_it():
    old = "".join(f"line {n}\n" for n in range(10))
    text, _ = unified(old, old.replace("line 5\n", "new\nmore\n"), old_name="version 1", new_name="draft 4")
    assert text == (
        "--- version 1\n+++ draft 4\n@@ -3,7 +3,8 @@\n line 2\n line 3\n line 4\n-line 5\n+new\n+more\n"
        " line 6\n line 7\n line 8\n"
    )


def test_a_moved_paragraph_costs_its_own_lines_only():
    paragraphs = [[f"{at}.{line}" for line in range(5)] + ["}"] for at in range(50)]
    moved = [*paragraphs[1:], paragraphs[0]]
    first, second = ([line for part in parts for line in part] for parts in (paragraphs, moved))
    assert sum(size for _, _, size in blocks(first, second)) == len(first) - 6


@pytest.mark.parametrize("kinds", [1, 2, 3, 100, 600, 60_000])
def test_no_text_stretches_the_time(kinds):
    chance = random.Random(7)
    old, new = ("\n".join(str(chance.randrange(kinds)) for _ in range(60_000)) for _ in range(2))
    with within(10):
        text, _ = unified(old, new, old_name="a", new_name="b")
    assert len(text.encode()) <= MOST_BYTES


def test_a_long_diff_is_cut_and_says_so():
    text, cut = unified("a\n" * 10, "b" * MOST_BYTES, old_name="a", new_name="b")
    assert cut
    assert len(text) < MOST_BYTES
