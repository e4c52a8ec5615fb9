"""The one table of rights: which role may do which action. What stands in no row is denied.

Every route of the interface names an action from here; a test walks the resolver and checks that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a membership grants; each role may do everything the next one may."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    OPERATOR = "operator"
    VIEWER = "viewer"


RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.EDITOR: 2, Role.ADMIN: 3, Role.OWNER: 4}

SCOPES = (
    "workflows:read",
    "workflows:write",
    "executions:read",
    "executions:write",
    "approvals:read",
    "approvals:write",
    "secrets:read",
    "secrets:write",
    "variables:read",
    "variables:write",
    "account:read",
    "account:write",
    "installation:read",
    "installation:write",
)
"""What an API token can be narrowed to. A ``write`` scope includes its ``read``."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The lowest role that may do an action, and the token scope it falls under."""

    role: Role
    scope: str


ACTIONS: dict[str, Rule] = {
    "workflow.read": Rule(Role.VIEWER, "workflows:read"),
    "workflow.create": Rule(Role.EDITOR, "workflows:write"),
    "workflow.edit": Rule(Role.EDITOR, "workflows:write"),
    "workflow.validate": Rule(Role.VIEWER, "workflows:read"),
    "workflow.publish": Rule(Role.EDITOR, "workflows:write"),
    "workflow.archive": Rule(Role.ADMIN, "workflows:write"),
    "workflow.unarchive": Rule(Role.ADMIN, "workflows:write"),
    "workflow.start": Rule(Role.OPERATOR, "executions:write"),
    "workflow.start_draft": Rule(Role.EDITOR, "executions:write"),
    "execution.read": Rule(Role.VIEWER, "executions:read"),
    "execution.cancel": Rule(Role.OPERATOR, "executions:write"),
    "execution.pause": Rule(Role.OPERATOR, "executions:write"),
    "execution.resume": Rule(Role.OPERATOR, "executions:write"),
    "execution.signal": Rule(Role.OPERATOR, "executions:write"),
    "execution.resolve": Rule(Role.OPERATOR, "executions:write"),
    "approval.read": Rule(Role.VIEWER, "approvals:read"),
    "approval.decide": Rule(Role.OPERATOR, "approvals:write"),
    "secret.read": Rule(Role.VIEWER, "secrets:read"),
    "secret.write": Rule(Role.ADMIN, "secrets:write"),
    "secret.delete": Rule(Role.ADMIN, "secrets:write"),
    "variable.read": Rule(Role.VIEWER, "variables:read"),
    "variable.write": Rule(Role.EDITOR, "variables:write"),
    "variable.delete": Rule(Role.EDITOR, "variables:write"),
    "node_type.read": Rule(Role.VIEWER, "workflows:read"),
    "token.read": Rule(Role.VIEWER, "account:read"),
    "token.create": Rule(Role.VIEWER, "account:write"),
    "token.revoke": Rule(Role.VIEWER, "account:write"),
    "queue.read": Rule(Role.OPERATOR, "executions:read"),
    "workspace.read": Rule(Role.VIEWER, "account:read"),
    "workspace.rename": Rule(Role.ADMIN, "account:write"),
    "workspace.leave": Rule(Role.VIEWER, "account:write"),
    "member.read": Rule(Role.VIEWER, "account:read"),
    "member.add": Rule(Role.ADMIN, "account:write"),
    "member.change": Rule(Role.ADMIN, "account:write"),
    "member.remove": Rule(Role.ADMIN, "account:write"),
}
"""Tokens are each person's own: a viewer may make one, and it can do no more than a viewer.

What can be read of a secret is its name and its history, which whoever writes workflows needs. An editor's
workflow may use any secret, and its list of hosts says where to: so values and lists are not an editor's to
change.
"""


@dataclass(frozen=True, slots=True)
class InstallationRule:
    """Whether an action beyond any workspace needs an administrator, or staff; and the token scope."""

    administrator: bool
    scope: str


INSTALLATION: dict[str, InstallationRule] = {
    "workspace.create": InstallationRule(administrator=False, scope="installation:write"),
    "workspace.any": InstallationRule(administrator=True, scope="installation:write"),
    "worker.read": InstallationRule(administrator=False, scope="installation:read"),
    "user.read": InstallationRule(administrator=True, scope="installation:read"),
    "user.create": InstallationRule(administrator=True, scope="installation:write"),
    "user.change": InstallationRule(administrator=True, scope="installation:write"),
}
"""What no role in a workspace grants. ``workspace.any``: manage the members of every workspace."""


def allows(role: str | None, action: str, *, scopes: Collection[str] = ()) -> bool:
    """True when ``role`` may do ``action`` and ``scopes`` (empty: unrestricted) cover it.

    Unknown names: False.
    """
    rule = ACTIONS.get(action)
    if rule is None or role not in RANK:
        return False
    return RANK[Role(role)] >= RANK[rule.role] and _covers(scopes, rule.scope)


def refusal(role: str | None, action: str, *, scopes: Collection[str] = ()) -> str | None:
    """Why ``role`` may not do ``action`` in one sentence, or None when it may."""
    if allows(role, action, scopes=scopes):
        return None
    rule = ACTIONS.get(action)
    if rule is None:
        return "Nobody may do this."
    if role not in RANK:
        return "You are not a member of this workspace."
    if RANK[Role(role)] < RANK[rule.role]:
        return f"This needs the role {rule.role} or above; yours is {role}."
    return f"This token lacks the scope {rule.scope}."


def installation_refusal(
    action: str, *, staff: bool, administrator: bool, scopes: Collection[str] | None
) -> str | None:
    """Why somebody may not do an ``INSTALLATION`` action, or None when they may.

    ``scopes``: the token's, None for a session. A token belongs to one workspace, so only one whose scopes
    name the installation reaches beyond it.
    """
    rule = INSTALLATION[action]
    if not (administrator or (staff and not rule.administrator)):
        return f"This is for {'administrators' if rule.administrator else 'the staff'} of the installation."
    if scopes is not None and not (scopes and _covers(scopes, rule.scope)):
        return f"This token lacks the scope {rule.scope}."
    return None


def _covers(scopes: Collection[str], scope: str) -> bool:
    return not scopes or scope in scopes or scope.replace(":read", ":write") in scopes
