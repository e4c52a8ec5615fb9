"""Signing in and out, who am I, tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.test import Client

from fermata.accounts import operations, throttle
from fermata.accounts.models import ApiToken, User, Workspace
from fermata.api import shapes
from fermata.errors import NotFound
from tests.factories import MembershipFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db

PASSWORD = "a good password"


@pytest.fixture
def browser():
    """A client that checks CSRF as a browser's requests are checked."""
    return Client(enforce_csrf_checks=True)


def sign_in(browser: Client, user: User, password: str = PASSWORD):
    return browser.post(
        "/api/v1/session", {"username": user.username, "password": password}, content_type="application/json"
    )


def test_a_person_signs_in_works_and_signs_out(browser):
    membership = MembershipFactory(role="editor")
    answer = sign_in(browser, membership.user)
    assert answer.status_code == 200
    me = shapes.Me.model_validate(answer.json())
    assert me.user.username == membership.user.username
    assert [(row.slug, row.role) for row in me.workspaces] == [(membership.workspace.slug, "editor")]
    assert browser.get("/api/v1/me").json() == answer.json()

    token = {"HTTP_X_CSRFTOKEN": browser.cookies["csrftoken"].value}
    made = browser.post("/api/v1/workflows", {"name": "a"}, content_type="application/json", **token)
    assert made.status_code == 201
    assert browser.delete("/api/v1/session", **token).status_code == 204
    assert browser.get("/api/v1/me").status_code == 401


def test_a_write_with_the_cookie_alone_is_refused(browser):
    sign_in(browser, MembershipFactory(role="editor").user)
    refused = browser.post("/api/v1/workflows", {"name": "a"}, content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert browser.get("/api/v1/workflows").json()["results"] == []


def test_a_session_planted_before_signing_in_is_not_taken_over(browser):
    planted = SessionStore()
    planted["x"] = 1
    planted.create()
    browser.cookies["sessionid"] = planted.session_key
    assert sign_in(browser, MembershipFactory().user).status_code == 200
    assert browser.cookies["sessionid"].value != planted.session_key
    assert not SessionStore().exists(planted.session_key)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(browser):
    user = MembershipFactory().user
    wrong = sign_in(browser, user, "nope")
    unknown = sign_in(browser, User(username="nobody"), "nope")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_stopped_after_ten_attempts_also_for_the_right_password(browser):
    user = MembershipFactory().user
    for _ in range(throttle.MOST_BY_NAME):
        assert sign_in(browser, user, "nope").status_code == 401
    stopped = sign_in(browser, user)
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= throttle.WINDOW_SECONDS


def test_a_success_forgets_the_attempts(browser):
    user = MembershipFactory().user
    for _ in range(3):
        for _ in range(throttle.MOST_BY_NAME - 1):
            assert sign_in(browser, user, "nope").status_code == 401
        assert sign_in(browser, user).status_code == 200


def test_a_changed_password_and_a_deactivated_user_end_the_session(browser):
    user = MembershipFactory().user
    sign_in(browser, user)
    user.set_password("another password")
    user.save()
    assert browser.get("/api/v1/me").status_code == 401
    sign_in(browser, user, "another password")
    User.objects.filter(id=user.id).update(is_active=False)
    assert browser.get("/api/v1/me").status_code == 401


def test_a_token_is_shown_once_and_stored_as_a_digest(editor):
    made = editor.post("/tokens", {"name": "ci"}, status=201)
    text = made["token"]
    assert text.startswith("fmt_")
    assert len(text.split("_", 2)[2]) >= 43
    assert all("token" not in row for row in editor.get("/tokens")["results"])
    assert text.split("_", 2)[2] not in str(ApiToken.objects.filter(id=made["id"]).values().get())


@pytest.mark.parametrize(
    "text", ["", "x", "fmt_", "fmt_x_y", "fmt_" + "0" * 32 + "_abc", "é", "fmt_" + "x" * 5000]
)
def test_a_text_that_is_no_token_gets_401(anybody, text):
    anybody.token = text
    anybody.call("GET", "/workflows", status=401)


def test_a_token_with_another_secret_is_refused(editor):
    editor.token = editor.token[:-3] + ("abc" if not editor.token.endswith("abc") else "abd")
    editor.call("GET", "/workflows", status=401)


def test_a_revoked_an_expired_and_a_deactivated_users_token_are_refused_at_once(editor, caller_of):
    made = editor.post("/tokens", {"name": "ci"}, status=201)
    editor.call("DELETE", f"/tokens/{made['id']}", status=204)
    editor.call("DELETE", f"/tokens/{made['id']}", status=204)
    kept, editor.token = editor.token, made["token"]
    editor.call("GET", "/workflows", status=401)
    editor.token = kept
    ApiToken.objects.filter(user=editor.user).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    editor.call("GET", "/workflows", status=401)
    other = caller_of()
    User.objects.filter(id=other.user.id).update(is_active=False)
    other.call("GET", "/workflows", status=401)


def test_nobody_revokes_anothers_token(editor, caller_of):
    made = editor.post("/tokens", {"name": "ci"}, status=201)
    caller_of("owner").call("DELETE", f"/tokens/{made['id']}", status=404)


def test_a_token_makes_no_token_that_may_do_more_or_lives_longer(caller_of):
    narrow = caller_of("owner", scopes=("account:write", "workflows:read"))
    narrow.post("/tokens", {"name": "more"}, status=403)
    narrow.post("/tokens", {"name": "more", "scopes": ["executions:write"]}, status=403)
    narrow.post("/tokens", {"name": "less", "scopes": ["workflows:read"]}, status=201)
    soon = datetime.now(UTC) + timedelta(hours=1)
    ApiToken.objects.filter(user=narrow.user).update(expires_at=soon)
    narrow.post("/tokens", {"name": "longer", "scopes": ["workflows:read"]}, status=403)


def test_a_token_with_an_unknown_scope_or_a_past_expiry_is_refused(editor):
    assert (
        editor.post("/tokens", {"name": "x", "scopes": ["all"]}, status=422)["problems"][0]["pointer"]
        == "/scopes"
    )
    editor.post("/tokens", {"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, status=422)
    editor.post("/tokens", {"name": "x", "expires_at": "2020-01-01T00:00:00"}, status=400)


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(editor, django_assert_num_queries):
    editor.get("/workspaces")
    first = ApiToken.objects.get(user=editor.user).last_used_at
    assert first is not None
    editor.get("/workspaces")
    assert ApiToken.objects.get(user=editor.user).last_used_at == first


def test_a_token_sees_its_own_workspace_only(editor):
    second = WorkspaceFactory()
    operations.set_role(user=editor.user, workspace=second, role="owner")
    assert [row["slug"] for row in editor.get("/workspaces")["results"]] == [editor.workspace.slug]
    editor.get(f"/workflows?workspace={second.slug}", status=404)


def test_somebody_in_two_workspaces_says_where_to_create(browser):
    user = MembershipFactory(role="editor").user
    second = MembershipFactory(user=user, role="editor").workspace
    sign_in(browser, user)
    token = {"HTTP_X_CSRFTOKEN": browser.cookies["csrftoken"].value}
    asked = browser.post("/api/v1/workflows", {"name": "a"}, content_type="application/json", **token)
    assert asked.status_code == 400
    assert "?workspace=" in asked.json()["cure"]
    path = f"/api/v1/workflows?workspace={second.slug}"
    made = browser.post(path, {"name": "a"}, content_type="application/json", **token)
    assert made.json()["workspace_id"] == str(second.id)


def test_bootstrap_makes_the_first_administrator_once(capsys):
    call_command("bootstrap")
    printed = capsys.readouterr().out
    password = printed.strip().rsplit(" ", 1)[1]
    admin = User.objects.get(username="admin")
    assert admin.check_password(password)
    assert admin.is_superuser
    call_command("bootstrap", password="something else")
    assert User.objects.get(username="admin").check_password(password)
    assert Workspace.objects.get(slug="default").memberships.get().role == "owner"
    assert operations.ensure_first_administrator("x") is None


def test_create_token_prints_a_token_that_works(anybody, capsys):
    operations.ensure_first_administrator("a long enough one")
    call_command("create_token")
    anybody.token = capsys.readouterr().out.strip()
    assert anybody.get("/me")["user"]["username"] == "admin"


def test_a_stranger_to_a_workspace_gets_no_token_for_it():
    user = MembershipFactory().user
    with pytest.raises(NotFound):
        operations.create_token(user, workspace_id=WorkspaceFactory().id, name="x")
