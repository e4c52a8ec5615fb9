"""What is sealed opens in its own place, with its own key, and nowhere else."""

from __future__ import annotations

import uuid

import pytest

from fermata.accounts.sealing import Keyring, Opened, Place, seal, unseal
from fermata.errors import SealBroken, WrongSealingKey

OLD, NEW = "the old sealing key, 32 characters", "the new sealing key, 32 characters"
TEXT = "pa$$wörd\nof two lines"


@pytest.fixture
def place() -> Place:
    return Place(uuid.uuid4(), uuid.uuid4(), 3)


@pytest.fixture
def key(place: Place) -> bytes:
    keyring = Keyring([OLD])
    return keyring.data_key(place.workspace_id, keyring.new_data_key(place.workspace_id))


def test_opens_where_it_was_sealed(place, key):
    sealed = seal(TEXT, data_key=key, place=place)
    assert unseal(sealed, data_key=key, place=place) == TEXT
    assert TEXT.encode() not in sealed


def test_is_sealed_differently_each_time(place, key):
    assert seal(TEXT, data_key=key, place=place) != seal(TEXT, data_key=key, place=place)


@pytest.mark.parametrize("changed", ["workspace_id", "secret_id", "version"])
def test_does_not_open_in_another_place(place, key, changed):
    values = {"workspace_id": place.workspace_id, "secret_id": place.secret_id, "version": place.version}
    other = Place(**{**values, changed: 4 if changed == "version" else uuid.uuid4()})
    with pytest.raises(SealBroken):
        unseal(seal(TEXT, data_key=key, place=place), data_key=key, place=other)


def test_one_changed_bit_anywhere_is_noticed(place, key):
    sealed = seal(TEXT, data_key=key, place=place)
    for at in range(len(sealed)):
        damaged = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            unseal(damaged, data_key=key, place=place)


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 13, b"\x02" * 60])
def test_what_was_never_sealed_does_not_open(place, key, sealed):
    with pytest.raises(SealBroken):
        unseal(sealed, data_key=key, place=place)


def test_a_data_key_is_its_own_workspaces_alone():
    keyring, here, there = Keyring([OLD]), uuid.uuid4(), uuid.uuid4()
    with pytest.raises(SealBroken, match="another workspace"):
        keyring.data_key(there, keyring.new_data_key(here))


def test_sealing_keys_can_be_changed_one_after_the_other():
    workspace = uuid.uuid4()
    wrapped = Keyring([OLD]).new_data_key(workspace)
    key = Keyring([OLD]).data_key(workspace, wrapped)
    both = Keyring([NEW, OLD])
    assert both.data_key(workspace, wrapped) == key
    again = both.rewrapped(wrapped)
    assert Keyring([NEW]).data_key(workspace, again) == key
    with pytest.raises(WrongSealingKey):
        Keyring([OLD]).data_key(workspace, again)


def test_a_wrong_key_names_its_cure():
    workspace = uuid.uuid4()
    wrapped = Keyring([OLD]).new_data_key(workspace)
    with pytest.raises(WrongSealingKey) as caught:
        Keyring([NEW]).data_key(workspace, wrapped)
    assert "FERMATA_SEALING_KEYS" in (caught.value.cure or "")
    with pytest.raises(WrongSealingKey):
        Keyring([NEW]).rewrapped(wrapped)


def test_an_opened_secret_does_not_show_itself():
    assert "hidden" not in repr(Opened("hidden"))
