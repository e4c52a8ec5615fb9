"""Writes of memberships: who joins, with which role, who leaves. Each is one transaction.

Changes of one workspace wait for each other (its row is locked), so that two owners who demote each other
at the same moment leave one owner; and what the acting person may do is read behind that lock.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from fermata.accounts import audit
from fermata.accounts.models import ApiToken, Membership, User, Workspace
from fermata.accounts.permissions import RANK, Role, refusal
from fermata.errors import Conflict, Forbidden, InvalidInput, NotFound

LAST_OWNER = "This is the workspace's last owner."
LAST_OWNER_CURE = "Make somebody else an owner first."


def add(workspace_id: UUID, *, username: str, role: Role, by: User, everywhere: bool = False) -> Membership:
    """Make an existing user a member.

    ``everywhere``: ``by`` manages every workspace of the installation. Raises InvalidInput for nobody of
    this name, Conflict for a member, Forbidden for a role above that of ``by``.
    """
    with transaction.atomic():
        _lock(workspace_id)
        authority = _authority(by, workspace_id, "member.add", everywhere=everywhere)
        _check_grant(authority, role)
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise _nobody(username)
        member, fresh = Membership.objects.get_or_create(
            user=user, workspace_id=workspace_id, defaults={"role": Role(role).value}
        )
        if not fresh:
            raise Conflict(f"{username} is a member already.", cure="Change the role instead.")
        _note("member.added", member, by, role=role)
    return member


def change(
    workspace_id: UUID, *, user_id: UUID, role: Role, by: User, everywhere: bool = False
) -> Membership:
    """Give a member another role.

    Raises NotFound, Forbidden when old or new role is above that of ``by``, Conflict for the last owner.
    """
    with transaction.atomic():
        _lock(workspace_id)
        authority = _authority(by, workspace_id, "member.change", everywhere=everywhere)
        member = _member(workspace_id, user_id)
        _check_touch(authority, member)
        _check_grant(authority, role)
        if role != Role.OWNER:
            _keep_an_owner(member)
        before, member.role = member.role, Role(role).value
        member.save(update_fields=["role"])
        _note("member.changed", member, by, role=role, before=before)
    return member


def remove(workspace_id: UUID, *, user_id: UUID, by: User, everywhere: bool = False) -> None:
    """End a membership; the user's tokens for the workspace are revoked with it. Raises as ``change``."""
    with transaction.atomic():
        _lock(workspace_id)
        authority = _authority(by, workspace_id, "member.remove", everywhere=everywhere)
        member = _member(workspace_id, user_id)
        _check_touch(authority, member)
        _end(member, by=by, action="member.removed")


def leave(workspace_id: UUID, *, user: User) -> None:
    """End one's own membership. Raises NotFound, Conflict for the last owner."""
    with transaction.atomic():
        _lock(workspace_id)
        _end(_member(workspace_id, user.id), by=user, action="member.left")


def _lock(workspace_id: UUID) -> None:
    if not Workspace.objects.select_for_update(no_key=True).filter(id=workspace_id).exists():
        raise NotFound("There is no such workspace.")


def _authority(by: User, workspace_id: UUID, action: str, *, everywhere: bool) -> Role:
    """The role ``by`` acts with. Raises Forbidden when it does not allow the action (any more)."""
    if everywhere:
        return Role.OWNER
    rows = Membership.objects.filter(user=by, workspace_id=workspace_id)
    role = rows.values_list("role", flat=True).first()
    refused = refusal(role, action)
    if refused is not None or role is None:
        raise Forbidden(refused)
    return Role(role)


def _member(workspace_id: UUID, user_id: UUID) -> Membership:
    rows = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id)
    member = rows.select_related("user").first()
    if member is None:
        raise NotFound("There is no such member.")
    return member


def _check_grant(authority: Role, role: Role) -> None:
    if RANK[Role(role)] > RANK[authority]:
        raise Forbidden(f"Nobody grants a role above their own; yours is {authority}.")


def _check_touch(authority: Role, member: Membership) -> None:
    if RANK[Role(member.role)] > RANK[authority]:
        raise Forbidden(f"This member is {member.role}, which is above your role, {authority}.")


def _keep_an_owner(member: Membership) -> None:
    """Raise Conflict when nobody active would own the workspace without ``member``."""
    owners = Membership.objects.filter(
        workspace_id=member.workspace_id, role=Role.OWNER.value, user__is_active=True
    )
    if member.role == Role.OWNER and not owners.exclude(user_id=member.user_id).exists():
        raise Conflict(LAST_OWNER, cure=LAST_OWNER_CURE)


def _end(member: Membership, *, by: User, action: str) -> None:
    _keep_an_owner(member)
    held = ApiToken.objects.filter(user_id=member.user_id, workspace_id=member.workspace_id, revoked_at=None)
    revoked = held.update(revoked_at=Now())
    _note(action, member, by, before=member.role, tokens_revoked=revoked)
    member.delete()


def _note(action: str, member: Membership, by: User, **facts: object) -> None:
    audit.note(
        action,
        by=f"user:{by.get_username()}",
        workspace_id=member.workspace_id,
        user=member.user.get_username(),
        **facts,
    )


def _nobody(username: str) -> InvalidInput:
    row = {
        "code": "no_such_user",
        "pointer": "/username",
        "message": f"There is no active user {username[:150]}.",
        "cure": "Check the name; an administrator of the installation creates users.",
    }
    return InvalidInput(row["message"], problems=[row])
