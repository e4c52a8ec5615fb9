"""The database has the functions that the files say, whatever it had before."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, connections

from fermata.engine import functions

pytestmark = pytest.mark.django_db


def answer(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return row[0] if row else None


def test_every_file_is_installed() -> None:
    assert {path.stem for path in functions.SQL.glob("*.sql")} == set(functions.ORDER)
    assert functions.installed("default") == functions.digest()


def test_nothing_is_done_for_what_is_there_already() -> None:
    assert functions.install("default") is False


@pytest.mark.parametrize(
    "older",
    [
        "CREATE OR REPLACE FUNCTION fermata_rest() RETURNS int LANGUAGE sql AS 'SELECT 41'",
        (
            "DROP FUNCTION fermata_rest();"
            "CREATE FUNCTION fermata_rest() RETURNS text LANGUAGE sql AS 'SELECT ''old'''"
        ),
        "DROP FUNCTION fermata_rest()",
    ],
)
def test_a_database_with_older_functions_gets_the_new_ones_by_migrate(older: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(older)
        cursor.execute("COMMENT ON FUNCTION fermata_id(text) IS 'of another version'")
    call_command("migrate", verbosity=0)
    assert functions.installed("default") == functions.digest()
    assert answer("SELECT fermata_rest()") == 0


def test_a_file_with_a_mistake_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for path in functions.SQL.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "operations.sql").write_text(
        "CREATE OR REPLACE FUNCTION fermata_rest() RETURNS int AS nonsense"
    )
    before = functions.installed("default")
    monkeypatch.setattr(functions, "SQL", tmp_path)
    with pytest.raises(ProgrammingError):
        functions.install("default")
    assert functions.installed("default") == before
    assert answer("SELECT fermata_rest()") == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_processes_that_migrate_at_once_one_installs() -> None:
    done: list[bool] = []

    def migrate() -> None:
        try:
            done.append(functions.install("default"))
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON FUNCTION fermata_id(text) IS 'of another version'")
    both = [threading.Thread(target=migrate) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(done) == [False, True]
    assert functions.installed("default") == functions.digest()
