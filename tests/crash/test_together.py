"""Crashes in a session of `dispatch: together`: between steps, before and after the commit of a batch."""

from __future__ import annotations

import os
import signal
from itertools import pairwise
from typing import Any

import pytest

from fermata.engine.store import run as ask
from tests.crash.findings import Findings
from tests.crash.fleet import eventually
from tests.crash.stage import Json, Run, Stage, chain, last_words, task, value
from tests.crash.test_constructs import in_full, strike, succeeds

NAMES = tuple(f"c{place}" for place in range(12))
WIDE = tuple(f"v{place}" for place in range(30))
CHAIN: Json = {
    "nodes": [
        value("c0"),
        *(value(after, f"{{{{ steps.{before}.output + 1 }}}}") for before, after in pairwise(NAMES)),
        task("e"),
    ],
    "edges": chain(*NAMES, "e"),
}
FAN: Json = {
    "nodes": [*map(value, WIDE), value("j", "{{ steps.v0.output + 1 }}"), task("e")],
    "edges": [*({"from": name, "to": "j"} for name in WIDE), *chain("j", "e")],
}
LANES: Json = {
    "nodes": [
        {"id": "f", "type": "foreach", "config": {"items": "{{ range(9) }}", "concurrency": 3}},
        value("a", "{{ item }}", parent="f"),
        value("b", "{{ steps.a.output + 1 }}", parent="f"),
        task("e"),
    ],
    "edges": [*chain("a", "b"), *chain("f", "e")],
}


@pytest.fixture(autouse=True)
def _together(stage: Stage) -> None:
    stage.dispatch = "together"


def pure_steps(run: Run) -> list[tuple[str, int, int]]:
    """(node, attempt, losses) of the pure steps that did not go the straight way."""
    return ask(
        "SELECT node_id, attempt, losses FROM fermata_step WHERE execution_id = %s AND kind = 'node'"
        " AND effect = 'pure' AND (attempt > 1 OR losses > 0 OR state <> 'succeeded')",
        [run.id],
    )


def starters(run: Run, node: str) -> list[str]:
    """Workers that began the node's step, one for each claim, in order."""
    rows = ask(
        "SELECT data->>'worker' FROM fermata_event"
        " WHERE execution_id = %s AND node_id = %s AND type = 'StepStarted' ORDER BY id",
        [run.id, node],
    )
    return [worker for (worker,) in rows]


SHAPES = {"chain": CHAIN, "fan": FAN, "lanes": LANES}
STRIKES = [
    ("chain", "before_effect", 7),
    ("chain", "before_record", 1),
    ("chain", "after_record", 1),
    ("fan", "before_record", 2),
    ("fan", "before_ring", 2),
]
MORE_STRIKES = [
    ("chain", "before_claim", 1),
    ("chain", "after_claim", 1),
    ("chain", "after_effect", 7),
    ("chain", "before_ring", 1),
    ("chain", "after_continue", 1),
    ("fan", "before_effect", 20),
    ("fan", "before_record", 3),
    ("fan", "after_record", 3),
    ("fan", "after_continue", 3),
    ("lanes", "before_effect", 4),
    ("lanes", "before_record", 2),
    ("lanes", "after_record", 3),
    ("lanes", "before_ring", 3),
]


def survives(stage: Stage, findings: Findings, where: tuple[str, str, int], *, whole_worker: bool) -> None:
    """Every pure step has its first attempt and no loss; the effect behind them happens once.

    Only a killed worker's other child may have been at the effect: then it is done again under its key.
    """
    shape, point, nth = where
    run = strike(stage, SHAPES[shape], point, nth=nth, whole_worker=whole_worker)
    run.await_final()
    *losers, _ = starters(run, "e")
    seen: dict[str, Any] = succeeds(run, e=1 + len(losers))
    dead = {f"{worker.name}@crash" for worker in stage.fleet.workers.values() if not worker.is_alive}
    assert len(losers) <= int(whole_worker)
    assert dead.issuperset(losers)
    assert pure_steps(run) == []
    keys = run.keys("e")
    assert len(set(keys)) == 1
    assert len(keys) <= 1 + len(losers)
    who = "worker" if whole_worker else "child"
    findings.add(f"{point}, arrival {nth}, together", f"{who} killed in a {shape} of pure steps", seen)


@pytest.mark.parametrize("where", [*STRIKES, *in_full(*((where,) for where in MORE_STRIKES))], ids=str)
def test_a_batch_is_recorded_once_though_a_child_dies(
    where: tuple[str, str, int], stage: Stage, findings: Findings
) -> None:
    survives(stage, findings, where, whole_worker=False)


@pytest.mark.full
@pytest.mark.parametrize("where", [*STRIKES, *MORE_STRIKES], ids=str)
def test_a_batch_is_recorded_once_though_a_worker_dies(
    where: tuple[str, str, int], stage: Stage, findings: Findings
) -> None:
    survives(stage, findings, where, whole_worker=True)


def test_a_session_that_sleeps_through_its_lease_records_nothing(stage: Stage, findings: Findings) -> None:
    stage.fleet.arm("before_record")
    run = stage.start(CHAIN)
    pid = stage.fleet.await_strike()
    said = len(last_words(stage.fleet, pid))
    assert run.await_final() == "succeeded"
    os.kill(pid, signal.SIGCONT)
    eventually(lambda: "stale" in last_words(stage.fleet, pid)[said:], seconds=10, what="the zombie went on")
    run.check()
    assert len(run.keys("e")) == 1
    findings.add("before_record, together", "paused and woken", {"woken": "stale"})


@pytest.mark.full
def test_a_poison_step_drags_no_sibling_down(stage: Stage, findings: Findings) -> None:
    poison = {"id": "p", "type": "celery_task", "config": {"task": "crash.poison", "effect": "pure"}}
    names = [f"v{place}" for place in range(8)]
    run = stage.start(
        {
            "nodes": [*map(value, names[:4]), poison, *map(value, names[4:]), value("after", 2)],
            "edges": [{"from": "p.error", "to": "after"}],
        }
    )
    assert run.await_final(seconds=60) == "succeeded"
    run.check()
    [(state, losses)] = ask(
        "SELECT state, losses FROM fermata_step WHERE execution_id = %s AND node_id = 'p'", [run.id]
    )
    assert state == "failed"
    assert [row for row in pure_steps(run) if row[0] != "p"] == []
    findings.add("during the effect, together", "a step that kills every worker", {"losses": losses})
