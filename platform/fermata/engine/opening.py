"""Opening sealed secrets in a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from fermata.accounts import vault
from fermata.accounts.sealing import Opened
from fermata.engine.store import run
from fermata.errors import ServerUnavailable


def opened(workspace_id: str, names: Sequence[str]) -> Mapping[str, Opened]:
    """Those of a workspace's secrets that exist.

    Raises ServerUnavailable while PostgreSQL is away: the step is then taken up again, it has not failed.
    """
    try:
        return vault.opened(UUID(workspace_id), names)
    except (OperationalError, InterfaceError):
        connection.close()
    run("SELECT 1")  # waits until PostgreSQL is back
    try:
        return vault.opened(UUID(workspace_id), names)
    except (OperationalError, InterfaceError) as error:
        raise ServerUnavailable("PostgreSQL does not answer.") from error
