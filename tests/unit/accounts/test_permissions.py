"""The table of rights."""

from __future__ import annotations

import pytest

from fermata.accounts.permissions import (
    ACTIONS,
    INSTALLATION,
    SCOPES,
    Role,
    allows,
    installation_refusal,
    refusal,
)


def test_what_stands_in_no_row_is_denied():
    assert not allows("owner", "workflow.explode")
    assert not allows(None, "workflow.read")
    assert not allows("", "workflow.read")
    assert not allows("superhero", "workflow.read")
    assert refusal("superhero", "workflow.read") == "You are not a member of this workspace."
    assert refusal("owner", "nothing") == "Nobody may do this."


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_role_may_do_everything_the_next_one_may(action):
    order = [Role.OWNER, Role.ADMIN, Role.EDITOR, Role.OPERATOR, Role.VIEWER]
    answers = [allows(role, action) for role in order]
    assert answers == sorted(answers, reverse=True)
    assert answers[0]


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_action_falls_under_a_known_scope(action):
    scope = ACTIONS[action].scope
    assert scope in SCOPES
    assert allows("owner", action, scopes=[scope])
    others = [other for other in SCOPES if other.split(":")[0] != scope.split(":")[0]]
    assert not allows("owner", action, scopes=others)


def test_writing_includes_reading_but_not_the_other_way_round():
    assert allows("owner", "workflow.read", scopes=["workflows:write"])
    assert not allows("owner", "workflow.edit", scopes=["workflows:read"])


def test_a_viewer_changes_nothing_but_what_is_their_own():
    may = {action for action in ACTIONS if allows("viewer", action)}
    assert may == {
        "workflow.read",
        "workflow.validate",
        "execution.read",
        "approval.read",
        "node_type.read",
        "secret.read",
        "variable.read",
        "token.read",
        "token.create",
        "token.revoke",
        "workspace.read",
        "workspace.leave",
        "member.read",
    }


@pytest.mark.parametrize("action", sorted(INSTALLATION))
def test_the_installation_is_for_its_people_and_for_tokens_that_name_it(action):
    rule = INSTALLATION[action]
    assert rule.scope in SCOPES

    def may(*, staff=False, administrator=False, scopes=None):
        return installation_refusal(action, staff=staff, administrator=administrator, scopes=scopes) is None

    assert not may()
    assert may(administrator=True)
    assert may(staff=True) is not rule.administrator
    assert not may(administrator=True, scopes=())
    assert not may(administrator=True, scopes=("account:write",))
    assert may(administrator=True, scopes=("installation:write",))
