"""Ids follow from what they name, alike in Python and in SQL."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fermata.machine import identity

EXECUTION = "01890a5d-ac96-774b-bcce-b302099a8057"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)


def test_an_id_is_a_uuid_and_always_the_same() -> None:
    root = identity.root_id(EXECUTION)
    assert str(UUID(root)) == root
    assert root == identity.root_id(EXECUTION)


def test_everything_that_tells_two_rows_apart_is_in_the_id() -> None:
    root, other = identity.root_id(EXECUTION), identity.hashed("another")
    ids = [
        root,
        identity.step_id(root, 0, "a"),
        identity.step_id(root, 1, "a"),
        identity.step_id(root, 0, "b"),
        identity.step_id(root, 0, "a", run=2),
        identity.step_id(root, 0, "a", kind="skip"),
        identity.step_id(other, 0, "a"),
        identity.join_id(root, 0, "a"),
        identity.join_id(root, 0, "a", run=2),
        identity.loop_id(root, 0, "@a"),
        identity.container_id(root),
        identity.container_id(root, attempt=2),
        identity.child_id(root, 1, 0),
        identity.child_id(root, 1, 1),
        identity.child_id(root, 2, 0),
    ]
    assert len(set(ids)) == len(ids)


@pytest.mark.django_db
def test_sql_hashes_as_python_does() -> None:
    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(TEXTS)
    def both(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT fermata_id(%s)::text", [text])
            assert cursor.fetchone() == (identity.hashed(text),)

    both()
