"""What comes in malformed is refused with a problem document, and nothing is changed."""

from __future__ import annotations

import json

import pytest

from fermata.workflows.models import Workflow
from tests.pace import within

pytestmark = pytest.mark.django_db

DEEP = b'{"name": "d", "definition": {"x": ' + b"[" * 150 + b"]" * 150 + b"}}"
ABYSS = b"[" * 200_000


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b'{"name": "a\\u0000b"}', "nul_character", "/name"),
        (b'{"name": "a", "definition": {"x\\u0000": 1}}', "nul_character", "/definition"),
        (b'{"name": "\\ud800"}', "lone_surrogate", "/name"),
        (
            b'{"name": "a", "definition": {"n": [1, 9223372036854775808]}}',
            "integer_too_large",
            "/definition/n/1",
        ),
        (b'{"name": "a", "definition": {"n": -9223372036854775809}}', "integer_too_large", "/definition/n"),
        (
            b'{"name": "a", "definition": {"n": ' + b"9" * 1_000_000 + b"}}",
            "integer_too_large",
            "/definition/n",
        ),
        (b'{"name": "a", "definition": {"n": NaN}}', "number_not_finite", "/definition/n"),
        (b'{"name": "a", "definition": {"n": -Infinity}}', "number_not_finite", "/definition/n"),
        (b'{"name": "a", "definition": {"n": 1e999}}', "number_not_finite", "/definition/n"),
        (b'{"name": "a", "definition": {"a/b": {"k": 1, "k": 2}}}', "repeated_key", "/definition/a~1b/k"),
        (DEEP, "too_deep", "/definition/x" + "/0" * 98),
        (ABYSS, "too_deep", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_value_that_cannot_be_kept_is_refused_with_pointer_and_cure(editor, body, code, pointer):
    answer = editor.call("POST", "/workflows", body, status=422).json()
    problem = answer["problems"][0]
    assert (problem["code"], problem["pointer"]) == (code, pointer)
    assert problem["cure"]
    assert problem["message"]
    assert Workflow.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"name": "a"} x',
        b"{'name': 'a'}",
        b'{"name": "a\n"}',
    ],
)
def test_a_body_that_is_no_json_is_refused(editor, body):
    editor.call("POST", "/workflows", body, status=400)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"5", b"null", b"true"])
def test_a_body_of_another_shape_is_refused(editor, body):
    answer = editor.call("POST", "/workflows", body, status=400).json()
    assert answer["problems"][0]["pointer"] == ""


def test_every_problem_of_a_request_is_reported_at_once(editor):
    answer = editor.post("/workflows", {"name": 5, "definition": [], "descriptoin": "x"}, status=400)
    assert {row["pointer"] for row in answer["problems"]} == {"/name", "/definition", "/descriptoin"}
    cures = {row["pointer"]: row["cure"] for row in answer["problems"]}
    assert cures["/descriptoin"] == "Did you mean description?"


def test_a_body_over_eight_mebibytes_is_refused(editor):
    body = json.dumps({"name": "a", "definition": {"x": "y" * 8_400_000}}).encode()
    editor.call("POST", "/workflows", body, status=413)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_another_content_type_is_refused(editor, content_type):
    editor.call("POST", "/workflows", b'{"name": "a"}', Content_Type=content_type or "x", status=415)


def test_a_charset_in_the_content_type_is_fine(editor):
    editor.call(
        "POST", "/workflows", b'{"name": "a"}', Content_Type="application/json; charset=utf-8", status=201
    )


def test_an_unknown_method_gets_405_with_the_allowed_ones(editor):
    response = editor.call("PUT", "/workflows", {}, status=405)
    assert "POST" in response["Allow"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/workflows/not-a-uuid", "/workflows//", "/", "", "/workflows/%00"]
)
def test_an_unknown_address_gets_a_problem_document(editor, path):
    editor.call("GET", path, status=404)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "limit=100000000000000000000",
        "sort=password",
        "sort=name__regex",
        "cursor=x",
        "cursor=W10",
        "cursor=WzEsMl0",
        "search=%00",
        "search=a&search=b",
        "_connector=OR",
        "name__startswith=a",
        "archived=perhaps",
        "serch=a",
        "search=" + "x" * 300,
    ],
)
def test_a_query_string_that_means_nothing_is_refused(editor, query):
    editor.call("GET", f"/workflows?{query}", status=422 if "cursor=" in query or "%00" in query else 400)


@pytest.mark.parametrize(
    "query", ["status=bogus", "since=yesterday", "since=2026-01-01T00:00:00", "root=x", "cursor=W10"]
)
def test_a_list_of_executions_refuses_filters_that_mean_nothing(editor, query):
    editor.call(
        "GET", f"/workflows/executions?{query}", status=422 if "cursor=" in query or "%00" in query else 400
    )


def test_a_workspace_that_is_not_there_is_not_found(editor):
    for reference in ("nope", "%00", "00000000-0000-0000-0000-000000000000", "x" * 500):
        editor.call("GET", f"/workflows?workspace={reference}", status=404)
        editor.call("POST", f"/workflows?workspace={reference}", {"name": "a"}, status=404)


@pytest.mark.parametrize("header", ["", "x", '"x"', "99999999999999999999", '"1", "2"'])
def test_an_if_match_without_a_rev_is_refused(editor, workflow, header):
    expected = 428 if not header else 400
    editor.call("PATCH", f"/workflows/{workflow.id}/draft", [], If_Match=header, status=expected)


def test_a_large_document_is_parsed_in_a_bounded_time(editor):
    nodes = [{"id": f"n{i}", "type": "note", "config": {"text": "x" * 50}} for i in range(10_000)]
    body = json.dumps({"name": "big", "definition": {"nodes": nodes}}).encode()
    with within(3):
        editor.call("POST", "/workflows", body, status=201)
