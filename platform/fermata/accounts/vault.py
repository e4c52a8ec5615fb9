"""Secrets of workspaces: kept sealed, listed without their values, opened for the worker alone.

Only :func:`opened` gives a value back, and only the engine calls it (see ``engine/secrecy.py``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from fermata.accounts import audit, sealing
from fermata.accounts.models import DataKey, Secret, User
from fermata.accounts.sealing import Keyring, Opened, Place
from fermata.errors import Conflict, InvalidInput, NotFound, OutOfDate, WrongSealingKey

SHORTEST, LONGEST = 4, 64 * 1024
"""Characters of a value. A shorter one could not be blotted out without shredding ordinary text."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
WORDS = frozenset({"true", "false", "null", "in"})
"""Words of the expression language."""
HOST = re.compile(
    r"(\*\.)?([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?"
)
MOST_HOSTS = 50
MOST_SECRETS = 1000
USED_PRECISION = timedelta(minutes=1)


def create(
    *,
    workspace_id: UUID,
    name: str,
    value: str,
    description: str = "",
    hosts: Sequence[str] = (),
    by: User | None,
) -> Secret:
    """A new secret at version 1. Raises InvalidInput, Conflict when the name is taken, WrongSealingKey."""
    _check(name=name, value=value, hosts=hosts)
    if Secret.objects.filter(workspace_id=workspace_id).count() >= MOST_SECRETS:
        raise Conflict(f"A workspace holds {MOST_SECRETS} secrets at most.", cure="Delete some.")
    secret = Secret(workspace_id=workspace_id, name=name, created_by=by, updated_by=by)
    secret.description, secret.hosts = description, _spelled(hosts)
    secret.sealed = _sealed(secret, value)
    try:
        with transaction.atomic():
            secret.save(force_insert=True)
    except IntegrityError as error:
        if "secret_name_once" not in str(error):
            raise
        cure = "Give the existing one a new value, or choose another name."
        raise Conflict(f"There is a secret {name} already.", cure=cure, pointer="/name") from error
    _note("secret.added", secret, by=by)
    return secret


def put_value(secret_id: UUID, *, value: str, version: int | None = None, by: User | None) -> Secret:
    """Seal a new value as the next version.

    ``version``: only if it is still this one. Raises InvalidInput, NotFound, OutOfDate, WrongSealingKey.
    """
    _check(value=value)
    with transaction.atomic():
        secret = _locked(secret_id)
        if version is not None and version != secret.version:
            cure = "Read the secret again, and send its version in If-Match."
            raise OutOfDate(cure=cure, version=secret.version)
        secret.version += 1
        secret.sealed = _sealed(secret, value)
        secret.updated_by = by
        secret.save(update_fields=["version", "sealed", "updated_by", "updated_at"])
        _note("secret.set", secret, by=by)
    return secret


def change(
    secret_id: UUID, *, description: str | None = None, hosts: Sequence[str] | None = None, by: User | None
) -> Secret:
    """Change what is not sealed. Raises InvalidInput, NotFound."""
    _check(hosts=hosts or ())
    with transaction.atomic():
        secret = _locked(secret_id)
        if description is not None:
            secret.description = description
        if hosts is not None:
            secret.hosts = _spelled(hosts)
        secret.updated_by = by
        secret.save(update_fields=["description", "hosts", "updated_by", "updated_at"])
        _note("secret.changed", secret, by=by)
    return secret


def delete(secret_id: UUID, *, by: User | None) -> None:
    """Forget it. Raises NotFound."""
    with transaction.atomic():
        secret = _locked(secret_id)
        _note("secret.deleted", secret, by=by)
        secret.delete()


def secret(secret_id: UUID) -> Secret:
    """One secret, sealed. Raises NotFound."""
    row = Secret.objects.select_related("created_by", "updated_by").filter(id=secret_id).first()
    if row is None:
        raise NotFound("There is no such secret.")
    return row


def secrets(
    *, workspace_ids: Collection[UUID], after: tuple[str, UUID] | None = None, limit: int = 50
) -> list[Secret]:
    """Secrets, sealed, by name; ``after``: name and id of the last row of the page before."""
    rows = Secret.objects.select_related("created_by", "updated_by").filter(workspace_id__in=workspace_ids)
    if after is not None:
        name, last_id = after
        rows = rows.filter(Q(name__gt=name) | Q(name=name, id__gt=last_id))
    return list(rows.order_by("name", "id")[:limit])


def names(workspace_id: UUID) -> frozenset[str]:
    """The names of a workspace's secrets."""
    return frozenset(Secret.objects.filter(workspace_id=workspace_id).values_list("name", flat=True))


def opened(workspace_id: UUID, wanted: Collection[str]) -> dict[str, Opened]:
    """Name → readable secret, for those that exist; notes the use. Raises WrongSealingKey, SealBroken."""
    sealed = Secret.objects.select_related("workspace__data_key")
    rows = list(sealed.filter(workspace_id=workspace_id, name__in=wanted))
    if not rows:
        return {}
    kept: DataKey | None = getattr(rows[0].workspace, "data_key", None)
    key = _data_key(workspace_id) if kept is None else keyring().data_key(workspace_id, bytes(kept.wrapped))
    found = {
        row.name: Opened(sealing.unseal(bytes(row.sealed), data_key=key, place=_place(row)), tuple(row.hosts))
        for row in rows
    }
    _note_use(rows)
    return found


def rewrap() -> tuple[int, list[UUID]]:
    """Wrap every data key with the first sealing key.

    How many there were, and the workspaces whose key none of the sealing keys unwraps.
    """
    done, lost = 0, []
    for workspace_id in DataKey.objects.values_list("workspace_id", flat=True):
        with transaction.atomic():
            row = DataKey.objects.select_for_update().get(workspace_id=workspace_id)
            try:
                row.wrapped = keyring().rewrapped(bytes(row.wrapped))
            except WrongSealingKey:
                lost.append(workspace_id)
                continue
            row.save(update_fields=["wrapped", "wrapped_at"])
            done += 1
    return done, lost


def discard(workspace_id: UUID) -> int:
    """Give up a data key that nobody can unwrap; how many secrets must be set anew."""
    DataKey.objects.filter(workspace_id=workspace_id).delete()
    return Secret.objects.filter(workspace_id=workspace_id).count()


def keyring() -> Keyring:
    """The installation's sealing keys."""
    return _keyring(tuple(settings.FERMATA_SEALING_KEYS))


@lru_cache(maxsize=4)
def _keyring(texts: tuple[str, ...]) -> Keyring:
    return Keyring(texts)


def _data_key(workspace_id: UUID) -> bytes:
    """The workspace's data key; made when there is none. Of two processes that make one, one wins."""
    row = DataKey.objects.filter(workspace_id=workspace_id).first()
    if row is None:
        made = keyring().new_data_key(workspace_id)
        row, _ = DataKey.objects.get_or_create(workspace_id=workspace_id, defaults={"wrapped": made})
    return keyring().data_key(workspace_id, bytes(row.wrapped))


def _sealed(secret: Secret, value: str) -> bytes:
    return sealing.seal(value, data_key=_data_key(secret.workspace_id), place=_place(secret))


def _place(secret: Secret) -> Place:
    return Place(secret.workspace_id, secret.id, secret.version)


def _locked(secret_id: UUID) -> Secret:
    rows = Secret.objects.select_for_update(of=("self",)).select_related("created_by", "updated_by")
    row = rows.filter(id=secret_id).first()
    if row is None:
        raise NotFound("There is no such secret.")
    return row


def _note_use(rows: Sequence[Secret]) -> None:
    """Remember the use to the minute: at most one write a minute however many steps read it."""
    recent = timezone.now() - USED_PRECISION
    if all(row.last_used_at is not None and row.last_used_at > recent for row in rows):
        return  # spares the question; PostgreSQL's clock decides about the rest
    stale = Q(last_used_at=None) | Q(last_used_at__lt=Now() - USED_PRECISION)
    Secret.objects.filter(stale, id__in=[row.id for row in rows]).update(last_used_at=Now())


def _note(action: str, secret: Secret, *, by: User | None) -> None:
    who = "system" if by is None else f"user:{by.get_username()}"
    facts = {"workspace_id": secret.workspace_id, "secret": secret.name, "version": secret.version}
    audit.note(action, by=who, hosts=secret.hosts, **facts)


def _spelled(hosts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(host.lower() for host in hosts))


def _check(*, name: str | None = None, value: str | None = None, hosts: Sequence[str] = ()) -> None:
    """Raise InvalidInput with every problem; a value is never repeated."""
    problems: list[dict[str, Any]] = []
    if name is not None and (not NAME.fullmatch(name) or name in WORDS):
        cure = "Use up to 64 letters, digits and _, not beginning with a digit."
        problems.append(_row("invalid_name", "/name", "Expressions cannot name it like this.", cure))
    if value is not None and not SHORTEST <= len(value) <= LONGEST:
        message = f"A secret has {SHORTEST} to {LONGEST} characters."
        cure = "Shorter ones could not be kept out of outputs and errors; keep longer ones elsewhere."
        problems.append(_row("invalid_value", "/value", message, cure))
    if len(hosts) > MOST_HOSTS:
        problems.append(
            _row("too_many_hosts", "/hosts", f"At most {MOST_HOSTS} hosts.", "Name fewer, or *.domain.")
        )
    problems += [
        _row(
            "invalid_host",
            f"/hosts/{at}",
            "This is no host.",
            "Write api.example.com, *.example.com or host:8443.",
        )
        for at, host in enumerate(hosts)
        if not HOST.fullmatch(host)
    ]
    if problems:
        raise InvalidInput("The secret cannot be kept like this.", problems=problems)


def _row(code: str, pointer: str, message: str, cure: str) -> dict[str, Any]:
    return {"code": code, "pointer": pointer, "message": message, "cure": cure}
