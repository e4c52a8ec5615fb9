"""Who may open a stream.

Runs in a thread; every refusal is an HTTP status given before the socket is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from fermata.accounts import queries, tickets
from fermata.accounts.models import User
from fermata.accounts.queries import Principal
from fermata.api.authentication import note_use
from fermata.api.permitted import ticket_purpose
from fermata.engine import queries as engine
from fermata.errors import InvalidInput, NotFound

ACTION = "execution.read"


class Refusal(Exception):
    """The handshake is refused with ``status``."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


@dataclass(frozen=True, slots=True)
class Admitted:
    """An opened stream: who, on which execution of which workspace, from where (None: from a snapshot)."""

    principal: Principal
    execution_id: UUID
    workspace_id: UUID
    after: int | None
    session_key: str | None = None


def admit(scope: dict[str, Any], execution_id: UUID) -> Admitted:
    """Decide on a handshake.

    Raises Refusal: 403 for nobody, a foreign origin or a missing right, 404 for a stranger.
    """
    asked = parse_qs(scope.get("query_string", b"").decode("ascii", "replace"), keep_blank_values=True)
    headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
    session_key: str | None = None
    if "ticket" in asked:
        principal = tickets.redeem(asked["ticket"][0], purpose=ticket_purpose(execution_id))
    elif headers.get(b"authorization", "").lower().startswith("bearer "):
        principal = queries.principal_of_token(headers[b"authorization"][7:].strip())
    else:
        session_key = _session_key(headers)
        principal = None if session_key is None else _of_session(session_key)
        if principal is not None and not _own_origin(headers):
            raise Refusal(403)
    if principal is None:
        raise Refusal(403)
    note_use(principal)
    workspace_id = _workspace(execution_id, principal)
    return Admitted(principal, execution_id, workspace_id, _after(asked), session_key)


def standing(admitted: Admitted) -> int | None:
    """None while the stream may go on.

    4401 when session or token ended, 4403 when the right was withdrawn.
    """
    if admitted.session_key is not None:
        principal = _of_session(admitted.session_key)
    else:
        principal = queries.principal_again(admitted.principal)
    if principal is None:
        return 4401
    return None if principal.allows(admitted.workspace_id, ACTION) else 4403


def _workspace(execution_id: UUID, principal: Principal) -> UUID:
    try:
        workspace_id: UUID = engine.workspace_of(execution_id).workspace_id
    except NotFound:
        raise Refusal(404) from None
    if not principal.sees(workspace_id):
        raise Refusal(404)
    if not principal.allows(workspace_id, ACTION):
        raise Refusal(403)
    return workspace_id


def _after(asked: dict[str, list[str]]) -> int | None:
    text = asked.get("after", [""])[0]
    try:
        return engine.parse_cursor(text) if text else None
    except InvalidInput:
        raise Refusal(400) from None


def _session_key(headers: dict[bytes, str]) -> str | None:
    try:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    return cookie.value if cookie is not None and cookie.value else None


def _of_session(session_key: str) -> Principal | None:
    """Whoever is signed in.

    Django's own check includes the password's hash, so a changed password ends it.
    """
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return queries.principal_of_user(user) if isinstance(user, User) and user.is_active else None


def _own_origin(headers: dict[bytes, str]) -> bool:
    """A browser always says where a page comes from; only the site's own pages may use its cookie."""
    origin = headers.get(b"origin", "")
    if not origin:
        return False
    return origin in settings.CSRF_TRUSTED_ORIGINS or (
        urlsplit(origin).netloc == headers.get(b"host")
        and _allowed(urlsplit(origin).hostname, settings.ALLOWED_HOSTS)
    )


def _allowed(host: str | None, allowed: Iterable[str]) -> bool:
    names = [name.strip("[]") for name in allowed]
    return host is not None and ("*" in names or host in names)
