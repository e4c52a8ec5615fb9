"""Django's sessions in the database, whose keys come from strangers' cookies.

Django looks up whatever the cookie holds; a quoted cookie can hold NUL, which PostgreSQL refuses.
"""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db

KEY = re.compile(r"[a-z0-9]{8,40}\Z")


class SessionStore(db.SessionStore):
    """As Django's; a text that Django would never make is no key."""

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and KEY.match(key) is not None
