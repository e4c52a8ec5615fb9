"""Crashes where constructs are most vulnerable: starts, timers, retries, joins, children, loops, ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest

from fermata.engine import operations
from fermata.engine.store import run as ask
from tests.crash.findings import Findings
from tests.crash.fleet import ROOT, Fleet, eventually
from tests.crash.stage import Json, Run, Stage, calls, chain, last_words, task, value

FULL = pytest.mark.full
RETRY = {"max_attempts": 3, "backoff": "fixed", "initial": "100ms"}
WAITS: Json = {
    "nodes": [{"id": "t", "type": "wait", "config": {"for": "100ms"}}, task("b")],
    "edges": chain("t", "b"),
}
REFUSED: Json = {"nodes": [task("b", kwargs={"fail": 1}, retry=RETRY), value("c")], "edges": chain("b", "c")}
LINKS = 60
COUNTS: Json = {
    "nodes": [
        value("n0", 0),
        *(value(f"n{at}", f"{{{{ steps.n{at - 1}.output + 1 }}}}") for at in range(1, LINKS)),
    ],
    "edges": chain(*(f"n{at}" for at in range(LINKS))),
}
FAN: Json = {
    "nodes": [task("b1"), task("b2"), task("j")],
    "edges": [{"from": "b1", "to": "j"}, {"from": "b2", "to": "j"}],
}


def in_full(*cases: Any) -> list[Any]:
    """Cases for `make crash` alone."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=FULL) for case in cases]


def strike(stage: Stage, document: Json, point: str, *, nth: int = 1, whole_worker: bool = False) -> Run:
    """Start the document and kill the nth process that reaches the point."""
    stage.fleet.arm(point, nth=nth)
    run = stage.start(document)
    pid = stage.fleet.await_strike()
    if whole_worker:
        stage.fleet.worker_of(pid).kill()
    else:
        os.kill(pid, signal.SIGKILL)
    return run


def succeeds(run: Run, **attempts: int) -> dict[str, Any]:
    """It succeeds, nothing is wrong with it, and these nodes took so many attempts."""
    assert run.await_final() == "succeeded", run
    run.check()
    assert {node: run.step(node)["attempt"] for node in attempts} == attempts, run
    return {f"attempts of {node}": count for node, count in attempts.items()}


@pytest.mark.parametrize("point", ["after_start", *in_full("after_start_ring")])
def test_an_execution_goes_on_whose_starter_died(point: str, stage: Stage, findings: Findings) -> None:
    version = stage.version({"nodes": [task("b")]})
    mark = stage.fleet.outside / f"gate-{point}"
    ended = subprocess.run(
        [sys.executable, "-m", "tests.crash.starter", str(version.id)],
        cwd=ROOT, check=False, timeout=60,
        env=stage.fleet.environment(FERMATA_CRASH_AT=point, FERMATA_CRASH_ONCE=str(mark)),
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    assert mark.exists()
    stage.fleet.strikes.append(point)
    [(execution_id,)] = ask("SELECT id::text FROM fermata_execution WHERE version_id = %s", [version.id])
    run = Run(execution_id, stage.fleet)
    findings.add(point, "starter killed", succeeds(run, b=1))
    assert len(run.keys("b")) == 1


@pytest.mark.parametrize("point", ["before_recovery_rings", *in_full("after_due", "after_recovery_rings")])
def test_a_timer_fires_once_though_recovery_died(point: str, stage: Stage, findings: Findings) -> None:
    run = strike(stage, WAITS, point, whole_worker=True)
    findings.add(point, "worker killed in its recovery loop", succeeds(run, t=1, b=1))
    assert len(run.keys("b")) == 1


@pytest.mark.parametrize(
    ("whole_worker", "nth"), [(False, 1), *in_full((True, 1), (False, 3), (True, 3))], ids=str
)
def test_a_chain_goes_on_whose_worker_died_having_rung_early(
    *, whole_worker: bool, nth: int, stage: Stage, findings: Findings
) -> None:
    run = strike(stage, COUNTS, "rung_early", nth=nth, whole_worker=whole_worker)
    seen = succeeds(run)
    assert [run.step(f"n{at}")["output"] for at in range(LINKS)] == list(range(LINKS))
    findings.add("rung_early", "worker killed" if whole_worker else "child killed", seen)


@FULL
def test_a_step_is_taken_back_once_though_recovery_died(stage: Stage, findings: Findings) -> None:
    run = strike(stage, {"nodes": [task("b")]}, "during_effect")
    stage.fleet.arm("after_take_back")
    stage.fleet.worker_of(stage.fleet.await_strike()).kill()
    findings.add(
        "after_take_back", "child killed, then the worker whose recovery had noticed", succeeds(run, b=2)
    )


@pytest.mark.parametrize("point", ["before_record", "after_record"])
def test_a_failed_attempt_is_retried_as_its_policy_says(point: str, stage: Stage, findings: Findings) -> None:
    run = strike(stage, REFUSED, point)
    findings.add(f"{point} of a failure", "child killed", succeeds(run, b=2, c=1))
    assert len(run.keys("b")) == 2


def test_branches_that_arrive_together_open_their_join_once(stage: Stage, findings: Findings) -> None:
    names = ("b1", "b2", "b3", "b4")
    for round_ in range(5):
        gate = f"gate-{round_}"
        branches = [task(name, kwargs={"gate": gate}) for name in names]
        run = stage.start(
            {"nodes": [*branches, task("j")], "edges": [{"from": name, "to": "j"} for name in names]}
        )
        eventually(
            lambda run=run: all(run.keys(name) for name in names), seconds=10, what="four branches run"
        )
        stage.fleet.open_gate(gate)
        succeeds(run, j=1)
        assert len(run.keys("j")) == 1
    findings.add("join", "four arrivals at one instant, five times", {"opened": "once each"})


@pytest.mark.parametrize(
    ("point", "nth"),
    [("before_record", 2), ("after_record", 2), *in_full(("before_record", 1), ("after_record", 1))],
)
def test_a_join_opens_though_a_branch_died(point: str, nth: int, stage: Stage, findings: Findings) -> None:
    run = strike(stage, FAN, point, nth=nth)
    seen = succeeds(run, j=1)
    attempts = sorted(run.step(name)["attempt"] for name in ("b1", "b2"))
    assert attempts == ([1, 2] if point == "before_record" else [1, 1])
    assert len(run.keys("j")) == 1
    findings.add(f"{point} of branch {nth} of 2", "child killed", seen)


@pytest.mark.parametrize("message", ["lost", "doubled"])
def test_a_join_runs_once_whatever_becomes_of_its_ring(
    message: str, stage: Stage, findings: Findings
) -> None:
    stage.fleet.arm("after_continue", nth=2)
    run = stage.start(FAN)
    pid = stage.fleet.await_strike()
    join = run.step("j")["id"]
    if message == "lost":
        stage.fleet.lose(join)
    else:
        run.ring(join, times=2)
    os.kill(pid, signal.SIGKILL)
    findings.add(
        "after_continue of the last branch", f"child killed, the join's ring {message}", succeeds(run, j=1)
    )
    assert len(run.keys("j")) == 1


@pytest.mark.parametrize(
    ("point", "nth"), [("before_record", 1), ("after_record", 1), ("before_record", 2), ("after_record", 2)]
)
def test_a_parent_has_one_child(point: str, nth: int, stage: Stage, findings: Findings) -> None:
    name = f"child-{stage.workspace.slug}"
    stage.version({"name": name, "nodes": [task("x")]})
    run = strike(
        stage,
        {
            "nodes": [{"id": "s", "type": "sub_workflow", "config": {"workflow": name}}, task("z")],
            "edges": chain("s", "z"),
        },
        point, nth=nth,
    )  # fmt: skip
    succeeds(run, z=1)
    [(children,)] = ask(
        "SELECT count(*) FROM fermata_execution WHERE root_id = %s AND id <> %s", [run.id, run.id]
    )
    assert children == 1
    assert len(run.keys("z")) == 1
    findings.add(
        f"{point} of the {'parent' if nth == 1 else 'child'}", "child process killed", {"children": children}
    )


@pytest.mark.parametrize("point", ["before_record", "after_record"])
def test_no_item_is_skipped_or_done_twice(point: str, stage: Stage, findings: Findings) -> None:
    loop = {"id": "f", "type": "foreach", "config": {"items": {"range": 6}, "concurrency": 2}}
    run = strike(
        stage, {"nodes": [loop, task("g", parent="f"), task("z")], "edges": chain("f", "z")}, point, nth=4
    )
    seen = succeeds(run, z=1)
    keys = run.keys("g")
    assert len(set(keys)) == 6
    assert len(keys) == (7 if point == "before_record" else 6)
    assert run.step("f")["output"]["counts"] == {"total": 6, "succeeded": 6, "failed": 0, "cancelled": 0}
    findings.add(f"{point} inside a foreach", "child killed", seen)


@pytest.mark.parametrize("point", ["after_record", *in_full("before_record", "after_continue")])
def test_no_passage_is_skipped_or_done_twice(point: str, stage: Stage, findings: Findings) -> None:
    edges = [{"from": "h", "to": "c"}, {"from": "c.true", "to": "h"}, {"from": "c.false", "to": "z"}]
    again = {"id": "c", "type": "condition", "config": {"when": "{{ index < 3 }}"}}
    run = strike(
        stage,
        {"nodes": [value("s"), task("h"), again, task("z")], "edges": [*chain("s", "h"), *edges]},
        point,
        nth=6,
    )
    seen = succeeds(run, z=1)
    passages = ask(
        "SELECT iteration FROM fermata_step"
        " WHERE execution_id = %s AND node_id = 'h' AND kind = 'node' ORDER BY 1",
        [run.id],
    )
    assert [row[0] for row in passages] == [0, 1, 2, 3]
    assert len(set(run.keys("h"))) == 4
    findings.add(f"{point} inside a loop", "child killed", seen)


@pytest.mark.parametrize("end", ["paused and woken", *in_full("child killed")])
@pytest.mark.parametrize("point", ["before_record", "before_ring", *in_full("after_claim", "during_effect")])
def test_a_cancelled_execution_starts_nothing_more(
    point: str, end: str, stage: Stage, findings: Findings
) -> None:
    stage.fleet.arm(point)
    run = stage.start({"nodes": [task("b"), task("c")], "edges": chain("b", "c")})
    pid = stage.fleet.await_strike()
    said = len(last_words(stage.fleet, pid))
    stage.cancel(run)
    if end == "child killed":
        os.kill(pid, signal.SIGKILL)
    assert run.await_final() == "cancelled"
    word = "—"
    if end != "child killed":
        os.kill(pid, signal.SIGCONT)
        word = eventually(lambda: last_words(stage.fleet, pid)[said:], seconds=10, what="it goes on")[0]
    run.check()
    assert run.keys("c") == [] or _began_before_the_cancel(run, "c")
    assert run.step("b")["state"] == ("succeeded" if point == "before_ring" else "cancelled")
    findings.add(point, f"cancelled there, {end}", {"woken": word})


def _began_before_the_cancel(run: Run, node: str) -> bool:
    """On a busy machine recovery may ring what the struck worker owed before the cancel comes."""
    rows = ask(
        "SELECT min(at) FILTER (WHERE type = 'StepStarted' AND node_id = %s)"
        " < min(at) FILTER (WHERE type = 'ExecutionCancelling') FROM fermata_event WHERE execution_id = %s",
        [node, run.id],
    )
    return rows == [(True,)]


def test_a_paused_execution_goes_on_when_it_is_resumed(stage: Stage, findings: Findings) -> None:
    run = strike(stage, {"nodes": [task("b"), task("c")], "edges": chain("b", "c")}, "after_record")
    operations.pause(UUID(run.id), by="test:crash")
    eventually(lambda: run.status()[0] == "paused" or run.status()[1], seconds=10, what="it rests")
    paused, called = run.status()[0], run.keys("c")
    if paused == "paused":
        assert called == []
        operations.resume(UUID(run.id), by="test:crash")
    findings.add("after_record", "child killed, execution paused and resumed", succeeds(run, b=1, c=1))
    assert paused == "paused"


def test_a_worker_asked_to_end_finishes_its_step(stage: Stage, findings: Findings) -> None:
    run, fleet = _under_way(stage, "gate-term")
    worker = fleet.worker_of(calls(fleet)[-1]["pid"])
    os.kill(worker.pid, signal.SIGTERM)
    eventually(lambda: "Warm shutdown" in worker.words(), seconds=10, what="the worker was asked to end")
    fleet.open_gate("gate-term")
    seen = succeeds(run, b=1, c=1)
    assert worker.process.wait(20) == 0
    assert len(run.keys("b")) == 1
    findings.add("during_effect", "SIGTERM, the effect ends in time", seen)


@FULL
def test_a_worker_killed_while_it_ends_is_replaced(stage: Stage, findings: Findings) -> None:
    run, fleet = _under_way(stage, "gate-term-kill")
    worker = fleet.worker_of(calls(fleet)[-1]["pid"])
    os.kill(worker.pid, signal.SIGTERM)
    eventually(lambda: "Warm shutdown" in worker.words(), seconds=10, what="the worker was asked to end")
    worker.kill()
    fleet.open_gate("gate-term-kill")
    seen = succeeds(run, b=2, c=1)
    assert len(run.keys("b")) == 2
    findings.add("during_effect", "SIGTERM, then SIGKILL", seen)


def _under_way(stage: Stage, gate: str) -> tuple[Run, Fleet]:
    run = stage.start({"nodes": [task("b", kwargs={"gate": gate}), value("c")], "edges": chain("b", "c")})
    eventually(lambda: run.keys("b"), seconds=10, what="the effect is under way")
    return run, stage.fleet
