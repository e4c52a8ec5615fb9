"""Tickets: good for one use within 30 seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from fermata.accounts import queries, tokens
from fermata.accounts.models import Ticket
from fermata.accounts.queries import Principal
from fermata.accounts.tokens import TokenText

LIFETIME = timedelta(seconds=30)
PREFIX = "fmtt"


def issue(principal: Principal, *, purpose: str) -> tuple[str, datetime]:
    """A ticket's text and when it expires; expired ones are cleared away."""
    text = tokens.generate()
    expires_at = timezone.now() + LIFETIME
    Ticket.objects.filter(expires_at__lt=Now()).delete()
    Ticket.objects.create(
        id=text.id,
        secret_digest=text.digest,
        user=principal.user,
        token=principal.token,
        purpose=purpose,
        expires_at=expires_at,
    )
    return str(text).replace(tokens.PREFIX, PREFIX, 1), expires_at


def redeem(text: str, *, purpose: str) -> Principal | None:
    """Use a ticket up.

    Its principal as of now, or None for one that is unknown, used, expired or for something else.
    """
    parsed: TokenText | None = None
    if text.startswith(f"{PREFIX}_"):
        parsed = tokens.parse(text.replace(PREFIX, tokens.PREFIX, 1))
    if parsed is None:
        return None
    with transaction.atomic():
        usable = Ticket.objects.select_for_update(of=("self",)).select_related("user", "token__user")
        ticket = usable.filter(id=parsed.id, purpose=purpose, expires_at__gt=Now()).first()
        if ticket is None or not parsed.matches(bytes(ticket.secret_digest)):
            return None
        ticket.delete()
    return queries.principal_again(Principal(user=ticket.user, token=ticket.token))
