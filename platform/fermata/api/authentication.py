"""Who is asking: the session cookie with its CSRF token, or an API token.

Both put a :class:`fermata.accounts.queries.Principal` into ``request.auth``.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from fermata.accounts import operations, queries
from fermata.accounts.models import User
from fermata.accounts.queries import Principal

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer fmt_…``. Any other scheme is left to others."""

    def authenticate(self, request: Request) -> tuple[User, Principal] | None:
        """User and principal, or None without the header.

        Raises AuthenticationFailed for a token that is no good.
        """
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, text = header.partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        principal = queries.principal_of_token(text.strip())
        if principal is None:
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        note_use(principal)
        return principal.user, principal

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return f'{SCHEME} realm="fermata"'


class CookieAuthentication(SessionAuthentication):
    """The session cookie; anything but a read needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Principal] | None:
        """User and principal, or None when nobody is signed in.

        Raises PermissionDenied without CSRF token.
        """
        found = super().authenticate(request)
        return None if found is None else (found[0], queries.principal_of_user(found[0]))


def note_use(principal: Principal) -> None:
    """Remember the use of a token, to the minute; most requests write nothing."""
    token = principal.token
    if token is None:
        return
    if token.last_used_at is None or timezone.now() - token.last_used_at > timedelta(seconds=60):
        operations.note_token_use(token)
