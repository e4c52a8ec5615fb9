"""`fermata secrets` and `fermata variables`: names and values on the right way."""

from __future__ import annotations

import getpass
import io
import json
import sys
from typing import Any

import pytest

from tests.unit.cli.conftest import Service
from tests.unit.cli.test_main import ID, WORKFLOW, fermata, page  # noqa: F401 - a fixture, used by name

PLACE = "0b1e04f8-9c7b-721b-9c6c-2d3fdaed5066"
SECRET = {
    "id": ID, "name": "token", "version": 2, "updated_at": "2026-01-01T00:00:00Z", "updated_by": "ann",
    "last_used_at": None, "hosts": ["api.example"], "description": "for the shop",
}  # fmt: skip
VARIABLE = {
    "name": "limit", "value": {"per": 1}, "truncated": False, "version": 3,
    "updated_at": "2026-01-01T00:00:00Z", "updated_by": "user:ann",
}  # fmt: skip


@pytest.fixture
def places(service: Service) -> Service:
    service.answers["GET /workspaces"] = page({"id": PLACE, "slug": "team"})
    service.answers["GET /secrets"] = page(SECRET)
    return service


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What stands on standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_lists_secrets_with_what_is_known_of_them(fermata: Any, places: Service) -> None:  # noqa: F811
    code, out, _ = fermata("secrets", "list")
    assert code == 0
    assert out.splitlines()[1].split() == [
        "token", "2", "2026-01-01T00:00:00", "ann", "never", "api.example", "for", "the", "shop",
    ]  # fmt: skip
    assert places.asked[-1].url.params["workspace"] == PLACE


def test_a_new_secret_is_made_from_standard_input(fermata: Any, places: Service, typed: Any) -> None:  # noqa: F811
    places.answers["POST /secrets"] = {**SECRET, "name": "other", "version": 1}
    typed("two\nlines\n")
    code, out, err = fermata("secrets", "set", "other", "--host", "a.example", "--host", "b.example")
    assert (code, out, err) == (0, "other  version 1\n", "")
    assert places.body() == {"name": "other", "value": "two\nlines", "hosts": ["a.example", "b.example"]}


def test_a_known_secret_gets_a_new_value_and_no_wider_list(
    fermata: Any,  # noqa: F811
    places: Service,
    typed: Any,
) -> None:
    places.answers[f"PUT /secrets/{ID}/value"] = {**SECRET, "version": 3}
    typed("value")
    assert fermata("secrets", "set", "token")[0] == 0
    assert places.body() == {"value": "value"}
    assert {request.method for request in places.asked} == {"GET", "PUT"}


def test_hosts_are_narrowed_before_the_new_value_is_there(fermata: Any, places: Service, typed: Any) -> None:  # noqa: F811
    places.answers[f"PATCH /secrets/{ID}"] = places.answers[f"PUT /secrets/{ID}/value"] = SECRET
    typed("value")
    fermata("secrets", "set", "token", "--host", "a.example")
    assert [request.method for request in places.asked][-2:] == ["PATCH", "PUT"]
    assert places.body(-2) == {"hosts": ["a.example"]}


def test_at_a_terminal_the_value_is_asked_for_unseen(
    fermata: Any,  # noqa: F811
    places: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"typed at {prompt!r}")
    places.answers[f"PUT /secrets/{ID}/value"] = SECRET
    fermata("secrets", "set", "token")
    assert places.body() == {"value": "typed at 'Value of token: '"}


def test_a_value_is_never_an_argument(fermata: Any, places: Service) -> None:  # noqa: F811
    with pytest.raises(SystemExit):
        fermata("secrets", "set", "token", "value")
    assert places.asked == []


def test_deleting_what_is_read_is_refused_with_what_reads_it(fermata: Any, places: Service) -> None:  # noqa: F811
    places.answers[f"DELETE /secrets/{ID}"] = places.problem(409, "conflict", "Version 1 of shop reads it.")
    code, _, err = fermata("secrets", "delete", "token")
    assert (code, "shop" in err) == (2, True)
    places.answers[f"DELETE /secrets/{ID}"] = {}
    assert fermata("secrets", "delete", "token", "--force")[:2] == (0, "token is gone.\n")
    assert places.asked[-1].url.params["force"] == "true"
    assert fermata("secrets", "delete", "absent")[0] == 2


def test_where_there_are_several_workspaces_the_default_one_or_a_question(
    fermata: Any,  # noqa: F811
    places: Service,
) -> None:
    places.answers["GET /workspaces"] = page({"id": PLACE, "slug": "team"}, {"id": ID, "slug": "other"})
    code, _, err = fermata("secrets", "list")
    assert (code, "team, other" in err) == (2, True)
    assert fermata("secrets", "list", "--workspace", "other")[0] == 0
    assert places.asked[-1].url.params["workspace"] == ID
    assert fermata("secrets", "list", "--workspace", "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ('{"a": [1]}', {"a": [1]}), ("plain text", "plain text"), ('"5"', "5"), ("null", None)],
)
def test_a_variable_is_json_or_else_text(fermata: Any, places: Service, text: str, value: Any) -> None:  # noqa: F811
    places.answers[f"PUT /workspaces/{PLACE}/variables/limit"] = VARIABLE
    assert fermata("variables", "set", "limit", text)[:2] == (0, "limit  version 3\n")
    assert places.body() == {"value": value}


def test_variables_of_a_workflow_are_named_by_it(fermata: Any, places: Service, typed: Any) -> None:  # noqa: F811
    home = f"/workflows/{ID}/variables"
    places.answers["GET /workflows"] = page(WORKFLOW)
    places.answers[f"GET {home}"] = page(VARIABLE)
    places.answers[f"GET {home}/limit"] = places.answers[f"PUT {home}/limit"] = VARIABLE
    places.answers[f"DELETE {home}/limit"] = {}
    assert "limit" in fermata("variables", "list", "--workflow", "audit")[1]
    assert json.loads(fermata("variables", "get", "limit", "--workflow", "audit")[1]) == {"per": 1}
    typed('{"per": 2}')
    fermata("variables", "set", "limit", "-", "--workflow", "audit", "--version", "3")
    assert (places.body(), places.asked[-1].headers["If-Match"]) == ({"value": {"per": 2}}, '"3"')
    assert fermata("variables", "delete", "limit", "--workflow", "audit")[1] == "limit is gone.\n"
