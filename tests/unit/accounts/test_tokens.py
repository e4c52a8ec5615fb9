"""The text of a token."""

from __future__ import annotations

import base64

import pytest

from fermata.accounts import tokens


def test_a_token_carries_256_bits_and_comes_back_from_its_text():
    made = tokens.generate()
    assert len(base64.urlsafe_b64decode(made.secret + "=")) == 32
    assert tokens.parse(str(made)) == made
    assert made.matches(made.digest)


def test_a_secret_with_underscores_comes_back_whole():
    made = tokens.TokenText(id=tokens.generate().id, secret="a_b_c")
    assert tokens.parse(str(made)) == made


def test_another_secret_does_not_match():
    assert not tokens.generate().matches(tokens.generate().digest)


def test_its_secret_is_not_shown_in_tracebacks():
    made = tokens.generate()
    assert made.secret not in repr(made)


@pytest.mark.parametrize(
    "text", ["", "fmt", "fmt__", "x_" + "0" * 32 + "_s", "fmt_" + "z" * 32 + "_s", "é" * 10, "fmt_" * 99]
)
def test_any_other_text_is_none(text):
    assert tokens.parse(text) is None
