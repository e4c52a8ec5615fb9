"""Sealing texts so that the database alone gives none away. No database here.

Each workspace has a data key of 256 bits. A text is sealed under it with AES-256-GCM, whose associated data
name workspace, secret and version: a ciphertext copied into another row does not open. Data keys are kept
wrapped by the installation's sealing keys, of which the first wraps and all unwrap, so that keys can be
changed at work.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fermata.errors import SealBroken, WrongSealingKey

FORMAT = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 32
PURPOSE = b"fermata sealing keys"


@dataclass(frozen=True, slots=True)
class Opened:
    """A secret's text, readable. ``hosts``: where it may be sent; empty: anywhere."""

    value: str = field(repr=False)
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The row a sealed text belongs to."""

    workspace_id: UUID
    secret_id: UUID
    version: int

    @property
    def bound(self) -> bytes:
        """What the seal is bound to."""
        return self.workspace_id.bytes + self.secret_id.bytes + self.version.to_bytes(8, "big")


class Keyring:
    """The installation's sealing keys; each is made from a text of high entropy."""

    def __init__(self, texts: Sequence[str]) -> None:
        """``texts``: the first wraps, all unwrap."""
        self._keys = MultiFernet([Fernet(urlsafe_b64encode(_derived(text))) for text in texts])

    def new_data_key(self, workspace_id: UUID) -> bytes:
        """A new data key, wrapped. It is bound to its workspace, because Fernet binds to nothing."""
        return self._keys.encrypt(workspace_id.bytes + secrets.token_bytes(KEY_BYTES))

    def data_key(self, workspace_id: UUID, wrapped: bytes) -> bytes:
        """The data key. Raises WrongSealingKey when none of the keys fits, SealBroken in another's row."""
        try:
            opened = self._keys.decrypt(wrapped)
        except InvalidToken:
            raise _wrong_key() from None
        if opened[:16] != workspace_id.bytes:
            cure = "Restore the row of fermata_data_key from a backup."
            raise SealBroken("This data key belongs to another workspace.", cure=cure)
        return opened[16:]

    def rewrapped(self, wrapped: bytes) -> bytes:
        """The same data key, wrapped by the first key. Raises WrongSealingKey."""
        try:
            return self._keys.rotate(wrapped)
        except InvalidToken:
            raise _wrong_key() from None


def seal(text: str, *, data_key: bytes, place: Place) -> bytes:
    """The text, to be opened in this place alone."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(data_key).encrypt(nonce, text.encode(), FORMAT + place.bound)


def unseal(sealed: bytes, *, data_key: bytes, place: Place) -> str:
    """What was sealed in this place. Raises SealBroken."""
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        if sealed[:1] != FORMAT:
            raise InvalidTag
        return AESGCM(data_key).decrypt(nonce, body, FORMAT + place.bound).decode()
    except (InvalidTag, ValueError):
        raise SealBroken(cure="Set its value anew.") from None


def _derived(text: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(text.encode())


def _wrong_key() -> WrongSealingKey:
    return WrongSealingKey(
        cure="Put the key that sealed them back into FERMATA_SEALING_KEYS, after the new one, everywhere. "
        "If it is lost: `manage.py rewrap_secrets --discard-lost`, and set the values anew."
    )
