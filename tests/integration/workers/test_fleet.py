"""A fleet of workers of one process each: none is missing for long, none outlives its parent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from fermata.engine.ledger import Ring
from workers import fleet
from workers.dispatcher import CeleryDispatcher

SECONDS = 20.0


def ring() -> Ring:
    return Ring(str(uuid4()), str(uuid4()), node_id="n", kind="node", queue="default", priority=5)


def send(count: int) -> None:
    CeleryDispatcher(mode="off").ring([ring() for _ in range(count)])


def taken(connection: redis.Redis) -> int:
    """The pid of the worker that took the next message."""
    answer: Any = connection.blpop("echo", timeout=SECONDS)
    assert answer, "nobody took the message"
    return int(answer[1].split()[3])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_end(*pids: int) -> None:
    deadline = time.monotonic() + SECONDS
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if is_alive(pid)]}"
        time.sleep(0.02)


@pytest.fixture
def two(start: Callable[..., Any], connection: redis.Redis) -> tuple[Any, set[int]]:
    """A fleet of two workers that each hold a message, and their pids."""
    program = start("-m", "echo_fleet", "--processes", "2", "--hostname", "f%n@test")
    program.said("f0@test ready.")
    program.said("f1@test ready.")
    connection.set("hold", "1")
    send(2)
    return program, {taken(connection), taken(connection)}


def test_performs_in_as_many_processes_as_asked_and_takes_no_message_it_cannot_begin(
    two: tuple[Any, set[int]], connection: redis.Redis
) -> None:
    program, pids = two
    assert len(pids) == 2
    assert program.process.pid not in pids
    send(3)
    assert connection.llen("wf:default") == 3
    connection.delete("hold")
    assert {taken(connection) for _ in range(3)} <= pids
    assert program.stop() == 0
    assert not any(map(is_alive, pids))


def test_replaces_a_worker_that_was_killed(two: tuple[Any, set[int]], connection: redis.Redis) -> None:
    program, pids = two
    killed = min(pids)
    os.kill(killed, signal.SIGKILL)
    program.said(f"(pid {killed}) ended; another takes its place.")
    send(1)
    successor = taken(connection)
    assert successor not in pids
    connection.delete("hold")
    assert program.stop() == 0
    assert not any(map(is_alive, pids | {successor}))


def test_lets_the_steps_under_way_finish_when_it_is_asked_to_end(
    two: tuple[Any, set[int]], connection: redis.Redis
) -> None:
    program, pids = two
    program.process.send_signal(signal.SIGTERM)
    program.said("Warm shutdown")
    send(1)
    assert all(map(is_alive, pids))
    connection.delete("hold")
    assert program.stop() == 0
    assert connection.llen("wf:default") == 1  # nothing new was begun


def test_ends_at_once_when_it_is_asked_twice(two: tuple[Any, set[int]]) -> None:
    program, pids = two
    program.process.send_signal(signal.SIGTERM)
    program.said("Warm shutdown")
    assert program.stop(by=signal.SIGTERM) == 0
    assert not any(map(is_alive, pids))


def test_leaves_no_worker_behind_when_it_is_killed(
    two: tuple[Any, set[int]], connection: redis.Redis
) -> None:
    program, pids = two
    program.process.kill()
    connection.delete("hold")
    await_end(*pids)


def test_replaces_a_worker_that_grew_too_large_after_its_step(
    start: Callable[..., Any], connection: redis.Redis
) -> None:
    connection.set("hold", "1")
    program = start("-m", "echo_fleet", "--processes", "1", FERMATA_WORKER_MEMORY_MB="1")
    send(1)
    first = taken(connection)
    program.said("MB of memory; it makes room for another.")
    assert is_alive(first), "it is at a step"
    connection.delete("hold")
    program.said(f"(pid {first}) ended; another takes its place.")
    send(1)
    assert taken(connection) != first
    assert program.stop() == 0


def test_gives_a_worker_that_keeps_ending_ever_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(fleet.time, "monotonic", lambda: now)
    seat = fleet.Seat(0)
    own = fleet.Fleet([seat])
    pauses = []
    for lived in (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, fleet.STEADY_SECONDS, 1):
        seat.pid, seat.since = 1, now
        now += lived
        own._left(seat)
        pauses.append(seat.due - now)
    assert pauses[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert pauses[9:] == pytest.approx([fleet.LONGEST_PAUSE_SECONDS, 0.0, 0.1])


def test_only_one_worker_of_a_fleet_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    class ForkedError(Exception):
        """Instead of becoming a worker."""

    swept: list[bool] = []

    def ends(code: int) -> None:
        raise ForkedError

    monkeypatch.setattr(fleet.os, "fork", lambda: 0)
    monkeypatch.setattr(fleet.os, "_exit", ends)
    monkeypatch.setattr(fleet, "end_with", lambda _parent: None)
    monkeypatch.setattr(fleet.signal, "signal", lambda *_: None)
    monkeypatch.setattr(fleet.logging, "shutdown", lambda: None)
    monkeypatch.setattr(fleet.gc, "freeze", lambda: None)
    monkeypatch.setattr(fleet.lifecycle, "sweeps", swept.append)
    served: list[str] = []
    monkeypatch.setattr(fleet, "serve", lambda hostname, _arguments: served.append(hostname))
    own = fleet.Fleet([fleet.Seat(0), fleet.Seat(1), fleet.Seat(2)], "w%n@%h")
    for seat in own.seats:
        with pytest.raises(ForkedError):
            own._fork(seat)
    assert swept == [True, False, False]
    assert served == ["w0@%h", "w1@%h", "w2@%h"]
