"""The engine's SQL functions in the database: `migrate` installs what `sql/*.sql` says.

Functions are code, not state: what counts is the newest text of all of them, so they are replaced after any
migration, in one transaction, when their digest (kept as the comment of `fermata_id`) is another one. An
older Fermata at work meanwhile must find every function it calls: a function's arguments are changed by
adding another function.
"""

from __future__ import annotations

import hashlib
import logging
import re
from pathlib import Path
from typing import Any

from django.db import ProgrammingError, connections, transaction
from psycopg.errors import InvalidFunctionDefinition

logger = logging.getLogger(__name__)

SQL = Path(__file__).parent / "sql"
ORDER = (
    "identity", "seen", "claim", "apply", "variables", "record", "together", "start", "settle", "recovery",
    "operations",
)  # fmt: skip
"""Files are installed in this order: a function in SQL names only what exists."""
NAMED = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)", re.MULTILINE)


def texts() -> list[str]:
    """What the files say, in order."""
    return [(SQL / f"{name}.sql").read_text(encoding="utf-8") for name in ORDER]


def digest() -> str:
    """Of all texts, in hexadecimal."""
    return hashlib.sha256("\n".join(texts()).encode()).hexdigest()


def installed(using: str) -> str | None:
    """The digest of what the database has; None when it has none yet."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regprocedure('fermata_id(text)'), 'pg_proc')")
        row = cursor.fetchone()
    return row[0] if row else None


def install(using: str) -> bool:
    """Replace all functions unless they are these already; whether that was needed.

    Of several processes at it at once one installs, the others wait and find it done.
    """
    wanted = digest()
    if installed(using) == wanted:
        return False
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fermata functions', 0))")
        if installed(using) == wanted:
            return False
        try:
            with transaction.atomic(using=using):
                _create(cursor)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InvalidFunctionDefinition):
                raise
            _drop(cursor)  # one answers with another type than before: it cannot be replaced in place
            _create(cursor)
        cursor.execute(f"COMMENT ON FUNCTION fermata_id(text) IS '{wanted}'")
    logger.info("The engine's SQL functions were installed.")
    return True


def _create(cursor: Any) -> None:
    for text in texts():
        cursor.execute(text)


def _drop(cursor: Any) -> None:
    names = sorted({name for text in texts() for name in NAMED.findall(text)})
    cursor.execute(
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE proname = ANY (%s) AND pronamespace = current_schema()::regnamespace",
        [names],
    )
    known = ", ".join(name for (name,) in cursor.fetchall())
    cursor.execute(f"DROP FUNCTION {known}")


def after_migrations(using: str, **_: Any) -> None:
    """Receiver of `post_migrate`. Going back before the engine's tables leaves nothing to install."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('fermata_step') IS NOT NULL")
        [there] = cursor.fetchone()
    if there:
        install(using)
