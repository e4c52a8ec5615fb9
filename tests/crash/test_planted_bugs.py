"""Bugs planted in the engine one at a time: the suite's own assertions must catch each, and only it.

A plant that changes nothing would prove nothing, so its text must be found in the source; each scenario holds
without the bug (with the same delays, where the bug is a race).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fermata.coordination.epoch import Epoch
from fermata.engine import store
from fermata.engine.store import run as ask
from tests.crash.fleet import LEASE_SECONDS, eventually
from tests.crash.stage import Stage, chain, last_words, task, value

pytestmark = pytest.mark.full
SQL = Path(store.__file__).parent / "sql"
Scenario = Callable[[Stage], None]


@pytest.fixture
def rewrite(stage: Stage) -> Iterator[Callable[..., None]]:
    """`rewrite(file, (old, new), …)` replaces SQL functions by ones with other words; the true ones come back."""
    files: list[str] = []

    def replace(file: str, *changes: tuple[str, str]) -> None:
        text = (SQL / file).read_text()
        for old, new in changes:
            assert old in text, f"{file} does not say {old!r} any more"
            text = text.replace(old, new)
        files.append(file)
        _define(text)

    yield replace
    for file in files:
        _define((SQL / file).read_text())


def _define(text: str) -> None:
    from django.db import connection  # noqa: PLC0415 - only here

    with connection.cursor() as cursor:
        cursor.execute(text)


def zombie_returns(stage: Stage) -> None:
    """A paused worker wakes while its successor performs the step."""
    fleet = stage.fleet
    fleet.arm("before_record")
    run = stage.start(
        {
            "nodes": [task("b", kwargs={"gate": "gate-z", "held_from": 2}), value("c")],
            "edges": chain("b", "c"),
        }
    )
    pid = fleet.await_strike()
    said = len(last_words(fleet, pid))
    eventually(lambda: len(run.keys("b")) == 2, seconds=10, what="a successor performs")
    os.kill(pid, signal.SIGCONT)
    eventually(lambda: last_words(fleet, pid)[said:], seconds=10, what="the zombie went on")
    fleet.open_gate("gate-z")
    assert run.await_final() == "succeeded"
    assert run.step("b")["output"] == {"call": 2}
    run.check()


def branches_meet(stage: Stage) -> None:
    """Four branches arrive at one join at the same time."""
    names = [f"b{place}" for place in range(4)]
    branches = [task(name, kwargs={"gate": "gate-j"}) for name in names]
    run = stage.start(
        {"nodes": [*branches, task("j")], "edges": [{"from": name, "to": "j"} for name in names]}
    )
    eventually(lambda: all(run.keys(name) for name in names), seconds=10, what="four branches run")
    stage.fleet.open_gate("gate-j")
    assert run.await_final(seconds=8) == "succeeded"
    run.check()


def branches_end(stage: Stage) -> None:
    """Two last steps of an execution end at the same time.

    Records that store the same new value wait for each other, so the two differ in their input, and the second
    round finds the output stored.
    """
    for round_ in range(2):
        gates = {name: f"gate-{name}-{round_}" for name in ("b1", "b2")}
        run = stage.start({"nodes": [task(name, kwargs={"gate": gate}) for name, gate in gates.items()]})
        eventually(lambda run=run: run.keys("b1") and run.keys("b2"), seconds=10, what="both run")
        for gate in gates.values():
            stage.fleet.open_gate(gate)
        assert run.await_final(seconds=8) == "succeeded"
        run.check()


def chain_runs(stage: Stage) -> None:
    """Three steps one after another."""
    run = stage.start({"nodes": [task("b"), value("c"), task("d")], "edges": chain("b", "c", "d")})
    assert run.await_final(seconds=8) == "succeeded"
    run.check()


def long_step_runs(stage: Stage) -> None:
    """A step that takes several times its lease, with its worker alive."""
    run = stage.start({"nodes": [task("b", effect="unsafe", kwargs={"gate": "gate-l"})]})
    old = "SELECT 1 FROM fermata_event WHERE execution_id = %s AND type = 'StepStarted' AND at < clock_timestamp() - %s * interval '1 second'"
    eventually(lambda: ask(old, [run.id, 3 * LEASE_SECONDS]), seconds=10, what="three leases are over")
    stage.fleet.open_gate("gate-l")
    assert run.await_final(seconds=5) == "succeeded"
    run.check()


def locks_lie(stage: Stage) -> None:
    """One step rung ten times while every lease is granted to everybody."""
    stage.fleet.plant("lying_lock")
    run = stage.start({"nodes": [task("b", effect="unsafe")]})
    run.ring(run.step("b")["id"], times=10)
    assert run.await_final(seconds=8) == "succeeded"
    run.check()
    assert run.step("b")["fence"] == 2, "claimed once"  # the leases' fences hold most second effects off
    assert len(run.keys("b")) == 1


def valkey_forgets(stage: Stage) -> None:
    """Valkey is emptied again and again under a running step."""
    run = stage.start({"nodes": [task("b", effect="unsafe", kwargs={"gate": "gate-f"})]})
    started = "SELECT 1 FROM fermata_event WHERE execution_id = %s AND type = 'StepStarted' AND at < clock_timestamp() - %s * interval '1 second'"
    eventually(
        lambda: ask(started, [run.id, LEASE_SECONDS]), seconds=10, what="it is old enough to look lost"
    )
    for _ in range(5):
        with stage.fleet.broker() as broker:
            broker.flushall()
        eventually(lambda: Epoch().read(0.5).trustworthy, seconds=5, what="half a second passed")
    stage.fleet.open_gate("gate-f")
    assert run.await_final(seconds=15) == "succeeded"
    run.check()


def a_fan_runs_together(stage: Stage) -> None:
    """Forty pure steps in batches, and a join."""
    stage.dispatch = "together"
    names = [f"v{place}" for place in range(40)]
    run = stage.start(
        {"nodes": [*map(value, names), task("j")], "edges": [{"from": name, "to": "j"} for name in names]}
    )
    assert run.await_final(seconds=8) == "succeeded"
    run.check()
    assert len(run.keys("j")) == 1


def a_session_sleeps(stage: Stage) -> None:
    """A worker sleeps between performing a batch and recording it; others do all of it; it wakes."""
    stage.dispatch = "together"
    fleet = stage.fleet
    fleet.arm("before_record")
    run = stage.start({"nodes": list(map(value, "bcd")), "edges": chain("b", "c", "d")})
    pid = fleet.await_strike()
    said = len(last_words(fleet, pid))
    assert run.await_final() == "succeeded"
    os.kill(pid, signal.SIGCONT)
    eventually(lambda: last_words(fleet, pid)[said:], seconds=10, what="the zombie went on")
    run.check()


CAS = "AND state = 'ready' AND fence = s.fence RETURNING"
CLAIMS = "fence = fence + 1, started_at = v_now"
OVER = (
    ("    r fermata_region;\nBEGIN\n    IF p_sure THEN", "    r fermata_region;\n    v_over boolean;\nBEGIN\n    IF p_sure THEN"),
    ("RETURN NOT EXISTS (SELECT FROM fermata_step WHERE execution_id", "v_over := NOT EXISTS (SELECT FROM fermata_step WHERE execution_id"),
    ("AND kind = 'loop' AND state <> 'closed');", "AND kind = 'loop' AND state <> 'closed');\n    PERFORM pg_sleep(0.3);\n    RETURN v_over;"),
)  # fmt: skip
COUNT = "UPDATE fermata_join SET settled = settled + 1, live = live + v_live::int WHERE id = (a->>'join')::uuid RETURNING * INTO j;"

BUGS: dict[str, tuple[Scenario, str, tuple[tuple[str, str], ...]]] = {
    "a record without its fence": (zombie_returns, "record.sql", ((" AND fence = (o->>'fence')::bigint", ""),)),
    "an arrival counted twice": (branches_meet, "apply.sql", ((COUNT, COUNT.replace("settled + 1", "settled + 2").replace("live + v_live::int", "live + 2")),)),
    "a join counted without its lock": (branches_meet, "apply.sql", ((COUNT,
        "SELECT * INTO j FROM fermata_join WHERE id = (a->>'join')::uuid; PERFORM pg_sleep(0.2);"
        + COUNT.replace("settled + 1", "j.settled + 1").replace("live + v", "j.live + v")),)),
    "a forgotten READY row": (chain_runs, "apply.sql", (("        v_rung := NULL;\n", "        CONTINUE WHEN n->>'node' = 'd';\n        v_rung := NULL;\n"),)),
    "a region's end looked for without its lock": (branches_end, "apply.sql", (
        ("    PERFORM FROM fermata_region WHERE id = p_region FOR NO KEY UPDATE;\n", ""),
        # The root is locked by way of its execution as well.
        ("        PERFORM FROM fermata_execution WHERE id = r.execution_id FOR NO KEY UPDATE;", "        NULL;"), *OVER)),
    "a claim without compare-and-swap": (locks_lie, "claim.sql", (("IF s.state <> 'ready' THEN", "PERFORM pg_sleep(0.6);\n    IF s.state <> 'ready' THEN"), (CAS, "RETURNING"))),
    "a follower recorded though its predecessor was stale": (a_session_sleeps, "together.sql", (
        ("v_count < cardinality(v_owns) OR ", ""),
        ("IF fermata_closing(s) THEN", "IF false THEN"),
        ("FROM born b ORDER BY b.place)", "FROM born b ORDER BY b.place ON CONFLICT DO NOTHING)"))),
    "an arrival of a batch counted twice": (a_fan_runs_together, "together.sql", ((
        "settled = j.settled + excluded.settled", "settled = j.settled + 2 * excluded.settled"),)),
    "a READY row of a batch forgotten": (a_fan_runs_together, "together.sql", ((
        "v_steps := v_steps || to_jsonb(v_more);", "NULL;"),)),
}  # fmt: skip
DELAYS: dict[str, tuple[Scenario, str, tuple[tuple[str, str], ...]]] = {
    "ends": (branches_end, "apply.sql", OVER),
    "claims": (
        locks_lie,
        "claim.sql",
        (("IF s.state <> 'ready' THEN", "PERFORM pg_sleep(0.6);\n    IF s.state <> 'ready' THEN"),),
    ),
}


@pytest.mark.parametrize(
    "scenario",
    [
        zombie_returns,
        branches_meet,
        branches_end,
        chain_runs,
        long_step_runs,
        locks_lie,
        valkey_forgets,
        a_fan_runs_together,
        a_session_sleeps,
    ],
    ids=lambda s: s.__name__,
)
def test_holds_without_a_bug(scenario: Scenario, stage: Stage) -> None:
    scenario(stage)


@pytest.mark.parametrize("name", DELAYS)
def test_holds_with_the_delays_of_a_race(name: str, stage: Stage, rewrite: Callable[..., None]) -> None:
    scenario, file, changes = DELAYS[name]
    rewrite(file, *changes)
    scenario(stage)


@pytest.mark.parametrize("name", BUGS)
def test_catches(name: str, stage: Stage, rewrite: Callable[..., None]) -> None:
    scenario, file, changes = BUGS[name]
    rewrite(file, *changes)
    with pytest.raises(AssertionError):
        scenario(stage)


@pytest.mark.parametrize(
    ("name", "scenario"), [("recovery_ignores_leases", long_step_runs), ("epoch_is_trusted", valkey_forgets)]
)
def test_catches_in_the_workers(name: str, scenario: Scenario, stage: Stage) -> None:
    stage.fleet.plant(name)
    with pytest.raises(AssertionError):
        scenario(stage)
