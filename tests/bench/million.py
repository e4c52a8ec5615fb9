"""A workspace as it looks after years: a million executions, loaded by PostgreSQL itself within a minute.

``load()`` needs a database with the tables in place, and commits. What it makes (``million.sql``) comes from
the number of a row alone, so that two runs hold the same rows:

- three workspaces with 90, 7 and 3 % of the executions; forty workflows in the first, one of them with a
  third of all; ids and ``created_at`` spread over 180 days, newest last;
- 2 % are live (the newest, and some old ones that wait): of them a quarter moves, the others wait;
- of the rest 8 % failed (eleven error classes, one rare), 1 % cancelled, 1 % timed out;
- every execution has a step, live ones have three; one live execution has ten thousand waiting steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from fermata.workflows.models import Version
from tests.factories import VersionFactory, WorkspaceFactory

EXECUTIONS = 1_000_000
WORKFLOWS = (40, 6, 2)
"""How many workflows each of the three workspaces has."""
SQL = (Path(__file__).parent / "million.sql").read_text(encoding="utf-8")
TABLES = ("fermata_execution", "fermata_region", "fermata_step")
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
"""Of constraints there are few; the others are made after the rows, which takes half the time."""
WIDE = 10_000
"""Waiting steps of the one wide execution."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What to ask for. ``busiest``: the workflow with a third of the executions; ``quiet``: one with few."""

    workspaces: tuple[UUID, ...]
    busiest: UUID
    quiet: UUID
    executions: int


def load(executions: int = EXECUTIONS) -> Loaded:
    """Fill the tables, then gather statistics as autovacuum would."""
    versions = [_versions(count) for count in WORKFLOWS]
    places = [
        (version.id, team, place)
        for team, rows in enumerate(versions)
        for place, version in enumerate(rows, start=1)
    ]
    ids, teams, numbers = (list(column) for column in zip(*places, strict=True))
    with connection.cursor() as database:
        database.execute("SET statement_timeout = 0; SET synchronous_commit = off")
        with transaction.atomic():
            database.execute("SET LOCAL maintenance_work_mem = '512MB'")
            database.execute(INDEXES, [list(TABLES)])
            indexes = database.fetchall()
            for name, _ in indexes:
                database.execute(f"DROP INDEX {name}")
            database.execute(
                SQL, {"ids": ids, "teams": teams, "places": numbers, "count": executions, "wide": WIDE}
            )
            database.execute("DROP TABLE million_version")
            for _, definition in indexes:
                database.execute(definition)
        for table in TABLES:
            database.execute(f"VACUUM (ANALYZE) {table}")
        database.execute("RESET statement_timeout; RESET synchronous_commit")
    return Loaded(
        workspaces=tuple(rows[0].workspace_id for rows in versions),
        busiest=versions[0][0].workflow_id,
        quiet=versions[0][-1].workflow_id,
        executions=executions,
    )


def unload() -> None:
    """Take the executions away again."""
    with connection.cursor() as database:
        database.execute(f"TRUNCATE {', '.join(TABLES)}")


def _versions(count: int) -> Sequence[Version]:
    workspace = WorkspaceFactory()
    return [VersionFactory(workflow__workspace=workspace) for _ in range(count)]
