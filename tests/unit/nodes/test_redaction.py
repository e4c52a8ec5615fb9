"""Secrets in every form they turn up in."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import httpx
import pytest

from fermata.nodes.redaction import BLOT, redact, secret_forms
from tests.pace import within

SECRET = 'pa"ss/word+1 ä'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        json.dumps(SECRET)[1:-1],
        b64encode(SECRET.encode()).decode(),
    ],
)
def test_takes_every_form_out_of_any_json(form):
    forms = secret_forms({"token": SECRET, "other": ["xyzzy"]})
    value = {"a": [f"before {form} after", 1, None, True], form: "xyzzy"}
    assert redact(value, forms) == {"a": [f"before {BLOT} after", 1, None, True], BLOT: BLOT}


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("after", ["", "z"])
def test_takes_it_out_of_a_base64_of_more_than_itself(before, after):
    secret = "correct horse battery"
    shown = redact(b64encode((before + secret + after).encode()).decode(), secret_forms([secret]))
    assert BLOT in shown
    rest = "".join(part for part in shown.split(BLOT))
    assert len(rest) <= len(b64encode((before + after).encode())) + 6


@pytest.mark.parametrize(
    "form",
    [
        str.upper,
        str.lower,
        quote,
        lambda text: httpx.URL(f"/{text}").raw_path[1:].decode(),
        lambda text: text.encode().hex(),
        quote_plus,
    ],
)
def test_takes_it_out_in_other_spellings(form):
    secret = "Mixed Case/and Blanks"
    assert redact(f"x {form(secret)} y", secret_forms([secret])) == f"x {BLOT} y"


def test_takes_out_each_line_of_a_key_and_what_a_cut_left_of_it():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----\n"
    forms = secret_forms([key])
    assert redact("bad line: MIIEvQIBADANBgkqhkiG!", forms) == f"bad line: {BLOT}!"
    assert redact("cut at MIIEvQIBADANB", forms) == f"cut at {BLOT}"
    assert redact("https://x/MIIEvQIB", forms) == f"https://x/{BLOT}"


def test_taking_out_a_large_secret_takes_little_time():
    forms = secret_forms(["ab" * 32_000])
    with within(5):
        redact({"body": "ba" * 500_000}, forms)


def test_leaves_everything_else_alone():
    value = {"a": "text", "n": 1.5}
    assert redact(value, secret_forms({"short": "abc", "number": 1234})) == value
    assert secret_forms(None) == ()
