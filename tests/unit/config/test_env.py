"""The one place that reads the environment."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from fermata.config import env
from fermata.config.headers import RequestId
from fermata.config.logs import OneLine
from fermata.errors import Misconfigured


def test_an_empty_environment_is_the_embedded_default() -> None:
    environment = env.load({})
    assert environment.is_embedded
    assert environment.home == env.ROOT / ".fermata"
    assert environment.address == "http://localhost:8000"
    assert environment.canvas == "on"
    assert (environment.lease_ttl_seconds, environment.sweep_seconds, environment.rering_seconds) == (
        15,
        0.5,
        2,
    )


def test_tells_every_mistake_at_once_and_repeats_no_value() -> None:
    with pytest.raises(Misconfigured) as caught:
        env.load(
            {"FERMATA_PORT": "geheim", "FERMATA_CANVAS": "geheim", "DATABASE_URL": "mysql://u:geheim@h/d"}
        )
    message = caught.value.message
    assert len(message.splitlines()) == 3
    assert "FERMATA_PORT must be a port number from 1 to 65535." in message
    assert "FERMATA_CANVAS must be on, off or chaos." in message
    assert "DATABASE_URL must look like postgresql://user:password@host:5432/database." in message
    assert "geheim" not in message


def test_refuses_every_host_at_once() -> None:
    with pytest.raises(Misconfigured, match="FERMATA_ALLOWED_HOSTS must name the hosts"):
        env.load({"FERMATA_ALLOWED_HOSTS": "example.org,*"})


@pytest.mark.parametrize("value", ["0", "-1", "3601", "nan", "inf", "soon"])
def test_refuses_a_time_that_is_none(value: str) -> None:
    with pytest.raises(Misconfigured, match="FERMATA_LEASE_TTL_SECONDS must be"):
        env.load({"FERMATA_LEASE_TTL_SECONDS": value})


def test_makes_a_secret_key_once_for_the_owner_only(tmp_path: Path) -> None:
    environment = env.load({"FERMATA_HOME": str(tmp_path / "home")})
    key = env.secret_key(environment)
    assert len(key) >= 48
    assert env.secret_key(environment) == key
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (None, "must be set"),
        ("changeme", "known from examples"),
        ("django-insecure-" + "x" * 40, "known"),
        ("x" * 31, "shorter"),
    ],
)
def test_a_server_of_ones_own_needs_a_key_of_ones_own(key: str | None, sentence: str) -> None:
    environ = {"DATABASE_URL": "postgresql://u@h/d"} | ({"FERMATA_SECRET_KEY": key} if key else {})
    with pytest.raises(Misconfigured, match=sentence):
        env.secret_key(env.load(environ))


def test_reads_a_database_address_whole() -> None:
    parts = env.database_parts("postgresql://us%40er:p%2Fw@db.example:6543/na%20me?sslmode=require")
    assert parts == {
        "NAME": "na me", "USER": "us@er", "PASSWORD": "p/w", "HOST": "db.example", "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip


def test_adds_to_a_query_and_keeps_what_is_there() -> None:
    assert env.with_query("redis://h/0?a=1", socket_timeout="30") == "redis://h/0?a=1&socket_timeout=30"


def test_reads_a_file_of_variables(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# a comment\n\nFERMATA_PORT=9000\nexport REDIS_URL='redis://h/0?a=b'\nno line\n")
    assert env.read_file(path) == {"FERMATA_PORT": "9000", "REDIS_URL": "redis://h/0?a=b"}
    assert env.read_file(tmp_path / "absent") == {}


def test_the_example_file_is_what_the_code_says() -> None:
    assert (env.ROOT / ".env.example").read_text(encoding="utf-8") == env.render_example()


def test_the_readme_lists_every_variable() -> None:
    assert env.render_table() in (env.ROOT / "README.md").read_text(encoding="utf-8")


def test_a_log_record_stays_one_line() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "said %s", ("a\r\nb",), sys.exc_info())
    assert "\n" not in OneLine("%(message)s").format(record)


def test_a_log_record_names_the_request_it_belongs_to() -> None:
    def said(request: HttpRequest) -> HttpResponse:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broken", (), None)
        return HttpResponse(OneLine("%(message)s").format(record))

    answer = RequestId(said)(RequestFactory().get("/"))
    assert answer.content.decode() == f"broken [request {answer['X-Request-ID']}]"
    assert said(HttpRequest()).content == b"broken"


def test_a_number_a_proxy_gave_is_kept_if_it_is_one() -> None:
    def number(given: str) -> str:
        request = RequestFactory().get("/", headers={"X-Request-ID": given})
        return RequestId(lambda _request: HttpResponse())(request)["X-Request-ID"]

    assert number("from-the-proxy.7") == "from-the-proxy.7"
    for forged in ("a b", "x" * 65, ""):
        assert number(forged) not in {forged, number(forged)}
