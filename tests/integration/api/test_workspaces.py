"""Workspaces, their members and roles."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from django.db import connection

from fermata.accounts import members
from fermata.accounts.models import ApiToken, Membership, User
from fermata.accounts.permissions import Role
from fermata.api import shapes
from fermata.errors import Conflict, Forbidden
from tests.factories import MembershipFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(caller_of):
    """An administrator of the installation, with a token that says so; no member of `workspace`."""
    caller = caller_of("owner", in_=WorkspaceFactory(), scopes=("installation:write", "account:write"))
    User.objects.filter(id=caller.user.id).update(is_superuser=True, is_staff=True)
    return caller


def of(workspace) -> str:
    return f"/workspaces/{workspace.id}"


def test_the_staff_make_a_workspace_and_own_it(administrator):
    made = administrator.post("/workspaces", {"slug": "red", "name": " Red "}, status=201)
    shapes.Workspace.model_validate(made)
    assert (made["slug"], made["name"], made["role"]) == ("red", "Red", "owner")
    again = administrator.post("/workspaces", {"slug": "red", "name": "Other"}, status=409)
    assert again["pointer"] == "/slug"
    for slug in ("a b", "ä", "x/y"):
        refused = administrator.post("/workspaces", {"slug": slug, "name": "x"}, status=422)
        assert refused["problems"][0]["pointer"] == "/slug"


def test_a_workspace_is_read_by_members_and_renamed_by_admins(caller_of, workspace):
    viewer, admin = caller_of("viewer"), caller_of("admin")
    read = viewer.get(of(workspace))
    shapes.Workspace.model_validate(read)
    assert read["role"] == "viewer"
    assert "role admin" in read["can"]["rename"]
    assert admin.get(of(workspace))["can"]["rename"] is True
    viewer.call("PATCH", of(workspace), {"name": "x"}, status=403)
    assert admin.call("PATCH", of(workspace), {"name": "New"}, status=200).json()["name"] == "New"
    assert admin.call("PATCH", of(workspace), {"name": "  "}, status=422).json()["problems"]
    workspace.refresh_from_db()
    assert workspace.name == "New"


def test_members_are_listed_by_name_in_pages(caller_of, workspace):
    viewer = caller_of("viewer")
    for name in ("anna", "zoe", "mia"):
        MembershipFactory(workspace=workspace, user=UserFactory(username=name), role="editor")
    first = viewer.get(f"{of(workspace)}/members?limit=2")
    shapes.MemberPage.model_validate(first)
    second = viewer.get(f"{of(workspace)}/members?limit=2&cursor={first['next']}")
    names = [row["username"] for row in [*first["results"], *second["results"]]]
    assert names == ["anna", "mia", viewer.user.username, "zoe"]
    assert second["next"] is None
    assert "email" not in json.dumps(first)


def test_an_admin_adds_changes_and_removes_a_member(caller_of, workspace):
    admin, user = caller_of("admin"), UserFactory()
    added = admin.post(f"{of(workspace)}/members", {"username": user.username, "role": "viewer"}, status=201)
    shapes.Member.model_validate(added)
    again = admin.post(f"{of(workspace)}/members", {"username": user.username, "role": "editor"}, status=409)
    assert "role" in again["cure"]
    path = f"{of(workspace)}/members/{user.id}"
    assert admin.call("PATCH", path, {"role": "operator"}, status=200).json()["role"] == "operator"
    assert admin.get(path)["role"] == "operator"
    admin.call("DELETE", path, status=204)
    admin.call("DELETE", path, status=404)


def test_nobody_unknown_or_deactivated_is_added(caller_of, workspace):
    admin = caller_of("admin")
    gone = UserFactory(is_active=False)
    for name in ("nobody", gone.username):
        refused = admin.post(f"{of(workspace)}/members", {"username": name, "role": "viewer"}, status=422)
        assert refused["problems"][0]["pointer"] == "/username"
    refused = admin.post(f"{of(workspace)}/members", {"username": "x", "role": "king"}, status=400)
    assert refused["problems"][0]["pointer"] == "/role"


def test_nobody_grants_or_takes_above_their_own_role(caller_of, workspace):
    admin, owner = caller_of("admin"), caller_of("owner")
    user = UserFactory()
    path = f"{of(workspace)}/members"
    admin.post(path, {"username": user.username, "role": "owner"}, status=403)
    admin.call("PATCH", f"{path}/{admin.user.id}", {"role": "owner"}, status=403)
    admin.call("PATCH", f"{path}/{owner.user.id}", {"role": "viewer"}, status=403)
    admin.call("DELETE", f"{path}/{owner.user.id}", status=403)
    admin.post(path, {"username": user.username, "role": "admin"}, status=201)
    owner.call("PATCH", f"{path}/{user.id}", {"role": "owner"}, status=200)
    roles = dict(Membership.objects.filter(workspace=workspace).values_list("user__username", "role"))
    assert roles == {admin.user.username: "admin", owner.user.username: "owner", user.username: "owner"}


def test_the_last_owner_stays_an_owner(caller_of, workspace):
    owner = caller_of("owner")
    path = f"{of(workspace)}/members/{owner.user.id}"
    second = MembershipFactory(workspace=workspace, role="owner", user__is_active=False)
    for method, address, body in (
        ("PATCH", path, {"role": "admin"}),
        ("DELETE", path, None),
        ("POST", f"{of(workspace)}/leave", {}),
    ):
        refused = owner.call(method, address, body, status=409).json()
        assert refused["cure"] == "Make somebody else an owner first."
    User.objects.filter(id=second.user_id).update(is_active=True)
    owner.call("POST", f"{of(workspace)}/leave", {}, status=204)
    owner.call("GET", of(workspace), status=401)  # the token went with the membership


def test_a_changed_role_counts_for_tokens_at_once_and_removal_revokes_them(caller_of, workspace):
    owner, editor = caller_of("owner"), caller_of("editor")
    path = f"{of(workspace)}/members/{editor.user.id}"
    editor.post("/workflows", {"name": "a"}, status=201)
    owner.call("PATCH", path, {"role": "viewer"}, status=200)
    editor.post("/workflows", {"name": "b"}, status=403)
    owner.call("DELETE", path, status=204)
    editor.call("GET", "/workflows", status=401)
    owner.post(f"{of(workspace)}/members", {"username": editor.user.username, "role": "owner"}, status=201)
    editor.call("GET", "/workflows", status=401)
    assert ApiToken.objects.get(user=editor.user).revoked_at is not None


def test_an_administrator_mends_a_workspace_without_an_owner(administrator, workspace):
    user = UserFactory()
    read = administrator.get(of(workspace))
    assert read["role"] is None
    assert set(read["can"].values()) == {True}
    administrator.post(f"{of(workspace)}/members", {"username": user.username, "role": "owner"}, status=201)
    assert Membership.objects.get(workspace=workspace).user == user
    administrator.call("GET", f"/workflows?workspace={workspace.slug}", status=404)  # members only


def test_what_was_changed_stands_in_the_log_on_one_line_each(
    caller_of, workspace, caplog, django_capture_on_commit_callbacks
):
    owner, user = caller_of("owner"), UserFactory()
    with caplog.at_level(logging.INFO, "fermata.audit"), django_capture_on_commit_callbacks(execute=True):
        owner.post(f"{of(workspace)}/members", {"username": user.username, "role": "editor"}, status=201)
        owner.call("PATCH", f"{of(workspace)}/members/{user.id}", {"role": "viewer"}, status=200)
        owner.post(f"{of(workspace)}/members", {"username": user.username, "role": "editor"}, status=409)
    lines = [
        json.loads(record.getMessage().removeprefix("audit "))
        for record in caplog.records
        if record.name == "fermata.audit"
    ]
    common = {"by": f"user:{owner.user.username}", "user": user.username, "workspace_id": str(workspace.id)}
    assert lines == [
        {"action": "member.added", "role": "editor", **common},
        {"action": "member.changed", "role": "viewer", "before": "editor", **common},
    ]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_leave_one():
    workspace = WorkspaceFactory()
    one, two = (MembershipFactory(workspace=workspace, role="owner").user for _ in range(2))
    together, failures = threading.Barrier(2), []

    def demote(by: User, whom: User) -> None:
        together.wait(5)
        try:
            members.change(workspace.id, user_id=whom.id, role=Role.VIEWER, by=by)
        except (Conflict, Forbidden) as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(failures) == 1
    assert sorted(workspace.memberships.values_list("role", flat=True)) == ["owner", "viewer"]
