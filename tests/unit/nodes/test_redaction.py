"""Secrets in every form they turn up in."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

import pytest

from fermata.nodes.redaction import BLOT, redact, secret_forms

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


def test_leaves_everything_else_alone():
    value = {"a": "text", "n": 1.5}
    assert redact(value, secret_forms({"short": "abc", "number": 1234})) == value
    assert secret_forms(None) == ()
