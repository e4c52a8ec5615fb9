"""Secrets in PostgreSQL: bound to their rows, opened by this installation's keys, changed at work."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from fermata.accounts import vault
from fermata.accounts.models import DataKey, Secret, Workspace
from fermata.errors import SealBroken, WrongSealingKey
from tests.factories import SecretFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db

OLD, NEW = "the old sealing key, 32 characters", "the new sealing key, 32 characters"


@pytest.fixture
def keys(settings: Any) -> Any:
    """Change the sealing keys: ``keys(first, …)``."""

    def change(*texts: str) -> None:
        settings.FERMATA_SEALING_KEYS = texts

    change(OLD)
    return change


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory()


def value_of(secret: Secret) -> str:
    return vault.opened(secret.workspace_id, [secret.name])[secret.name].value


def test_gives_a_value_back_with_its_hosts(workspace):
    secret = SecretFactory(workspace=workspace, value="the value", hosts=["API.example.com"])
    [opened] = vault.opened(workspace.id, [secret.name, "absent"]).values()
    assert (opened.value, opened.hosts) == ("the value", ("api.example.com",))


def test_one_workspace_opens_nothing_of_another(workspace):
    secret = SecretFactory()
    assert vault.opened(workspace.id, [secret.name]) == {}


def test_a_ciphertext_copied_into_another_row_does_not_open(workspace):
    mine, yours = SecretFactory(workspace=workspace), SecretFactory()
    beside = SecretFactory(workspace=workspace)
    for victim in (yours, beside):
        Secret.objects.filter(id=mine.id).update(sealed=victim.sealed)
        with pytest.raises(SealBroken) as caught:
            value_of(mine)
        assert caught.value.cure


def test_a_copied_data_key_opens_nothing_either(workspace):
    mine, yours = SecretFactory(workspace=workspace), SecretFactory()
    stolen = DataKey.objects.get(workspace=yours.workspace).wrapped
    DataKey.objects.filter(workspace=workspace).update(wrapped=stolen)
    Secret.objects.filter(id=mine.id).update(sealed=yours.sealed)
    with pytest.raises(SealBroken):
        value_of(mine)


def test_an_older_value_put_back_does_not_open(workspace):
    secret = SecretFactory(workspace=workspace, value="first value")
    before = secret.sealed
    vault.put_value(secret.id, value="second value", by=None)
    assert value_of(secret) == "second value"
    Secret.objects.filter(id=secret.id).update(sealed=before)
    with pytest.raises(SealBroken):
        value_of(secret)


def test_keys_are_changed_while_at_work(workspace, keys):
    secret = SecretFactory(workspace=workspace, value="the value")
    keys(NEW, OLD)
    assert value_of(secret) == "the value"
    call_command("rewrap_secrets", stdout=(said := io.StringIO()))
    assert "Wrapped 1 data keys" in said.getvalue()
    keys(NEW)
    assert value_of(secret) == "the value"
    keys(OLD)
    with pytest.raises(WrongSealingKey):
        value_of(secret)


def test_a_lost_key_is_named_and_only_given_up_when_told_to(workspace, keys):
    secret = SecretFactory(workspace=workspace)
    keys(NEW)
    with pytest.raises(WrongSealingKey):
        vault.put_value(secret.id, value="another", by=None)
    with pytest.raises(CommandError, match=str(workspace.id)):
        call_command("rewrap_secrets", stdout=io.StringIO())
    assert DataKey.objects.filter(workspace=workspace).exists()
    call_command("rewrap_secrets", "--discard-lost", stdout=(said := io.StringIO()))
    assert "set its 1 secrets anew" in said.getvalue()
    vault.put_value(secret.id, value="another", by=None)
    assert value_of(secret) == "another"


def test_the_last_use_is_noted_to_the_minute(workspace):
    secret = SecretFactory(workspace=workspace)
    assert secret.last_used_at is None
    value_of(secret)
    secret.refresh_from_db()
    first = secret.last_used_at
    assert timezone.now() - first < timedelta(minutes=1)
    value_of(secret)
    secret.refresh_from_db()
    assert secret.last_used_at == first
    Secret.objects.update(last_used_at=F("last_used_at") - timedelta(minutes=2))
    value_of(secret)
    secret.refresh_from_db()
    assert secret.last_used_at >= first
