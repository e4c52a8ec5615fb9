"""``/session`` (sign in and out), ``/me`` and its password.

Django's own sign-in works on the request that DRF wraps, hence ``_request``.
"""

# ruff: noqa: SLF001 — see above
from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.middleware.csrf import get_token
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import audit, queries, sessions, throttle, users
from fermata.accounts.models import User
from fermata.accounts.queries import Principal
from fermata.api.problems import NotSignedIn, TooManyRequests
from fermata.api.resource import PUBLIC, SIGNED_IN, Input, Resource
from fermata.api.schema import described
from fermata.api.shapes import Me
from fermata.errors import Forbidden


class SignIn(Input):
    """Name and password."""

    username: str = Field(min_length=1, max_length=150)
    password: str = Field(min_length=1, max_length=1000)


class NewPassword(Input):
    """The old password and the one to come."""

    old_password: str = Field(min_length=1, max_length=1000)
    new_password: str = Field(min_length=1, max_length=1000)


class SessionView(Resource):
    """Sign in and out."""

    actions = {"post": PUBLIC, "delete": SIGNED_IN}

    def get_authenticators(self) -> list[Any]:
        """Signing in asks for no cookie: an old one must not stand in the way."""
        return [] if getattr(self.request, "method", None) == "POST" else super().get_authenticators()

    @described("Sign in", body=SignIn, answer=Me, errors=(429,))
    def post(self, request: Request) -> Response:
        """Check name and password; the session's cookie and the CSRF cookie come with the answer."""
        given = self.body(SignIn)
        address = request.META.get("REMOTE_ADDR", "")
        wait = throttle.attempt(given.username, address=address)
        if wait is not None:
            raise TooManyRequests(retry_after_seconds=wait)
        user = authenticate(request._request, username=given.username, password=given.password)
        if not isinstance(user, User):
            raise NotSignedIn("The name or the password is wrong.")
        throttle.forget(given.username, address=address)
        login(request._request, user)
        sessions.begin(request._request.session)
        audit.note("session.begun", by=f"user:{user.get_username()}", address=address)
        get_token(request._request)
        return Response(me(queries.principal_of_user(user)))

    @described("Sign out", status=204)
    def delete(self, request: Request) -> Response:
        """End the session."""
        logout(request._request)
        return Response(status=204)


class MeView(Resource):
    """The caller."""

    actions = {"get": SIGNED_IN}

    @described("Who am I", answer=Me)
    def get(self, request: Request) -> Response:
        """The caller, their workspaces and roles."""
        get_token(request._request)  # the pages need the CSRF cookie
        return Response(me(self.principal))


class PasswordView(Resource):
    """The caller's password."""

    actions = {"put": SIGNED_IN}

    @described("Change my password", body=NewPassword, status=204, errors=(422, 429))
    def put(self, request: Request) -> Response:
        """Needs the old one; every other session of the caller ends. Tokens stay: revoke them apart."""
        if self.principal.token is not None:
            raise Forbidden("A token changes no password.", cure="Sign in with the old password.")
        given = self.body(NewPassword)
        user = self.principal.user
        address = request.META.get("REMOTE_ADDR", "")
        wait = throttle.attempt(user.get_username(), address=address)
        if wait is not None:
            raise TooManyRequests(retry_after_seconds=wait)
        users.change_password(user, old=given.old_password, new=given.new_password)
        throttle.forget(user.get_username(), address=address)
        update_session_auth_hash(request._request, user)
        return Response(status=204)


def me(principal: Principal) -> dict[str, Any]:
    """The body of ``GET /me``; also embedded in the pages."""
    user = principal.user
    return {
        "user": {
            "id": user.id,
            "username": user.get_username(),
            "name": user.get_full_name(),
            "email": user.email,
            "is_staff": user.is_staff,
            "is_superuser": user.is_superuser,
        },
        "workspaces": workspaces(principal),
        "locale": user.locale,
        "features": {},
        "token": principal.token.id if principal.token else None,
    }


def workspaces(principal: Principal) -> list[dict[str, Any]]:
    """{"id", "slug", "name", "role"} of the workspaces the principal may see."""
    rows = queries.memberships(principal.user, only=list(principal.roles))
    return [
        {"id": row.workspace_id, "slug": row.workspace.slug, "name": row.workspace.name, "role": row.role}
        for row in rows
    ]
