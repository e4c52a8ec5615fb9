"""One suite for every implementation of leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from fermata.coordination.lease import LeaseBook, Leases, MemoryLeases

TTL = 30.0


@pytest.fixture(params=["redis", "memory"])
def leases(request: pytest.FixtureRequest) -> LeaseBook:
    if request.param == "memory":
        return MemoryLeases()
    request.getfixturevalue("connection")
    return Leases()


@pytest.fixture
def forget(leases: LeaseBook, request: pytest.FixtureRequest) -> Callable[[], object]:
    if isinstance(leases, MemoryLeases):
        return leases.forget
    return request.getfixturevalue("connection").flushall


def test_gives_a_free_lease_to_the_first_only(leases: LeaseBook) -> None:
    assert leases.acquire("s", token="a", ttl_seconds=TTL)
    assert not leases.acquire("s", token="b", ttl_seconds=TTL)
    assert leases.acquire("other", token="b", ttl_seconds=TTL)


def test_gives_it_again_to_the_same_token_and_keeps_its_fence(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=TTL)
    assert leases.renew("s", token="a", fence=7, ttl_seconds=TTL) == "held"
    assert leases.acquire("s", token="a", ttl_seconds=TTL)
    assert leases.renew("s", token="b", fence=7, ttl_seconds=TTL) == "lost"


def test_gives_those_of_many_that_nobody_has(leases: LeaseBook) -> None:
    assert leases.acquire("s2", token="b", ttl_seconds=TTL)
    assert leases.acquire("s3", token="a", ttl_seconds=TTL)
    assert leases.acquire_many(["s1", "s2", "s3"], token="a", ttl_seconds=TTL) == ["s1", "s3"]
    assert not leases.acquire("s1", token="b", ttl_seconds=TTL)
    assert leases.held(["s1", "s2", "s3"]) == {"s1", "s2", "s3"}


def test_gives_one_of_many_threads_the_lease(leases: LeaseBook) -> None:
    barrier = threading.Barrier(8)
    won: list[str] = []

    def run(name: str) -> None:
        barrier.wait()
        if leases.acquire("s", token=name, ttl_seconds=TTL):
            won.append(name)

    threads = [threading.Thread(target=run, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_takes_back_a_lease_that_vanished(leases: LeaseBook, forget: Callable[[], object]) -> None:
    leases.acquire("s", token="a", ttl_seconds=TTL)
    forget()
    assert leases.renew("s", token="a", fence=3, ttl_seconds=TTL) == "retaken"
    assert leases.renew("s", token="a", fence=3, ttl_seconds=TTL) == "held"
    assert not leases.acquire("s", token="b", ttl_seconds=TTL)


@pytest.mark.parametrize(("mine", "expected"), [(6, "retaken"), (5, "lost"), (4, "lost")])
def test_replaces_only_a_lower_fence(leases: LeaseBook, mine: int, expected: str) -> None:
    leases.acquire("s", token="other", ttl_seconds=TTL)
    leases.renew("s", token="other", fence=5, ttl_seconds=TTL)
    assert leases.renew("s", token="mine", fence=mine, ttl_seconds=TTL) == expected
    assert leases.renew("s", token="other", fence=5, ttl_seconds=TTL) == ("lost" if mine > 5 else "held")


def test_never_lowers_its_own_fence(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=TTL)
    leases.renew("s", token="a", fence=9, ttl_seconds=TTL)
    assert leases.renew("s", token="a", fence=2, ttl_seconds=TTL) == "held"
    assert leases.renew("s", token="b", fence=5, ttl_seconds=TTL) == "lost"


def test_compares_fences_as_numbers(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=TTL)
    leases.renew("s", token="a", fence=9, ttl_seconds=TTL)
    assert leases.renew("s", token="b", fence=10, ttl_seconds=TTL) == "retaken"


def test_keeps_a_token_that_holds_colons_whole(leases: LeaseBook) -> None:
    leases.acquire("s", token="host:1:x", ttl_seconds=TTL)
    assert not leases.acquire("s", token="x", ttl_seconds=TTL)
    assert leases.acquire("s", token="host:1:x", ttl_seconds=TTL)
    assert leases.release("s", token="host:1:x")


def test_releases_its_own_only(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=TTL)
    assert not leases.release("s", token="b")
    assert leases.held(["s"]) == {"s"}
    assert leases.release("s", token="a")
    assert leases.held(["s"]) == set()
    assert not leases.release("s", token="a")


def test_names_the_held_among_many(leases: LeaseBook) -> None:
    for number in range(0, 30, 3):
        leases.acquire(f"s{number}", token="a", ttl_seconds=TTL)
    asked = [f"s{number}" for number in range(2500)]
    assert leases.held(asked) == {f"s{number}" for number in range(0, 30, 3)}
    assert leases.held([]) == set()


def test_lets_a_lease_run_out(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=0.05)
    deadline = time.monotonic() + 5
    while not leases.acquire("s", token="b", ttl_seconds=TTL):
        assert time.monotonic() < deadline, "the lease never ran out"
    assert leases.renew("s", token="a", fence=0, ttl_seconds=TTL) == "lost"


def test_extends_the_time_when_renewed(leases: LeaseBook) -> None:
    leases.acquire("s", token="a", ttl_seconds=0.05)
    assert leases.renew("s", token="a", fence=1, ttl_seconds=TTL) in {"held", "retaken"}
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        assert leases.held(["s"]) == {"s"}
