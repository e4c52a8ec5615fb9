"""Everything a ledger keeps, as one text to search."""

from __future__ import annotations

from typing import Any

from fermata.engine.store import run
from tests.contracts.postgres import Postgres


def everything(ledger: Any) -> str:
    """All rows of all tables, or all that the ledger in memory holds."""
    if not isinstance(ledger, Postgres):
        return repr(vars(ledger))
    tables = [row[0] for row in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return "\n".join(
        str(row[0]) for table in tables for row in run(f'SELECT kept::text FROM "{table}" AS kept')
    )
