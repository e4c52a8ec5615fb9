"""http_request: the request that goes out, and what each answer means."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from email.utils import format_datetime

import pytest

from fermata.errors import LeaseLost
from fermata.machine.outcomes import Done, Fail
from tests.sites import reply
from tests.unit.nodes.conftest import NOW, TYPES


@pytest.fixture
def call(perform, site):
    """Perform a request to the local site, which the workspace allows."""

    def run(path="/", *, allowed=True, config=None, **values):
        given = {"url": site.url(path), "timeout": "5s", **(config or {})}
        values.setdefault("allowed_hosts", (site.name,) if allowed else ())
        return perform("http_request", given, **values)

    return run


def failure(outcome):
    assert isinstance(outcome, Fail), outcome
    return outcome.failure


def test_sends_json_with_the_idempotency_key(call, site):
    site.answers["/pay"] = reply(201, b'{"id": 7}', content_type="application/json", x_trace="t")
    config = {
        "method": "POST",
        "body": {"a": [1, None]},
        "headers": {"X-One": 1, "Authorization": "Bearer abc"},
    }
    done = call("/pay?keep=1", config={**config, "query": {"q": ["a b", 2], "on": True, "none": None}})
    assert isinstance(done, Done)
    assert (done.output["status"], done.output["body"], done.output["url"]) == (
        201,
        {"id": 7},
        site.url("/pay"),
    )
    assert done.output["headers"]["x-trace"] == "t"
    seen = site.seen[0]
    assert (seen.method, json.loads(seen.body)) == ("POST", {"a": [1, None]})
    assert seen.path in {"/pay?keep=1&q=a+b&q=2&on=true", "/pay?keep=1&q=a%20b&q=2&on=true"}
    assert seen.headers["host"] == site.name
    assert seen.headers["idempotency-key"] == "e:n::1"
    assert seen.headers["content-type"] == "application/json"
    assert (seen.headers["x-one"], seen.headers["authorization"]) == ("1", "Bearer abc")


def test_sends_a_form_and_plain_text(call, site):
    site.answers["/"] = reply(204)
    assert (
        call(config={"method": "PUT", "form": {"a": ["x y", 2], "b": True, "c": None}}).output["body"] is None
    )
    assert site.seen[0].body == b"a=x+y&a=2&b=true"
    assert site.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    call(config={"method": "PUT", "body": "<a/>", "headers": {"Content-Type": "application/xml"}})
    assert site.seen[1].body == b"<a/>"
    call(config={"method": "PUT", "body": "text"})
    assert site.seen[2].body == b'"text"'
    call(config={"method": "DELETE"})
    assert site.seen[3].body == b""


def test_a_key_that_fits_no_header_is_hashed(call, site):
    site.answers["/"] = reply()
    call(idempotency_key="e:n:ä\n:1")
    assert len(site.seen[0].headers["idempotency-key"]) == 64
    call(config={"headers": {"Idempotency-Key": "mine"}})
    assert site.seen[1].headers["idempotency-key"] == "mine"


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"[1, 2.5]", "application/json; charset=utf-8", {"body": [1, 2.5]}),
        (b'{"a": 1}', "application/problem+json", {"body": {"a": 1}}),
        ("ä".encode("latin-1"), "text/plain; charset=latin-1", {"body": "ä"}),
        (b"a\x00\xff", "text/html", {"body": "a\ufffd\ufffd"}),
        (b"a", "text/plain; charset=nonsense", {"body": "a"}),
        (b"\x89PNG\x00", "image/png", {"body": b64encode(b"\x89PNG\x00").decode(), "encoding": "base64"}),
        (b"", "application/json", {"body": None}),
    ],
)
def test_reads_each_kind_of_body(call, site, body, kind, expected):
    site.answers["/"] = reply(200, body, content_type=kind)
    output = call().output
    assert {key: output[key] for key in ("body", "encoding") if key in output} == expected


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"NaN",
        b"[Infinity]",
        b'"\\u0000"',
        b'"\\ud800"',
        b"18446744073709551616",
        b"1e999",
        b"9" * 5000,
        b"[" * 5000 + b"]" * 5000,
        b"[" * 200 + b"]" * 200,
        b"\xff",
    ],
)
def test_refuses_json_that_cannot_be_kept(call, site, body):
    site.answers["/"] = reply(200, body, content_type="application/json")
    assert failure(call()).kind == "invalid_response"


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "definite"),
    [
        (400, "http_4xx", False, True),
        (404, "http_4xx", False, True),
        (429, "http_429", True, True),
        (500, "http_5xx", True, False),
        (503, "http_5xx", True, False),
    ],
)
def test_each_bad_status_has_its_class(call, site, *, status, kind, retryable, definite):
    site.answers["/"] = reply(status, b'{"why": "no"}', content_type="application/json")
    failed = failure(call("/?token=abc"))
    assert (failed.kind, failed.retryable, failed.definite) == (kind, retryable, definite)
    assert failed.data == {"status": status, "url": site.url("/"), "body": {"why": "no"}}
    assert "abc" not in json.dumps(failed.to_json())


def test_expected_statuses_are_a_success_and_no_others(call, site):
    site.answers["/"] = reply(404)
    assert call(config={"expect_status": [200, 404]}).output["status"] == 404
    site.answers["/"] = reply(201)
    assert failure(call(config={"expect_status": [200]})).kind == "unexpected_status"


def test_a_long_refusal_is_cut(call, site):
    site.answers["/"] = reply(400, b"x" * 100_000, content_type="text/plain")
    assert len(failure(call()).data["body"]) == 4096


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("7", 7.0),
        ("99999999", 86_400.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_becomes_the_delay(call, site, text, delay):
    site.answers["/"] = reply(429, retry_after=text)
    assert call().delay_seconds == delay


def test_the_lease_is_asked_before_the_request(call, site):
    def lost():
        raise LeaseLost

    with pytest.raises(LeaseLost):
        call(live=lost)
    assert site.seen == []


def test_the_deadline_of_the_attempt_shortens_the_request(call, site):
    site.answers["/"] = lambda _: site.closing.wait(10)
    failed = failure(call(config={"timeout": "60s"}, deadline=NOW + timedelta(seconds=0.2)))
    assert (failed.kind, failed.retryable) == ("timeout", True)


@pytest.mark.parametrize(
    ("hosts", "allowed"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.1:{port}"], True),
        (["api.example", "127.0.0.1"], True),
        (["127.0.0.1:1"], False),
        (["*.0.0.1"], True),
        (["*.0.1:{port}"], True),
        (["*.127.0.0.1"], False),
        (["0.0.1"], False),
        (["api.example"], False),
    ],
    ids=str,
)
def test_goes_only_where_every_secret_may_be_sent(call, site, hosts, allowed):
    site.answers["/"] = reply(200, b"ok", content_type="text/plain")
    listed = {"token": tuple(host.format(port=site.port) for host in hosts), "other": ("127.0.0.1",)}
    answer = call(secret_hosts=listed)
    if allowed:
        assert isinstance(answer, Done)
        return
    failed = failure(answer)
    assert (failed.kind, failed.retryable) == ("host_not_allowed", False)
    assert "token" in failed.message
    assert site.seen == []


def test_a_redirect_leads_no_further_than_a_secret_may_be_sent(call, site, new_site):
    other = new_site()
    site.answers["/"] = reply(302, location=f"http://localhost:{other.port}/")
    failed = failure(call(secret_hosts={"token": (site.name,)}))
    assert failed.kind == "host_not_allowed"
    assert (len(site.seen), other.seen) == (1, [])


@pytest.mark.parametrize(
    ("config", "effect"),
    [
        ({}, "idempotent"),
        ({"method": "DELETE"}, "idempotent"),
        ({"method": "POST"}, "unsafe"),
        ({"method": "PATCH"}, "unsafe"),
        ({"method": "POST", "idempotent": True}, "idempotent"),
        ({"method": "GET", "idempotent": False}, "unsafe"),
        ({"method": "{{ inputs.method }}"}, "unsafe"),
        ({"method": ["GET"]}, "unsafe"),
    ],
)
def test_the_effect_goes_by_method_unless_declared(config, effect):
    assert TYPES.find("http_request").effect(config) == effect


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"/url"}),
        ({"url": "ftp://a.example"}, {"/url"}),
        ({"url": "https://"}, {"/url"}),
        ({"url": "/relative"}, {"/url"}),
        ({"url": "https://user:pass@a.example"}, {"/url"}),
        ({"url": "https://a.example:99999"}, {"/url"}),
        ({"url": "https://a.example", "method": "BREW"}, {"/method"}),
        ({"url": "https://a.example", "headers": {"Host": "b"}}, {"/headers/Host"}),
        ({"url": "https://a.example", "headers": {"Bad Name": "{{ x }}"}}, {"/headers/Bad Name"}),
        ({"url": "https://a.example", "headers": {"A": "x\r\nB: y"}}, {"/headers/A"}),
        ({"url": "https://a.example", "headers": {"A": "1", "a": "2"}}, {"/headers"}),
        (
            {"url": "https://a.example", "headers": {"A": None}, "query": {"b": {}}},
            {"/headers/A", "/query/b"},
        ),
        ({"url": "https://a.example", "query": {"b": [1, None]}}, {"/query/b/1"}),
        ({"url": "https://a.example", "body": 1, "form": {"a": 1}}, {"/form"}),
        ({"url": "https://a.example", "timeout": "1h"}, {"/timeout"}),
        ({"url": "https://a.example", "timeout": "1ms"}, {"/timeout"}),
        (
            {"url": "https://a.example", "max_bytes": 0, "expect_status": [99]},
            {"/max_bytes", "/expect_status/0"},
        ),
        ({"url": "{{ vars.base }}/x", "method": "{{ inputs.m }}", "headers": "{{ inputs.h }}"}, set()),
        ({"url": "https://a.example/{{ item }}", "query": {"a": "{{ x }}"}, "max_bytes": "{{ 1 }}"}, set()),
    ],
)
def test_names_every_fault(pointers, config, expected):
    assert pointers("http_request", config) == expected


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://u:p@a.example", "gopher://a.example", "https://"]
)
def test_an_expression_cannot_bring_in_a_bad_url(perform, url):
    assert perform("http_request", {"url": url}).failure.kind == "expression_error"
