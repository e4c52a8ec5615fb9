"""The text of an API token, ``fmt_<id>_<secret>``: made, taken apart, compared. No database here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass

PREFIX = "fmt"
SECRET_BYTES = 32
LONGEST = 200


@dataclass(frozen=True, slots=True)
class TokenText:
    """The two parts of a token. ``secret`` is text; only its digest may be stored."""

    id: uuid.UUID
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}_{self.id.hex}_{self.secret}"

    def __repr__(self) -> str:
        return f"TokenText({self.id})"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret, 32 bytes."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, digest: bytes) -> bool:
        """True when ``digest`` belongs to this secret; takes the same time either way."""
        return hmac.compare_digest(self.digest, digest)


def generate() -> TokenText:
    """A new token with a 256-bit secret."""
    return TokenText(id=uuid.uuid4(), secret=secrets.token_urlsafe(SECRET_BYTES))


def parse(text: str) -> TokenText | None:
    """The parts of ``text``, or None when it is no token."""
    parts = text.split("_", 2) if len(text) <= LONGEST and text.isascii() else []
    if len(parts) != 3 or parts[0] != PREFIX or len(parts[1]) != 32 or not parts[2]:
        return None
    try:
        return TokenText(id=uuid.UUID(hex=parts[1]), secret=parts[2])
    except ValueError:
        return None
