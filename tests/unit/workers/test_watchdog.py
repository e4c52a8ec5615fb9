from __future__ import annotations

from workers.watchdog import Hearing

HEAD, OTHER = b"one", b"two"


def hearing() -> Hearing:
    return Hearing(patience_seconds=60)


def test_is_deaf_when_one_message_waits_the_whole_patience() -> None:
    ears = hearing()
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=100) is None
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=159) is None
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=160) == "default"


def test_is_not_deaf_while_others_take_messages() -> None:
    ears = hearing()
    for now in range(0, 600, 10):
        head = HEAD if now % 20 else OTHER
        assert ears.deaf(heads={"default": head}, received=5, busy=False, now=now) is None


def test_is_not_deaf_while_it_works() -> None:
    ears = hearing()
    for now in range(0, 600, 10):
        assert ears.deaf(heads={"default": HEAD}, received=5, busy=True, now=now) is None
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=600) is None
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=661) == "default"


def test_is_not_deaf_while_it_receives() -> None:
    ears = hearing()
    for turn in range(60):
        assert ears.deaf(heads={"default": HEAD}, received=turn, busy=False, now=turn * 10) is None


def test_begins_anew_when_a_queue_was_empty() -> None:
    ears = hearing()
    ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=0)
    ears.deaf(heads={}, received=5, busy=False, now=30)
    assert ears.deaf(heads={"default": HEAD}, received=5, busy=False, now=61) is None


def test_names_the_queue_that_waits_among_several() -> None:
    ears = hearing()
    ears.deaf(heads={"slow": HEAD, "default": OTHER}, received=5, busy=False, now=0)
    assert ears.deaf(heads={"slow": HEAD, "default": HEAD}, received=5, busy=False, now=60) == "slow"
