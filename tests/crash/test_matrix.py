"""Every point of a step's way, by what became of its message, by what became of the process.

The step under attack is the first of its execution; its process is stopped exactly at the point, the message
is tampered with, then the process is killed, or its whole worker, or both are paused until somebody else is
done.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from fermata.engine.store import run as ask
from tests.crash.findings import Findings
from tests.crash.fleet import eventually
from tests.crash.stage import Run, Stage, calls, chain, last_words, task, value

BEFORE = ("before_claim",)
INSIDE = ("after_claim", "before_effect", "during_effect", "after_effect", "before_record")
AFTER = ("after_record", "before_ring", "after_continue")
POINTS = BEFORE + INSIDE + AFTER
ENDS = ("child killed", "worker killed", "paused and woken")
MESSAGES = ("redelivered", "lost", "doubled")
COPIES = {"redelivered": 1, "lost": 0, "doubled": 2}
"""Messages of the step under attack beside the one that is struck."""


@dataclass(frozen=True)
class Case:
    """One cell of the matrix."""

    point: str
    end: str
    message: str
    effect: str
    dispatch: str = "each"

    def __str__(self) -> str:
        way = "-together" if self.dispatch == "together" else ""
        return f"{self.point}-{self.end}-{self.message}-{self.effect}{way}".replace(" ", "_")

    @property
    def told(self) -> str:
        """The cell in words."""
        way = ", together" if self.dispatch == "together" else ""
        return f"{self.end}, message {self.message}, {self.effect}{way}"

    @property
    def uncertain(self) -> bool:
        """Whether nobody but a person may go on."""
        return self.effect == "unsafe" and self.point in INSIDE

    @property
    def attempts(self) -> set[int]:
        if self.point not in INSIDE or self.effect == "unsafe":
            return {1}
        return {2} if self.effect == "idempotent" else {1, 2}  # a pure step claims only when it is rung again

    def calls(self, step: dict[str, Any], losers: list[str]) -> range:
        """How often the outside may be asked, under one key.

        A pure step holds nobody off at its first dispatch (ADR 29): each message there was may have it
        computed once, and each ring of recovery claims for itself.
        """
        if self.effect == "pure":
            return range(1, 1 + COPIES[self.message] + step["rings"] + 1)
        asked = self.point not in ("after_claim", "before_effect")
        if self.uncertain:
            return range(int(asked), int(asked) + 1)
        exactly = 2 if self.point in INSIDE and asked else 1
        return range(exactly, exactly + len(losers) + 1)


def core() -> list[Case]:
    """A fast cut through the matrix: every point with every end, every message, every effect."""
    chosen = []
    for place, point in enumerate(POINTS):
        chosen.append(Case(point, "child killed", MESSAGES[place % 3], "idempotent"))
        chosen.append(Case(point, "paused and woken", MESSAGES[(place + 1) % 3], "idempotent"))
    chosen += [Case(point, "child killed", "doubled", "unsafe") for point in INSIDE]
    chosen += [
        Case("before_record", "paused and woken", "redelivered", effect) for effect in ("unsafe", "pure")
    ]
    chosen.append(Case("during_effect", "worker killed", "redelivered", "idempotent"))
    chosen += [
        Case("before_record", "child killed", "lost", "pure", "together"),
        Case("before_record", "paused and woken", "redelivered", "pure", "together"),
        Case("after_record", "child killed", "doubled", "pure", "together"),
    ]
    return chosen


def full() -> list[Case]:
    """All of it for idempotent effects and for pure ones together; the other effects with a lost message."""
    every = [Case(*cell, effect="idempotent") for cell in product(POINTS, ENDS, MESSAGES)]
    every += [
        Case(point, end, "lost", effect) for point, end, effect in product(POINTS, ENDS, ("pure", "unsafe"))
    ]
    every += [Case(*cell, "pure", "together") for cell in product(POINTS, ENDS, MESSAGES)]
    every += [Case(point, "child killed", "lost", "idempotent", "together") for point in POINTS]
    return [case for case in every if case not in core()]


def attack(stage: Stage, case: Case) -> tuple[Run, int, int, str]:
    """Start an execution and do to its first step what the case says: (run, process hit, its words)."""
    fleet = stage.fleet
    stage.dispatch = case.dispatch
    fleet.arm(case.point)
    run = stage.start(
        {"nodes": [task("b", effect=case.effect), value("c"), task("d")], "edges": chain("b", "c", "d")}
    )
    pid = fleet.await_strike()
    said = len(last_words(fleet, pid))
    worker = fleet.worker_of(pid)
    step_id = run.step("b")["id"]
    if case.message == "lost":
        fleet.lose(step_id)
    elif case.message == "redelivered":
        assert fleet.redeliver(step_id) >= 1  # recovery may have rung again by now
    else:
        run.ring(step_id, times=2)
    if case.end == "child killed":
        os.kill(pid, signal.SIGKILL)
    elif case.end == "worker killed":
        worker.kill()
    else:
        worker.send(signal.SIGSTOP)
    return run, pid, said, f"{worker.name}@crash"


def lost_by(run: Run, node: str) -> list[str]:
    """The workers that the journal says lost this node's step, in order."""
    rows = ask(
        "SELECT data->>'worker' FROM fermata_event WHERE execution_id = %s AND node_id = %s"
        " AND type = 'StepReady' AND data->>'resume' = 'worker_lost' ORDER BY id",
        [run.id, node],
    )
    return [row[0] for row in rows]


def wake(stage: Stage, pid: int, said: int) -> str:
    """Let the zombie go on and wait for what its look at the step comes to."""
    stage.fleet.worker_of(pid).send(signal.SIGCONT)
    words = eventually(
        lambda: last_words(stage.fleet, pid)[said:], seconds=10, what=f"the zombie {pid} went on"
    )
    return str(words[0])


def survives(stage: Stage, case: Case) -> dict[str, Any]:
    """Run the case and assert all its promises; what was seen."""
    run, pid, said, worker = attack(stage, case)
    word = "—"
    if case.uncertain:
        held = run.await_step("b", "held")
        assert held["reason"] == "outcome_unknown"
        if case.end == "paused and woken":
            word = wake(stage, pid, said)
            assert run.step("b")["state"] == "held"
        stage.resolve(run, "b", action="succeed", output={"call": 0})
        assert run.await_final() == "succeeded"
    else:
        assert run.await_final() == "succeeded"
        if case.end == "paused and woken":
            word = wake(stage, pid, said)
    run.check()
    step = run.step("b")
    keys = run.keys("b")
    # A sibling of the struck process may have had the other message, and was struck with it.
    siblings = lost_by(run, "b") if case.point in BEFORE and case.end != "child killed" else []
    assert set(siblings) <= {worker}, f"{siblings} {run}"
    assert step["attempt"] in {attempt + len(siblings) for attempt in case.attempts}, run
    assert len(keys) in case.calls(step, siblings), f"{keys} {run}"
    assert len(set(keys)) <= 1
    beside: list[str] = []
    for node in ("c", "d"):
        losers = lost_by(run, node)
        assert run.step(node)["attempt"] == 1 + len(losers), run
        # Only a sibling of the struck process may have had a later step, and only if it was struck too.
        assert set(losers) <= (set() if case.end == "child killed" else {worker}), f"{losers} {run}"
        beside += losers
    assert len(set(run.keys("d"))) == 1
    assert len(run.keys("d")) <= run.step("d")["attempt"]
    if case.end == "paused and woken" and case.point in INSIDE:
        assert word == "stale"
    return {
        "attempts": step["attempt"],
        "calls": len(keys),
        "woken": word,
        "later steps lost with the worker": len(beside) or "—",
    }


@pytest.mark.parametrize("case", core(), ids=str)
def test_a_step_survives(case: Case, stage: Stage, findings: Findings) -> None:
    findings.add(case.point, case.told, survives(stage, case))


@pytest.mark.full
@pytest.mark.parametrize("case", full(), ids=str)
def test_a_step_survives_every_combination(case: Case, stage: Stage, findings: Findings) -> None:
    findings.add(case.point, case.told, survives(stage, case))


def test_the_outside_was_asked_by_more_than_one_process(stage: Stage) -> None:
    runs = [stage.start({"nodes": [task("b")]}) for _ in range(8)]
    assert {run.await_final() for run in runs} == {"succeeded"}
    assert len({row["pid"] for row in calls(stage.fleet)}) > 1
