"""What somebody changed about rights and people, said in the log: one line ``audit {json}`` each."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any

from django.db import transaction

logger = logging.getLogger("fermata.audit")


def note(action: str, *, by: str, **facts: Any) -> None:
    """Log that ``by`` (``user:<name>``) did ``action``, once the transaction is committed.

    ``facts`` are ids and names, never secrets. Line ends in names are escaped by JSON.
    """
    line = json.dumps({"action": action, "by": by, **facts}, default=str)
    transaction.on_commit(partial(logger.info, "audit %s", line))
