"""Writes of users: made, changed, deactivated, passwords. Each is one transaction.

Users are never deleted: journals and versions name them. Whoever is deactivated can do nothing from that
moment: sessions end, tokens are revoked, open streams close at their next look.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from fermata.accounts import audit, sessions
from fermata.accounts.models import ApiToken, Ticket, User
from fermata.errors import Conflict, Forbidden, InvalidInput, NotFound

FLAGS = ("is_active", "is_staff", "is_superuser")
CHANGEABLE = ("name", "email", "locale", "password", *FLAGS)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user just made; ``password`` is the generated one, to be shown once, None when it was given."""

    user: User
    password: str | None


def create(
    *,
    username: str,
    by: User,
    password: str | None = None,
    name: str = "",
    email: str = "",
    is_staff: bool = False,
    is_superuser: bool = False,
) -> NewUser:
    """A user who may sign in; without ``password`` one is generated.

    Raises InvalidInput for a name or password that will not do, Conflict when the name is taken.
    """
    user = User(username=User.normalize_username(username), first_name=name, email=email)
    user.is_staff, user.is_superuser = is_staff or is_superuser, is_superuser
    generated = None if password else secrets.token_urlsafe(12)
    if password:
        _check_password(password, user, pointer="/password")
    user.set_password(password or generated)
    _check_fields(user)
    with transaction.atomic():
        # Names that differ by case only are told apart by nobody who reads a journal.
        if User.objects.filter(username__iexact=user.username).exists():
            raise Conflict(f"There is a user {user.username} already.", cure="Choose another name.")
        user.save(force_insert=True)
        _note("user.created", user, by, is_staff=user.is_staff, is_superuser=user.is_superuser)
    return NewUser(user=user, password=generated)


def change(user_id: UUID, *, changes: Mapping[str, Any], by: User) -> User:
    """Change some of ``CHANGEABLE``. A new password ends every session of the user, as deactivating does.

    Raises NotFound, InvalidInput, and Conflict for what would leave no administrator or shut ``by`` out.
    """
    with transaction.atomic():
        # Whoever takes an administrator's rights waits for the others who do.
        administrators = {
            row.id
            for row in User.objects.select_for_update(no_key=True)
            .filter(is_superuser=True, is_active=True)
            .order_by("id")
        }
        user = User.objects.select_for_update(no_key=True).filter(id=user_id).first()
        if user is None:
            raise NotFound("There is no such user.")
        _check_authority(by, administrators)
        before = {name: getattr(user, name) for name in FLAGS}
        _put(user, changes)
        if user.id in administrators and not (user.is_superuser and user.is_active):
            _keep_an_administrator(user, by, administrators)
        _check_fields(user)
        user.save()
        if before["is_active"] and not user.is_active:
            end_access(user)
        after = {name: getattr(user, name) for name in FLAGS if getattr(user, name) != before[name]}
        others = sorted(set(changes) - set(FLAGS))
        _note("user.changed", user, by, fields=others, **after)
    return user


def change_password(user: User, *, old: str, new: str) -> None:
    """Give oneself a new password; every session signed in with the old one ends.

    Raises InvalidInput for a wrong old or an unfit new one.
    """
    if not user.check_password(old):
        raise _problem("wrong_password", "/old_password", "This is not your password.", "Type it again.")
    _check_password(new, user, pointer="/new_password")
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        _note("user.password_changed", user, user)


def end_access(user: User) -> None:
    """End the user's sessions, tokens and tickets now."""
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())
    Ticket.objects.filter(user=user).delete()
    sessions.end_all(user)


def _check_authority(by: User, administrators: set[UUID]) -> None:
    if by.id not in administrators:
        raise Forbidden("This is for administrators of the installation.")


def _put(user: User, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if name == "password":
            _check_password(value, user, pointer="/password")
            user.set_password(value)
        elif name == "name":
            user.first_name, user.last_name = value, ""
        elif name in CHANGEABLE:
            setattr(user, name, value)
        else:
            raise ValueError(f"{name} cannot be changed")


def _keep_an_administrator(user: User, by: User, administrators: set[UUID]) -> None:
    if user.id == by.id:
        raise Conflict("Nobody takes this from themselves.", cure="Ask another administrator.")
    if administrators <= {user.id}:
        raise Conflict("This is the last administrator.", cure="Make somebody else an administrator first.")


def _check_fields(user: User) -> None:
    try:
        user.full_clean(exclude=["password"], validate_unique=False)
    except ValidationError as error:
        aliases = {"first_name": "name", "last_name": "name"}
        rows = [
            _row("invalid_value", f"/{aliases.get(name, name)}", message, "Correct the value.")
            for name, messages in error.message_dict.items()
            for message in messages
        ]
        raise InvalidInput(rows[0]["message"], problems=rows) from error


def _check_password(password: str, user: User, *, pointer: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        rows = [_row("weak_password", pointer, message, "Choose another one.") for message in error.messages]
        raise InvalidInput(rows[0]["message"], problems=rows) from error


def _row(code: str, pointer: str, message: str, cure: str) -> dict[str, str]:
    return {"code": code, "pointer": pointer, "message": message, "cure": cure}


def _problem(code: str, pointer: str, message: str, cure: str) -> InvalidInput:
    return InvalidInput(message, problems=[_row(code, pointer, message, cure)])


def _note(action: str, user: User, by: User, **facts: object) -> None:
    audit.note(action, by=f"user:{by.get_username()}", user=user.get_username(), **facts)
