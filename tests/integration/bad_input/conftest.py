"""The callers of the interface's tests, a count and a digest of every row there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import connection

from tests.integration.api.conftest import (  # noqa: F401 - fixtures, used by name
    Caller,
    anybody,
    caller_of,
    editor,
    stranger,
    workflow,
    workspace,
)

Counts = dict[str, int]


@pytest.fixture
def counted(db: None) -> Callable[[], Counts]:
    """Rows of every table of ours, by table."""

    def count() -> Counts:
        models = [model for model in apps.get_models() if model.__module__.startswith("fermata.")]
        return {model._meta.db_table: model._default_manager.count() for model in models}

    return count


Digests = dict[str, str]


@pytest.fixture
def digested(db: None) -> Callable[[], Digests]:
    """What stands in every table of the database, by table: a row that changed shows like one that came."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = sorted(row[0] for row in cursor.fetchall())
    assert len(tables) > 20
    one = "SELECT '{0}', md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM \"{0}\" t"
    query = " UNION ALL ".join(one.format(table) for table in tables)

    def digest() -> Digests:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return dict(cursor.fetchall())

    return digest
