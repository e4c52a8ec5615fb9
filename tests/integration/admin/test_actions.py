"""Actions go through operations, row by row, with a message for each; forms of accounts keep their rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from fermata.accounts.models import ApiToken, Membership, User, Workspace
from fermata.engine.models import Event, Execution
from fermata.workflows.models import Workflow
from tests.factories import (
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    StepFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
)
from tests.integration.admin.test_pages import list_of, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]


def said(answer: Any) -> list[str]:
    """What an answer adds to the messages, with their kind."""
    new = get_messages(answer.wsgi_request)._queued_messages
    return [f"{message.level_tag}: {message}" for message in new]


def do(browser: Client, action: str, *rows: Any, **more: str) -> list[str]:
    """Choose an action for rows of one list."""
    body = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    answer = browser.post(list_of(rows[0]), body)
    assert answer.status_code == 302
    return said(answer)


def live(workspace: Any) -> Execution:
    """A running execution with a root region and a step that waits."""
    execution = ExecutionFactory(of=VersionFactory(workflow__workspace=workspace))
    StepFactory(region=RegionFactory(execution=execution), state="waiting", reason="signal:go")
    return execution


def status(execution: Execution) -> str:
    execution.refresh_from_db()
    return execution.status


def test_executions_are_paused_resumed_and_cancelled_each_with_a_message(browser, workspace):
    moving, ended = live(workspace), ExecutionFactory(status="succeeded", finished_at="2026-01-01T00:00Z")
    ok, refused = sorted(do(browser, "pause", moving, ended), reverse=True)
    assert ok == f"success: execution {moving.id}: is being paused."
    assert refused.startswith(f"error: execution {ended.id}: The execution is succeeded")
    assert status(moving) in {"pausing", "paused"}
    do(browser, "resume", moving)
    assert status(moving) == "running"
    do(browser, "cancel", moving)
    assert status(moving) in {"cancelling", "cancelled"}
    assert status(ended) == "succeeded"
    types = Event.objects.filter(execution_id=moving.id).values_list("type", flat=True)
    assert "ExecutionPaused" in types
    assert ended.id not in Event.objects.values_list("execution_id", flat=True)


def test_a_button_on_the_page_does_the_same_and_comes_back(browser, workspace):
    execution = live(workspace)
    page = browser.get(page_of(execution)).content.decode()
    assert page.count('class="fermata-button"') == 3
    body = {"action": "cancel", "_selected_action": str(execution.id), "_back": "1"}
    answer = browser.post(list_of(execution), body)
    assert answer["Location"] == page_of(execution)
    assert status(execution) in {"cancelling", "cancelled"}


def test_a_held_step_is_resolved_and_no_other(browser, workspace):
    execution = live(workspace)
    region = RegionFactory(execution=execution)
    held = StepFactory(region=region, state="held", reason="outcome_unknown", node_id="hello")
    done = StepFactory(region=region, state="succeeded")
    messages = do(browser, "retry", held)
    held.refresh_from_db()
    assert messages == [f"success: step {held.id}: is tried again."]
    assert held.state == "ready"
    [refused] = do(browser, "fail", done)
    assert "not held" in refused
    done.refresh_from_db()
    assert done.state == "succeeded"


def test_staff_act_with_their_role_in_their_workspaces_only(staff_of, workspace):
    execution, foreign = live(workspace), live(WorkspaceFactory())
    [refused] = do(staff_of(workspace, "viewer"), "cancel", execution)
    assert "needs the role operator" in refused
    assert status(execution) == "running"
    operator = staff_of(workspace, "operator")
    assert do(operator, "cancel", foreign) == []
    assert status(foreign) == "running"
    do(operator, "cancel", execution)
    assert status(execution) in {"cancelling", "cancelled"}


def test_nobody_acts_on_a_whole_table_at_once(browser, workspace, monkeypatch):
    monkeypatch.setattr("fermata.accounts.staff.pages.MOST_AT_ONCE", 2)
    rows = [live(workspace) for _ in range(3)]
    assert do(browser, "cancel", *rows, select_across="1") == ["error: At most 2 at once."]
    assert {status(row) for row in rows} == {"running"}


def test_a_workflow_is_archived_and_taken_back(browser, staff_of, workspace):
    workflow = VersionFactory(workflow__workspace=workspace).workflow
    [refused] = do(staff_of(workspace, "editor"), "archive", workflow)
    assert "role admin" in refused
    assert do(browser, "archive", workflow) == [f"success: {workflow.name}: archived."]
    assert Workflow.objects.get(id=workflow.id).archived_at is not None
    do(browser, "unarchive", workflow)
    assert Workflow.objects.get(id=workflow.id).archived_at is None


def test_a_token_is_revoked(browser, staff_of, workspace):
    user = MembershipFactory(workspace=workspace).user
    token = ApiToken.objects.create(user=user, workspace=workspace, name="ci", secret_digest=b"x" * 32)
    do(staff_of(workspace, "editor"), "revoke", token)
    assert ApiToken.objects.get(id=token.id).revoked_at is None
    do(browser, "revoke", token)
    assert ApiToken.objects.get(id=token.id).revoked_at is not None


def test_what_was_done_stands_in_the_rows_history(browser, workspace):
    execution = live(workspace)
    do(browser, "pause", execution)
    history = browser.get(reverse("admin:engine_execution_history", args=[execution.id])).content.decode()
    assert "is being paused" in history
    assert "root" in history


def test_a_user_is_deactivated_by_the_operation(browser, root):
    user = UserFactory()
    assert do(browser, "deactivate", user) == [f"success: {user.username}: deactivated."]
    assert not User.objects.get(id=user.id).is_active
    do(browser, "activate", user)
    assert User.objects.get(id=user.id).is_active
    [refused] = do(browser, "deactivate", root)
    assert "Nobody takes this from themselves" in refused
    assert browser.post(f"{list_of(user)}{user.id}/delete/", {"post": "yes"}).status_code == 403


def form_of(user: User, **changes: Any) -> dict[str, Any]:
    shown = {"username": user.username, "locale": "en", "email": user.email}
    flags = {name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)}
    return {key: value for key, value in {**shown, **flags, **changes}.items() if value is not None}


def test_the_users_form_keeps_the_last_administrator(browser, root):
    answer = browser.post(page_of(root), form_of(root, is_superuser=None))
    assert answer.status_code == 302
    assert "Nobody takes this from themselves" in said(answer)[0]
    assert User.objects.get(id=root.id).is_superuser
    other = UserFactory()
    token = MembershipFactory(user=other).workspace
    ApiToken.objects.create(user=other, workspace=token, name="ci", secret_digest=b"x" * 32)
    browser.post(page_of(other), form_of(other, email="new@example.org", is_active=None))
    other.refresh_from_db()
    assert (other.email, other.is_active) == ("new@example.org", False)
    assert not ApiToken.objects.filter(user=other, revoked_at=None).exists()
    made = {"username": "mia", "usable_password": "true"}
    made |= {"password1": "quite another phrase", "password2": "quite another phrase"}
    assert browser.post(f"{list_of(root)}add/", made).status_code == 302
    assert User.objects.get(username="mia").check_password("quite another phrase")


def test_superusers_manage_workspaces_and_members_by_the_operations(browser, root, staff_of):
    assert browser.post(f"{list_of(Workspace)}add/", {"slug": "red", "name": "Red"}).status_code == 302
    workspace = Workspace.objects.get(slug="red")
    owner = Membership.objects.get(workspace=workspace)
    assert (owner.user, owner.role) == (root, "owner")
    browser.post(page_of(workspace), {"name": "Redder", "slug": "blue"})
    workspace.refresh_from_db()
    assert (workspace.slug, workspace.name) == ("red", "Redder")
    user = UserFactory()
    body = {"user": str(user.id), "workspace": str(workspace.id), "role": "viewer"}
    browser.post(f"{list_of(Membership)}add/", body)
    member = Membership.objects.get(user=user)
    browser.post(page_of(member), {"role": "editor"})
    member.refresh_from_db()
    assert member.role == "editor"
    for address, sent in (
        (page_of(owner), {"role": "viewer"}),
        (f"{list_of(owner)}{owner.pk}/delete/", {"post": "yes"}),
    ):
        assert "last owner" in said(browser.post(address, sent))[0]
    assert Membership.objects.get(id=owner.id).role == "owner"
    browser.post(f"{list_of(owner)}{member.pk}/delete/", {"post": "yes"})
    assert not Membership.objects.filter(id=member.id).exists()
    assert staff_of(workspace, "owner").post(page_of(owner), {"role": "viewer"}).status_code == 403
