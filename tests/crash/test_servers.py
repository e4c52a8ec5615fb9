"""Faults of the servers under running work: lost messages, Valkey emptied, PostgreSQL cut off, restarts."""

from __future__ import annotations

import os
import signal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from fermata.coordination import keys
from fermata.coordination.epoch import Epoch
from fermata.coordination.lease import Leases
from fermata.engine.dispatch import dispatcher
from fermata.engine.journal import number
from fermata.engine.queries import events
from fermata.engine.recovery import Recovery
from fermata.engine.store import run as ask
from tests.crash.findings import Findings
from tests.crash.fleet import LEASE_SECONDS, Fleet, eventually
from tests.crash.stage import Json, Run, Stage, chain, task, value

PLAIN: Json = {"nodes": [task("b", effect="unsafe"), value("c"), task("d")], "edges": chain("b", "c", "d")}


def all_succeed(runs: list[Run], *, seconds: float = 20) -> dict[str, Any]:
    """Every one succeeds, each step in one attempt, each effect asked for once."""
    for run in runs:
        assert run.await_final(seconds=seconds) == "succeeded", run
        run.check()
        nodes = [
            row[0]
            for row in ask(
                "SELECT node_id FROM fermata_step WHERE execution_id = %s AND kind = 'node'", [run.id]
            )
        ]
        assert {run.step(node)["attempt"] for node in nodes} == {1}, run
        for node in nodes:
            assert len(run.keys(node)) <= 1, run
    return {"executions": len(runs), "attempts": 1}


def depth(fleet: Fleet) -> int:
    with fleet.broker() as broker:
        return int(broker.llen(keys.queue("default")))


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_record_whose_answer_is_lost_counts_once(cut: Any, stage: Stage, findings: Findings) -> None:
    wire = stage.fleet.cut
    before = wire.cuts
    wire.arm(cut)
    runs = [stage.start(PLAIN) for _ in range(4)]
    while wire.cuts == before and len(runs) < 60:
        runs.append(stage.start(PLAIN))
        runs[-1].await_final()
    assert wire.cuts == before + 1
    stage.fleet.strikes.append(f"cut {cut} record")
    findings.add("record", f"connection cut {cut} the commit", all_succeed(runs))


@pytest.mark.parametrize("loss", ["emptied", "restarted empty", "restarted with its file"])
def test_rings_that_the_broker_forgets_come_again(loss: str, stage: Stage, findings: Findings) -> None:
    fleet = stage.fleet
    for worker in fleet.workers.values():
        worker.send(signal.SIGSTOP)
    runs = [stage.start(PLAIN) for _ in range(8)]
    assert depth(fleet) > 0
    if loss == "emptied":
        with fleet.broker() as broker:
            broker.flushall()
    else:
        fleet.valkey.restart(empty=loss == "restarted empty")
    if loss != "restarted with its file":
        assert depth(fleet) == 0
    fleet.strikes.append(loss)
    for worker in fleet.workers.values():
        worker.send(signal.SIGCONT)
    findings.add("queued", f"Valkey {loss}", all_succeed(runs, seconds=40))


@pytest.mark.full
def test_a_message_lost_between_socket_and_worker_comes_again(stage: Stage, findings: Findings) -> None:
    fleet = stage.fleet
    for worker in fleet.workers.values():
        worker.send(signal.SIGSTOP)
    run = stage.start(PLAIN)
    assert depth(fleet) == 0, "no worker was waiting for messages"
    for worker in fleet.workers.values():
        worker.kill()
    fleet.strikes.append("message in a dead worker's socket")
    fleet.heal()
    findings.add("delivery", "worker killed with the message in its socket", all_succeed([run]))


def test_work_is_accepted_while_valkey_is_away(stage: Stage, findings: Findings) -> None:
    stage.fleet.valkey.kill()
    try:
        runs = [stage.start(PLAIN) for _ in range(3)]
    finally:
        stage.fleet.valkey.start()
    stage.fleet.strikes.append("Valkey away")
    findings.add("start", "Valkey away", all_succeed(runs, seconds=40))


@pytest.mark.parametrize("steps", [8, pytest.param(50, marks=pytest.mark.full)])
def test_no_unsafe_step_is_lost_repeated_or_failed_when_valkey_forgets(
    steps: int, stage: Stage, findings: Findings
) -> None:
    fleet = stage.fleet
    names = [f"u{index}" for index in range(steps)]
    run = stage.start(
        {"nodes": [task(name, effect="unsafe", kwargs={"gate": "gate-valkey"}) for name in names]}
    )
    eventually(
        lambda: sum(bool(run.keys(name)) for name in names) == 4,
        seconds=10,
        what="four effects are under way",
    )
    fleet.valkey.restart(empty=True)
    fleet.strikes.append("Valkey restarted empty under running steps")
    eventually(
        lambda: (Epoch().read(2 * LEASE_SECONDS)).trustworthy,
        seconds=30,
        what="an absent lease counts again",
    )
    assert {
        row[0]
        for row in ask(
            "SELECT state FROM fermata_step WHERE execution_id = %s AND state <> 'ready'", [run.id]
        )
    } == {"running"}
    with fleet.broker() as broker:
        broker.flushall()
    fleet.open_gate("gate-valkey")
    findings.add(
        "during_effect",
        f"Valkey restarted empty, then emptied, under {steps} unsafe steps",
        all_succeed([run], seconds=60),
    )
    assert sum(len(run.keys(name)) for name in names) == steps


def test_work_goes_on_when_postgresql_was_restarted(stage: Stage, findings: Findings) -> None:
    fleet = stage.fleet
    runs = [
        stage.start(
            {
                "nodes": [task("b", effect="unsafe", kwargs={"gate": "gate-pg"}), value("c")],
                "edges": chain("b", "c"),
            }
        )
        for _ in range(12)
    ]
    eventually(
        lambda: sum(bool(run.keys("b")) for run in runs) == 4, seconds=10, what="four effects are under way"
    )
    fleet.postgres.restart()
    fleet.strikes.append("PostgreSQL restarted")
    fleet.open_gate("gate-pg")
    findings.add("during_effect", "PostgreSQL restarted under running steps", all_succeed(runs, seconds=40))


def test_what_was_shown_survives_a_power_cut_of_postgresql(stage: Stage, findings: Findings) -> None:
    """Records of pure steps may be lost with the server, and are done again; none that a reader saw."""
    fleet = stage.fleet
    names = [f"v{place}" for place in range(60)]
    document = {"nodes": [value(name) for name in names], "edges": chain(*names)}
    runs = [stage.start(document) for _ in range(6)]
    eventually(
        lambda: sum(number(run.id) for run in runs) > 150, seconds=10, what="the executions are under way"
    )
    shown = {run.id: events(UUID(run.id), after=0, limit=number(run.id)) for run in runs}
    told = {run.id: number(run.id) for run in runs}
    fleet.postgres.kill()
    fleet.postgres.start()
    connection.close()
    for run in runs:
        [(last,)] = ask("SELECT max(seq) FROM fermata_event WHERE execution_id = %s", [run.id])
        assert last >= told[run.id]
    fleet.strikes.append("PostgreSQL killed under pure steps")
    for run in runs:
        assert events(UUID(run.id), after=0, limit=len(shown[run.id])) == shown[run.id]
    for run in runs:
        assert run.await_final(seconds=60) == "succeeded", run
        run.check()
    findings.add(
        "before_record",
        "PostgreSQL killed under pure steps",
        {"executions": len(runs), "events shown before": sum(told.values()), "of them lost": 0},
    )


@pytest.mark.full
def test_a_record_waits_for_postgresql(stage: Stage, findings: Findings) -> None:
    """The effect ends while PostgreSQL is away: its record is tried again, the effect is not."""
    fleet = stage.fleet
    run = stage.start(
        {
            "nodes": [task("b", effect="unsafe", kwargs={"gate": "gate-away"}), value("c")],
            "edges": chain("b", "c"),
        }
    )
    eventually(lambda: run.keys("b"), seconds=10, what="the effect is under way")
    fleet.postgres.stop()
    fleet.open_gate("gate-away")
    fleet.postgres.start()
    fleet.strikes.append("PostgreSQL away at the record")
    findings.add("before_record", "PostgreSQL away", all_succeed([run], seconds=40))


def test_a_lost_step_is_found_behind_many_that_live(stage: Stage) -> None:
    """Long steps with living workers are the oldest: they must not hide a younger one that was lost."""
    fleet = stage.fleet
    for worker in fleet.workers.values():
        worker.send(signal.SIGSTOP)
    run = stage.start({"nodes": [task(f"b{place}", effect="unsafe") for place in range(260)]})
    rows = ask(
        "UPDATE fermata_step SET state = 'running', fence = fence + 1, rung_at = NULL,"
        " started_at = clock_timestamp() - CASE node_id WHEN 'b7' THEN interval '1 m' ELSE interval '1 h' END"
        " WHERE execution_id = %s RETURNING id::text, node_id",
        [run.id],
    )
    for step_id, node in rows:
        if node != "b7":
            Leases().acquire(step_id, token="alive", ttl_seconds=60)
    eventually(
        lambda: Epoch().read(LEASE_SECONDS).trustworthy,
        seconds=10,
        what="an absent lease means a lost worker",
    )
    swept = Recovery(dispatcher(), ttl_seconds=LEASE_SECONDS).sweep()
    assert (swept.lost, swept.held) == (1, 1)
    assert run.step("b7")["state"] == "held"
    stage.cancel(run)
    for worker in fleet.workers.values():
        worker.send(signal.SIGCONT)
    assert run.await_final() == "cancelled"


@pytest.mark.full
def test_a_step_that_kills_every_worker_fails_in_the_end(stage: Stage, findings: Findings) -> None:
    fleet = stage.fleet
    fleet.arm("during_effect")
    run = stage.start({"nodes": [task("b")]})
    for _ in range(4):
        pid = fleet.await_strike()
        fleet.arm("during_effect")
        os.kill(pid, signal.SIGKILL)
    os.kill(fleet.await_strike(), signal.SIGKILL)
    assert run.await_final() == "failed"
    run.check()
    [(error,)] = ask("SELECT error FROM fermata_execution WHERE id = %s", [run.id])
    assert error["class"] == "worker_lost"
    assert len(run.keys("b")) == 5
    findings.add("during_effect", "every worker killed, five times", {"calls": 5, "failed as": "worker_lost"})
