"""Secrets over REST: values go in and never come out."""

from __future__ import annotations

from typing import Any

import pytest

from fermata.accounts import vault
from fermata.accounts.models import Secret
from tests.factories import SecretFactory, VersionFactory, WorkflowFactory, document

pytestmark = pytest.mark.django_db

VALUE = "c4nary/of the+interface"
CALL = {
    "id": "call",
    "type": "http_request",
    "config": {"url": "https://api.example", "headers": {"Authorization": "Bearer {{ secrets.token }}"}},
}


@pytest.fixture
def admin(caller_of: Any) -> Any:
    return caller_of("admin")


def value_of(row: dict[str, Any]) -> str:
    secret = Secret.objects.get(id=row["id"])
    return vault.opened(secret.workspace_id, [secret.name])[secret.name].value


def test_a_value_goes_in_and_never_comes_out(admin, editor):
    made = admin.call(
        "POST", "/secrets", {"name": "token", "value": VALUE, "hosts": ["api.example"]}, status=201
    )
    row = made.json()
    assert made["ETag"] == '"1"'
    assert value_of(row) == VALUE
    answers = [
        made,
        editor.call("GET", "/secrets", status=200),
        editor.call("GET", f"/secrets/{row['id']}", status=200),
        admin.call("PUT", f"/secrets/{row['id']}/value", {"value": VALUE + "2"}, status=200),
        admin.call("PATCH", f"/secrets/{row['id']}", {"description": "for the shop"}, status=200),
        admin.call("POST", "/secrets", {"name": "token", "value": VALUE}, status=409),
        admin.call("POST", "/secrets", {"name": "1", "value": VALUE, "hosts": ["http://x"]}, status=422),
        admin.call("PUT", f"/secrets/{row['id']}/value", {"value": [VALUE]}, status=400),
    ]
    assert all(
        VALUE not in answer.content.decode() and "c4nary" not in answer.content.decode() for answer in answers
    )
    assert value_of(row) == VALUE + "2"


def test_tells_who_when_and_which_version(admin, editor):
    row = admin.post("/secrets", {"name": "token", "value": VALUE}, status=201)
    assert (row["version"], row["created_by"], row["last_used_at"]) == (1, admin.user.username, None)
    changed = admin.call("PUT", f"/secrets/{row['id']}/value", {"value": "another"}, status=200)
    assert (changed.json()["version"], changed["ETag"]) == (2, '"2"')
    assert editor.get(f"/secrets/{row['id']}")["updated_by"] == admin.user.username


def test_a_value_is_only_replaced_if_it_is_the_one_that_was_read(admin):
    row = admin.post("/secrets", {"name": "token", "value": VALUE}, status=201)
    address = f"/secrets/{row['id']}/value"
    admin.call("PUT", address, {"value": "second"}, If_Match='"1"', status=200)
    late = admin.call("PUT", address, {"value": "third"}, If_Match='"1"', status=412).json()
    assert (late["code"], late["version"]) == ("out_of_date", 2)
    assert value_of(row) == "second"
    admin.call("PUT", address, {"value": "third"}, If_Match="latest", status=400)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"name": "with-dash"}, "/name"),
        ({"name": "true"}, "/name"),
        ({"name": "täg"}, "/name"),
        ({"name": "n" * 65}, "/name"),
        ({"value": "abc"}, "/value"),
        ({"value": "x" * 65537}, "/value"),
        ({"hosts": ["api.example", "https://api.example"]}, "/hosts/1"),
        ({"hosts": ["*"]}, "/hosts/0"),
        ({"hosts": ["a.*.example"]}, "/hosts/0"),
        ({"hosts": ["h"] * 51}, "/hosts"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_could_not_be_used_is_refused_with_a_cure(admin, given, pointer):
    body = {"name": "token", "value": VALUE, **given}
    answer = admin.post("/secrets", body, status=422)
    assert [row["pointer"] for row in answer["problems"]] == [pointer]
    assert answer["problems"][0]["cure"]
    assert not Secret.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "operator", "editor"])
def test_members_see_what_there_is_and_only_administrators_change_it(caller_of, workspace, role):
    secret = SecretFactory(workspace=workspace, hosts=["api.example"])
    caller = caller_of(role)
    assert caller.get("/secrets")["results"][0]["name"] == secret.name
    caller.post("/secrets", {"name": "other", "value": VALUE}, status=403)
    caller.call("PUT", f"/secrets/{secret.id}/value", {"value": VALUE}, status=403)
    caller.call("PATCH", f"/secrets/{secret.id}", {"hosts": []}, status=403)
    caller.call("DELETE", f"/secrets/{secret.id}", status=403)


def test_lists_by_name_page_by_page_and_of_this_workspace_alone(admin, stranger):
    SecretFactory(name="a")
    for name in ("c", "a", "b"):
        SecretFactory(workspace=admin.workspace, name=name)
    first = admin.get("/secrets?limit=2")
    second = admin.get(f"/secrets?limit=2&cursor={first['next']}")
    assert [row["name"] for row in first["results"] + second["results"]] == ["a", "b", "c"]
    assert second["next"] is None
    assert stranger.get("/secrets")["results"] == []


def test_a_secret_that_published_versions_read_is_not_deleted_by_accident(admin):
    secret = SecretFactory(workspace=admin.workspace, name="token")
    other = SecretFactory(workspace=admin.workspace, name="tok")
    flow = WorkflowFactory(workspace=admin.workspace, name="shop")
    VersionFactory(workflow=flow, definition=document(nodes=[CALL]))
    answer = admin.call("DELETE", f"/secrets/{secret.id}", status=409).json()
    assert answer["used_by"] == [
        {"workflow_id": str(flow.id), "workflow": "shop", "version": 1, "nodes": ["call"]}
    ]
    assert "shop" in answer["detail"]
    admin.call("DELETE", f"/secrets/{other.id}", status=204)
    admin.call("DELETE", f"/secrets/{secret.id}?force=true", status=204)
    admin.get(f"/secrets/{secret.id}", status=404)


def test_a_secret_that_only_archived_workflows_or_other_workspaces_read_goes(admin):
    secret = SecretFactory(workspace=admin.workspace, name="token")
    VersionFactory(definition=document(nodes=[CALL]))
    VersionFactory(
        workflow__workspace=admin.workspace,
        workflow__archived_at="2026-01-01T00:00:00Z",
        definition=document(nodes=[CALL]),
    )
    admin.call("DELETE", f"/secrets/{secret.id}", status=204)


def test_a_wrong_key_is_a_problem_that_names_its_cure_and_lists_go_on(admin, settings):
    row = admin.post("/secrets", {"name": "token", "value": VALUE}, status=201)
    settings.FERMATA_SEALING_KEYS = ("another key than the one before, long enough",)
    for method, path, body in (
        ("PUT", f"/secrets/{row['id']}/value", {"value": "another"}),
        ("POST", "/secrets", {"name": "second", "value": "another"}),
    ):
        answer = admin.call(method, path, body, status=503).json()
        assert answer["code"] == "wrong_sealing_key"
        assert "FERMATA_SEALING_KEYS" in answer["cure"]
    assert [each["version"] for each in admin.get("/secrets")["results"]] == [1]


def test_a_token_for_something_else_does_not_reach_secrets(caller_of):
    narrow = caller_of("owner", scopes=("workflows:write",))
    narrow.get("/secrets", status=403)
    reader = caller_of("owner", scopes=("secrets:read",))
    reader.get("/secrets")
    reader.post("/secrets", {"name": "token", "value": VALUE}, status=403)


def test_validating_and_publishing_warn_of_secrets_that_are_not_there(admin):
    definition = document(nodes=[CALL])
    flow = WorkflowFactory(workspace=admin.workspace, definition=definition)
    judged = admin.post(f"/workflows/{flow.id}/validate")
    assert judged["valid"]
    [warning] = judged["problems"]
    assert (warning["code"], warning["severity"]) == ("secret_missing", "warning")
    assert (warning["pointer"], warning["node_id"]) == ("/nodes/0/config/headers/Authorization", "call")
    assert admin.post("/workflows/validate", {"definition": definition})["problems"] == [warning]
    assert admin.post(f"/workflows/{flow.id}/publish", status=201)["warnings"] == [warning]
    SecretFactory(name="token")
    assert admin.post(f"/workflows/{flow.id}/validate")["problems"] == [warning]
    SecretFactory(workspace=admin.workspace, name="token")
    assert admin.post(f"/workflows/{flow.id}/validate")["problems"] == []
    assert admin.post(f"/workflows/{flow.id}/publish", status=201)["warnings"] == []


@pytest.mark.parametrize(
    "definition",
    [5, {"nodes": 5}, {"nodes": [5, {"id": 5, "config": {"a": "{{ secrets.x }}"}}, {"id": "a", "config": 5}]},
     {"nodes": [{"id": "a", "config": {"u": "{{ secrets.x", "v": "{{ secrets. }}"}}]}],
    ids=str,
)  # fmt: skip
def test_warning_of_secrets_stumbles_over_no_document(admin, definition):
    judged = admin.post("/workflows/validate", {"definition": definition})
    assert not judged["valid"]
    assert all(row["code"] != "secret_missing" for row in judged["problems"])
