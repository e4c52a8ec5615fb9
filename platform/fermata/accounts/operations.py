"""Writes of accounts. Each is one transaction; callers have checked the right already."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from fermata.accounts import audit, tokens
from fermata.accounts.models import ApiToken, Membership, User, Workspace
from fermata.accounts.permissions import SCOPES, Role
from fermata.errors import Conflict, InvalidInput, NotFound

DEFAULT_WORKSPACE = "default"
ADMINISTRATOR = "admin"
LAST_USED_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Created:
    """The first administrator.

    ``password`` is the generated one, to be shown once; None when it was given.
    """

    username: str
    password: str | None
    workspace: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``text`` is readable now and never again."""

    token: ApiToken
    text: str


def ensure_first_administrator(password: str | None) -> Created | None:
    """Make the default workspace and, when there is no superuser, the user ``admin`` who owns it.

    ``password`` None generates one. None is returned when an administrator was there already; running it
    again, or in several processes at once, changes nothing.
    """
    with transaction.atomic():
        workspace, _ = Workspace.objects.get_or_create(slug=DEFAULT_WORKSPACE, defaults={"name": "Default"})
        Workspace.objects.select_for_update().get(
            id=workspace.id
        )  # the second of two first starts waits here
        if User.objects.filter(is_superuser=True).exists():
            return None
        chosen = password or secrets.token_urlsafe(12)
        user = User.objects.filter(username=ADMINISTRATOR).first() or User(username=ADMINISTRATOR)
        user.is_superuser = user.is_staff = user.is_active = True
        user.set_password(chosen)
        user.save()
        Membership.objects.update_or_create(
            user=user, workspace=workspace, defaults={"role": Role.OWNER.value}
        )
    return Created(username=user.username, password=None if password else chosen, workspace=workspace.slug)


def create_workspace(*, slug: str, name: str, owner: User) -> Workspace:
    """A workspace owned by ``owner``. Raises InvalidInput, and Conflict when the slug is taken."""
    workspace = Workspace(slug=slug, name=name.strip())
    _check_workspace(workspace)
    try:
        with transaction.atomic():
            workspace.save(force_insert=True)
            Membership.objects.create(user=owner, workspace=workspace, role=Role.OWNER.value)
            by = f"user:{owner.get_username()}"
            audit.note("workspace.created", by=by, workspace_id=workspace.id, slug=slug)
    except IntegrityError as error:
        raise Conflict(
            f"There is a workspace {slug} already.", cure="Choose another slug.", pointer="/slug"
        ) from error
    return workspace


def rename_workspace(workspace: Workspace, *, name: str, by: User) -> Workspace:
    """Change the name; the slug stays, because programs use it. Raises InvalidInput."""
    before, workspace.name = workspace.name, name.strip()
    _check_workspace(workspace)
    with transaction.atomic():
        workspace.save(update_fields=["name"])
        who = f"user:{by.get_username()}"
        audit.note("workspace.renamed", by=who, workspace_id=workspace.id, name=workspace.name, before=before)
    return workspace


def _check_workspace(workspace: Workspace) -> None:
    try:
        workspace.full_clean(validate_unique=False)
    except ValidationError as error:
        rows = [
            {"code": "invalid_value", "pointer": f"/{name}", "message": message, "cure": "Correct the value."}
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        raise InvalidInput(rows[0]["message"], problems=rows) from error


def set_role(*, user: User, workspace: Workspace, role: Role) -> Membership:
    """Give the user this role in the workspace, instead of any other."""
    membership, _ = Membership.objects.update_or_create(
        user=user, workspace=workspace, defaults={"role": Role(role).value}
    )
    return membership


def create_token(
    user: User,
    *,
    workspace_id: UUID,
    name: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> IssuedToken:
    """A token of the user for a workspace.

    Raises InvalidInput for an unknown scope, NotFound for a stranger.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise InvalidInput(
            f"There is no scope {unknown[0]}.",
            problems=[
                {
                    "code": "unknown_scope",
                    "pointer": "/scopes",
                    "message": f"There is no scope {name}.",
                    "cure": f"Use some of {', '.join(SCOPES)}.",
                }
                for name in unknown
            ],
        )
    if not Membership.objects.filter(user=user, workspace_id=workspace_id).exists():
        raise NotFound("There is no such workspace.")
    text = tokens.generate()
    token = ApiToken.objects.create(
        id=text.id,
        user=user,
        workspace_id=workspace_id,
        name=name,
        secret_digest=text.digest,
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    _note_token("token.created", token, by=user, scopes=token.scopes, expires_at=expires_at)
    return IssuedToken(token=token, text=str(text))


def revoke_token(token: ApiToken, *, by: User | None = None) -> bool:
    """Make a token useless from now on; False when it was already. ``by`` None: its own user."""
    changed = ApiToken.objects.filter(id=token.id, revoked_at=None).update(revoked_at=Now())
    if changed:
        _note_token("token.revoked", token, by=by or token.user)
    return bool(changed)


def _note_token(action: str, token: ApiToken, *, by: User, **facts: object) -> None:
    audit.note(
        action,
        by=f"user:{by.get_username()}",
        token_id=token.id,
        name=token.name,
        workspace_id=token.workspace_id,
        **facts,
    )


def note_token_use(token: ApiToken) -> None:
    """Remember that the token was used, to the minute.

    At most one write a minute however many requests come.
    """
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - LAST_USED_PRECISION)
    ApiToken.objects.filter(stale, id=token.id).update(last_used_at=Now())
