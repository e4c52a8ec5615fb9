"""Calls through libpq: errors as a cursor raises them, and nothing lost of what a transaction means."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction

from fermata.engine import prepared
from fermata.engine.store import call, run

FUNCTIONS = """
CREATE OR REPLACE FUNCTION test_answer(a int, b text) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT jsonb_build_object('a', a, 'b', b) $$;
CREATE OR REPLACE FUNCTION test_deadlock(times int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('test_tries') < times THEN
        RAISE EXCEPTION 'again' USING ERRCODE = '40P01';
    END IF;
    RETURN '"done"';
END $$;
CREATE TABLE IF NOT EXISTS test_row (n int);
CREATE OR REPLACE FUNCTION test_insert(n int) RETURNS jsonb LANGUAGE sql AS
    $$ INSERT INTO test_row VALUES (n) RETURNING to_jsonb(n) $$;
"""


@pytest.fixture
def functions(transactional_db: None) -> None:
    """Functions of this test's own; the test database goes with them."""
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS test_tries")
        cursor.execute("ALTER SEQUENCE test_tries RESTART")
        cursor.execute("TRUNCATE test_row")


@pytest.mark.usefixtures("functions")
class TestCall:
    def test_arguments_arrive_as_they_are_and_none_is_null(self) -> None:
        assert call("test_answer", 3, "it's \\ 'ü' {}") == {"a": 3, "b": "it's \\ 'ü' {}"}
        assert call("test_answer", None, "") == {"a": None, "b": ""}

    def test_a_nul_character_is_refused_rather_than_cut_off(self) -> None:
        with pytest.raises(ValueError, match="NUL"):
            call("test_answer", 1, "a\0b")

    def test_an_error_is_the_one_a_cursor_would_raise(self) -> None:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            call("test_answer", "three", "x")
        assert call("test_answer", 1, "x") == {"a": 1, "b": "x"}

    def test_a_lost_deadlock_is_tried_again(self) -> None:
        assert call("test_deadlock", 3) == "done"

    def test_a_connection_that_was_ended_is_replaced(self) -> None:
        assert call("test_answer", 1, "x")
        [(pid,)] = run("SELECT pg_backend_pid()")
        with psycopg.connect(_url()) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert call("test_answer", 2, "y") == {"a": 2, "b": "y"}

    def test_within_a_transaction_it_belongs_to_that_transaction(self) -> None:
        with transaction.atomic():
            call("test_insert", 1)
            transaction.set_rollback(True)
        assert run("SELECT count(*) FROM test_row") == [(0,)]
        call("test_insert", 2)
        assert run("SELECT n FROM test_row") == [(2,)]

    def test_a_statement_is_prepared_once_a_connection(self) -> None:
        for _ in range(3):
            call("test_answer", 1, "x")
        rows = run("SELECT name FROM pg_prepared_statements WHERE name LIKE 'fermata test_answer%%'")
        assert rows == [("fermata test_answer 2",)]
        assert prepared._names[connection.connection]["test_answer", 2] == b"fermata test_answer 2"


def _url() -> str:
    given = connection.get_connection_params()
    return psycopg.conninfo.make_conninfo(
        **{name: given[name] for name in ("host", "port", "user", "password", "dbname") if name in given}
    )
