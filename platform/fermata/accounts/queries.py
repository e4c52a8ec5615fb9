"""Reads of accounts: who is asking, and what they may do where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import Q

from fermata.accounts import permissions, tokens
from fermata.accounts.models import ApiToken, Membership, User, Workspace


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request: a user, the roles they hold by workspace, and — for a token — its bounds."""

    user: User
    roles: dict[UUID, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    token: ApiToken | None = None

    @property
    def name(self) -> str:
        """How journals name them: ``user:<username>``."""
        return f"user:{self.user.get_username()}"

    def sees(self, workspace_id: UUID) -> bool:
        """True for a member; everybody else must not learn that something exists there."""
        return workspace_id in self.roles

    def allows(self, workspace_id: UUID, action: str) -> bool:
        """True when they may do ``action`` in the workspace."""
        return permissions.allows(self.roles.get(workspace_id), action, scopes=self.scopes)

    def refusal(self, workspace_id: UUID, action: str) -> str | None:
        """Why they may not do ``action`` in the workspace, or None when they may."""
        return permissions.refusal(self.roles.get(workspace_id), action, scopes=self.scopes)

    def installation_refusal(self, action: str) -> str | None:
        """Why they may not do an action beyond any workspace, or None when they may."""
        return permissions.installation_refusal(
            action,
            staff=self.user.is_staff,
            administrator=self.user.is_superuser,
            scopes=None if self.token is None else self.scopes,
        )


def principal_of_user(user: User) -> Principal:
    """The principal of a signed-in user, with every role they hold now (one query)."""
    rows = Membership.objects.filter(user=user).values_list("workspace_id", "role")
    return Principal(user=user, roles=dict(rows))


def principal_of_token(text: str) -> Principal | None:
    """The principal of a token's text; None for one unknown, expired or revoked, or whose user is gone."""
    parsed = tokens.parse(text)
    if parsed is None:
        return None
    principal = _of_token(parsed.id)
    if principal is None or principal.token is None:
        return None
    return principal if parsed.matches(bytes(principal.token.secret_digest)) else None


def principal_again(principal: Principal) -> Principal | None:
    """The same principal read anew, or None when user or token were withdrawn meanwhile."""
    if principal.token is not None:
        return _of_token(principal.token.id)
    user = User.objects.filter(id=principal.user.id, is_active=True).first()
    return None if user is None else principal_of_user(user)


def memberships(user: User, *, only: Sequence[UUID] | None = None) -> list[Membership]:
    """The user's memberships with their workspaces, by slug; ``only`` narrows to these workspace ids."""
    rows = Membership.objects.filter(user=user).select_related("workspace").order_by("workspace__slug")
    return list(rows if only is None else rows.filter(workspace_id__in=only))


def workspace(reference: str, *, among: Sequence[UUID]) -> Workspace | None:
    """The workspace with this id or slug among those ids, or None."""
    rows = Workspace.objects.filter(id__in=among)
    try:
        return rows.filter(id=UUID(reference)).first()
    except ValueError:
        return rows.filter(slug=reference).first()


def workspace_by_id(workspace_id: UUID) -> Workspace | None:
    """Any workspace, or None."""
    return Workspace.objects.filter(id=workspace_id).first()


def members(workspace_id: UUID, *, after: str | None = None, limit: int = 50) -> list[Membership]:
    """Memberships of a workspace with their users, by username; ``after``: only names behind this one."""
    rows = Membership.objects.filter(workspace_id=workspace_id).select_related("user")
    if after is not None:
        rows = rows.filter(user__username__gt=after)
    return list(rows.order_by("user__username")[:limit])


def member(workspace_id: UUID, *, user_id: UUID) -> Membership | None:
    """One membership with its user, or None."""
    rows = Membership.objects.filter(workspace_id=workspace_id, user_id=user_id)
    return rows.select_related("user").first()


def users(
    *, search: str = "", active: bool | None = None, after: str | None = None, limit: int = 50
) -> list[User]:
    """Users by username; ``search`` looks in names and addresses, ``after``: only names behind this one."""
    rows = User.objects.all()
    if search:
        looked_in = ("username", "first_name", "last_name", "email")
        found = Q()
        for name in looked_in:
            found |= Q(**{f"{name}__icontains": search})
        rows = rows.filter(found)
    if active is not None:
        rows = rows.filter(is_active=active)
    if after is not None:
        rows = rows.filter(username__gt=after)
    return list(rows.order_by("username")[:limit])


def user(user_id: UUID) -> User | None:
    """One user, active or not, or None."""
    return User.objects.filter(id=user_id).first()


def usernames(ids: Sequence[UUID]) -> dict[UUID, str]:
    """The usernames of these users by id; ids of users that are gone are absent."""
    return dict(User.objects.filter(id__in=ids).values_list("id", "username"))


def tokens_of(user: User, *, workspace_id: UUID) -> list[ApiToken]:
    """The user's tokens in a workspace that were not revoked, newest first."""
    return list(ApiToken.objects.filter(user=user, workspace_id=workspace_id, revoked_at=None))


def token_of(user: User, token_id: UUID) -> ApiToken | None:
    """One token of the user, revoked or not, or None."""
    return ApiToken.objects.filter(user=user, id=token_id).first()


def _of_token(token_id: UUID) -> Principal | None:
    """The principal of a usable token. Every request of a program asks: one statement, made once."""
    with connection.cursor() as database:
        database.execute(_token_sql(), [token_id])
        row = database.fetchone()
    if row is None:
        return None
    token_names, user_names = _names(ApiToken), _names(User)
    token_values = dict(zip(token_names, row, strict=False))
    token = ApiToken(**{**token_values, "scopes": json.loads(token_values["scopes"])})
    user = User(**dict(zip(user_names, row[len(token_names) : -1], strict=True)))
    token.user = user
    roles = {} if row[-1] is None else {token.workspace_id: row[-1]}
    return Principal(user=user, roles=roles, scopes=tuple(token.scopes), token=token)


def _names(model: type[ApiToken | User]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]  # noqa: SLF001 - the way Django documents


@cache
def _token_sql() -> str:
    columns = [f"t.{name}" for name in _names(ApiToken)] + [f"u.{name}" for name in _names(User)]
    return f"""
        SELECT {", ".join(columns)}, m.role
        FROM fermata_api_token t JOIN fermata_user u ON u.id = t.user_id
        LEFT JOIN fermata_membership m ON m.user_id = t.user_id AND m.workspace_id = t.workspace_id
        WHERE t.id = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
          AND u.is_active
        """  # noqa: S608 - columns of our own models


def groups_of(user: User) -> list[str]:
    """The names of the user's groups, sorted."""
    return list(user.groups.order_by("name").values_list("name", flat=True))
