"""Django's sessions in the database, for browsers: whose keys come from strangers' cookies, and how they end.

A session ends when it is unused for ``SESSION_COOKIE_AGE``, and two weeks after the sign-in at the latest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from fermata.accounts.models import User

KEY = re.compile(r"[a-z0-9]{8,40}\Z")
LONGEST = timedelta(days=14)
SEEN_PRECISION = timedelta(minutes=5)
"""A session in use is written at most this often."""
SINCE, SEEN = "since", "seen"


class SessionStore(db.SessionStore):
    """As Django's; a text that Django would never make is no key.

    Django looks up whatever the cookie holds; a quoted cookie can hold NUL, which PostgreSQL refuses.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and KEY.match(key) is not None


class IdleExpiry:
    """Middleware: a session in use lives on, one that is too old ends. Other requests cost nothing."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the session before anybody asks who is signed in."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            keep_alive(request.session, now=time.time())
        return self.get_response(request)


def begin(session: SessionBase) -> None:
    """Note the moment of a sign-in."""
    session[SINCE] = session[SEEN] = int(time.time())


def keep_alive(session: SessionBase, *, now: float) -> None:
    """Note that a signed-in session is used; end it when the sign-in is too long ago."""
    if SESSION_KEY not in session:
        return
    since = session.get(SINCE, now)
    if now - since > LONGEST.total_seconds():
        session.flush()
    elif SINCE not in session or now - session.get(SEEN, since) > SEEN_PRECISION.total_seconds():
        session[SINCE], session[SEEN] = int(since), int(now)


def end_all(user: User) -> None:
    """End every session of the user. It reads them all: Django keeps the user inside the sealed text."""
    theirs = [
        row.session_key
        for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if row.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
