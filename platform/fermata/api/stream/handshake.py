"""Who may open a stream.

Runs in a thread; every refusal is an HTTP status given before the socket is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.http.request import validate_host

from fermata.accounts import queries, tickets
from fermata.accounts.models import User
from fermata.accounts.queries import Principal
from fermata.api.authentication import note_use
from fermata.api.problems import InvalidRequest
from fermata.errors import InvalidInput

ACTION = "execution.read"
DETAILS = {
    400: "The address is malformed.",
    403: "This is not allowed.",
    404: "There is no such execution.",
    503: "A server that is needed does not answer.",
}


class Refusal(Exception):
    """The handshake is refused with ``status``."""

    def __init__(
        self, status: int, detail: str | None = None, *, problems: list[dict[str, Any]] | None = None
    ) -> None:
        self.status = status
        self.detail = detail or DETAILS[status]
        self.problems = problems or []
        super().__init__(self.detail)


@dataclass(frozen=True, slots=True)
class Admitted:
    """An opened stream: who, by what, of which workspaces, and what the address asks for."""

    principal: Principal
    workspace_ids: frozenset[UUID]
    asked: Any = None
    session_key: str | None = None

    @property
    def credential(self) -> str:
        """What is asked about once for all who came with it."""
        if self.session_key is not None:
            return f"session:{self.session_key}"
        token = self.principal.token
        return f"user:{self.principal.user.pk}" if token is None else f"token:{token.pk}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever knocks: who they are, and the parameters of the address but the ticket."""

    principal: Principal
    session_key: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    def admitted(self, workspace_ids: frozenset[UUID], asked: Any = None) -> Admitted:
        """Let them in."""
        return Admitted(self.principal, workspace_ids, asked, self.session_key)


def visitor(scope: dict[str, Any], *, purpose: str) -> Visitor:
    """Who knocks: by ticket for this purpose, bearer token, or session cookie with the site's own origin.

    Raises Refusal.
    """
    parameters = _parameters(scope)
    headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
    session_key: str | None = None
    if "ticket" in parameters:
        principal = tickets.redeem(parameters.pop("ticket"), purpose=purpose)
    elif headers.get(b"authorization", "").lower().startswith("bearer "):
        principal = queries.principal_of_token(headers[b"authorization"][7:].strip())
    else:
        session_key = _session_key(headers)
        principal = None if session_key is None else _of_session(session_key)
        if principal is not None and not _own_origin(headers):
            raise Refusal(403, "The stream opens for pages of this site only.")
    if principal is None:
        raise Refusal(403, "Nobody is signed in; or the ticket was used, or is older than 30 seconds.")
    note_use(principal)
    return Visitor(principal, session_key, parameters)


def require(principal: Principal, workspace_id: UUID, *, missing: str) -> None:
    """Raise Refusal: 404 for a stranger to the workspace, 403 for a member without the right."""
    if not principal.sees(workspace_id):
        raise Refusal(404, missing)
    reason = principal.refusal(workspace_id, ACTION)
    if reason is not None:
        raise Refusal(403, reason)


def principal_now(admitted: Admitted) -> Principal | None:
    """The principal as of now, None when session or token have ended."""
    if admitted.session_key is not None:
        return _of_session(admitted.session_key)
    return queries.principal_again(admitted.principal)


def malformed(error: InvalidRequest | InvalidInput) -> Refusal:
    """The refusal that an address's problems make."""
    return Refusal(400, error.message, problems=error.problems)


def _parameters(scope: dict[str, Any]) -> dict[str, str]:
    text = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=30)
    except ValueError:
        raise Refusal(400) from None
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refusal(400, "A parameter stands twice; send it once.")
    if any("\x00" in value for value in found.values()):
        raise Refusal(400, "A parameter holds a NUL character.")
    return found


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
    """A browser always says where a page comes from; only the site's own pages may use its cookie.

    Where cookies are for https only, so are pages.
    """
    origin = headers.get(b"origin", "").lower()
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
        host = parts.hostname
    except ValueError:
        return False
    schemes = {"https"} if settings.SESSION_COOKIE_SECURE else {"http", "https"}
    return (
        parts.scheme in schemes
        and bool(host)
        and parts.netloc == headers.get(b"host", "").lower()
        and validate_host(f"[{host}]" if ":" in str(host) else str(host), settings.ALLOWED_HOSTS)
    )
