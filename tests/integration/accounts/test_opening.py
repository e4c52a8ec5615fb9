"""A worker opens secrets although PostgreSQL was away for a moment."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from fermata.accounts import vault
from fermata.engine import opening, runtime
from fermata.errors import ServerUnavailable
from fermata.graph.expression import compile_expression
from fermata.graph.syntax import _RESERVED
from fermata.nodes import redaction
from tests.factories import SecretFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cuts", [0, 1, 2])
def test_a_cut_connection_is_made_anew_once(monkeypatch, cuts):
    secret = SecretFactory(value="the value")
    real, left = vault.opened, [OperationalError("cut")] * cuts

    def cut(*given: Any) -> Any:
        if left:
            raise left.pop()
        return real(*given)

    monkeypatch.setattr(vault, "opened", cut)
    if cuts > 1:
        with pytest.raises(ServerUnavailable):
            opening.opened(str(secret.workspace_id), [secret.name])
        return
    assert opening.opened(str(secret.workspace_id), [secret.name])[secret.name].value == "the value"


@pytest.mark.django_db
def test_the_performer_of_a_process_opens_what_is_sealed(redis_url):
    secret = SecretFactory(value="the value")
    runtime.forget()
    given = runtime.performer("here").parts.open_secrets(str(secret.workspace_id), [secret.name, "absent"])
    assert {name: opened.value for name, opened in given.items()} == {secret.name: "the value"}
    runtime.forget()


def test_every_name_that_is_accepted_can_be_read_by_an_expression():
    for name in [*sorted(_RESERVED), "a", "_", "__proto", "A1_b", "n" * 64, "size", "int", "steps"]:
        assert vault.NAME.fullmatch(name)
        assert compile_expression(f"secrets.{name}").references.secrets == (name,)


def test_what_is_too_short_to_be_masked_is_too_short_to_be_kept():
    assert vault.SHORTEST >= redaction.SHORTEST
