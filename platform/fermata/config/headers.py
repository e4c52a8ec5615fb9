"""Response headers: those that keep a browser from helping an attacker, and the number of the request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from fermata.config import logs

POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "  # Django admin and the canvas position things inline
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class SecurityHeaders:
    """Middleware: a content security policy and a permissions policy on every response.

    A view that needs others sets its own.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on, then add what the view has not set itself."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"
        )
        return response


class RequestId:
    """Middleware: every request has a number, in its answer and in each line of the log that it caused.

    A proxy in front that numbers requests already is believed.
    """

    sync_capable = True
    async_capable = False
    SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on under the number, then tell it."""
        given = request.headers.get("X-Request-ID", "")
        number = given if self.SAFE.fullmatch(given) else secrets.token_hex(8)
        token = logs.request_id.set(number)
        try:
            response = self.get_response(request)
        finally:
            logs.request_id.reset(token)
        response.headers["X-Request-ID"] = number
        return response
