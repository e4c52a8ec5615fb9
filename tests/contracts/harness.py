"""Runs a document on a ledger, in one process, and tells what it came to in the reference's words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from fermata.engine.dispatch import InProcessDispatcher
from fermata.engine.early import Early
from fermata.engine.ledger import NewExecution, Ring
from fermata.engine.memory import MemoryLedger
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.errors import NotFound
from fermata.graph.compile import compile_document
from fermata.graph.plan import ROOT, Plan
from fermata.machine.decide import begin
from fermata.machine.outcomes import Done, Fail, Failure
from fermata.machine.view import Claim
from fermata.nodes.catalogue import catalogue
from tests.reference.contract_cases import Case
from tests.reference.results import Result, Step, first_class, result_of

Json = Any
WORKSPACE = str(uuid4())


class Scripted:
    """The catalogue, with the outside replaced: tasks and requests answer as the case says, by attempt."""

    def __init__(self, scripts: Mapping[str, list[Json]]) -> None:
        self.scripts = scripts

    def find(self, name: str, version: int | None = None) -> Any:
        """The type, scripted where it has outside effects."""
        found = catalogue().find(name, version)
        return _ScriptedType(found, self.scripts) if name in ("celery_task", "http_request") else found

    def names(self) -> tuple[str, ...]:
        """All names."""
        return catalogue().names()


class _ScriptedType:
    def __init__(self, real: Any, scripts: Mapping[str, list[Json]]) -> None:
        self._real = real
        self._scripts = scripts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def perform(self, config: Any, context: Any) -> Any:
        script = self._scripts[context.node_id]
        entry = script[min(context.attempt, len(script)) - 1]
        if "fail" in entry:
            return Fail(Failure(entry["fail"], "as scripted", retryable=entry.get("retryable", False)))
        return Done(entry.get("output"), entry.get("port", "out"))


class CasePlans:
    """Plans of one case by version id, and its sub-workflows by name."""

    def __init__(self, case: Case, types: Any) -> None:
        self.main = str(uuid4())
        self._plans = {self.main: compile_document(case.document, types)}
        self._names = {}
        for name, other in case.documents.items():
            version = str(uuid4())
            self._names[name] = version
            self._plans[version] = compile_document(other, types)

    def plan(self, version_id: str) -> Plan:
        """See :class:`fermata.engine.perform.Plans`."""
        return self._plans[version_id]

    def resolve(self, workspace_id: str, workflow: str, version: int | str) -> tuple[str, str, int]:
        """See :class:`fermata.engine.perform.Plans`."""
        if workflow not in self._names:
            raise NotFound(f"There is no workflow {workflow!r}.")
        return self._names[workflow], self._names[workflow], 1


def together(case: Case) -> Case:
    """The same case with ``dispatch: together`` in all its documents."""

    def changed(document: Json) -> Json:
        return {**document, "settings": {**document.get("settings", {}), "dispatch": "together"}}

    documents = {name: changed(other) for name, other in case.documents.items()}
    return replace(case, document=changed(case.document), documents=documents)


def _without_causes(claim: Claim) -> Claim:
    """An open foreach may come to the cause of its later end at any time; no node's step decides by it."""
    frames = [replace(frame, cause=None) for frame in claim.step.frames]
    return replace(claim, step=replace(claim.step, frames=frames))


class Always(Early):
    """Rings leave early whenever they carry claims."""

    def wanted(self, rings: Sequence[Ring], room: dict[str, int] | None) -> bool:
        """Also forks', which the engine does not."""
        return all(ring.carried is not None for ring in rings)


class World:
    """One case on one ledger.

    ``seed`` None: rings in order; else in a random order, some doubled, and those that carry claims early.
    """

    def __init__(
        self, case: Case, ledger: Any, *, seed: int | None = None, execution_id: str | None = None
    ) -> None:
        """``execution_id``: to run the same execution on two ledgers; step ids follow from it."""
        self.case = case
        self.ledger = ledger
        self.types = Scripted(case.tasks)
        self.plans = CasePlans(case, self.types)
        self.dispatcher = InProcessDispatcher()
        self.random = None if seed is None else random.Random(seed)
        early = None if seed is None else Always(window=0)
        self.performer = Performer(Parts(ledger, self.plans, self.types, self.dispatcher, early=early))
        self.execution_id = execution_id or str(uuid4())
        self.decided: set[str] = set()
        self.ahead = 0
        """Steps performed on claims that their rings carried."""

    def start(self) -> None:
        """Write the execution and send it the case's signals; nothing is performed yet."""
        plan = self.plans.plan(self.plans.main)
        started = self.ledger.start(
            NewExecution(
                id=self.execution_id,
                workspace_id=WORKSPACE,
                workflow_id=str(uuid4()),
                version_id=self.plans.main,
                version=1,
                beginning=begin(plan, execution_id=self.execution_id, priority=5),
                input=self.case.input,
            )
        )
        for name, payloads in self.case.signals.items():
            for payload in payloads:
                self._ring(self.ledger.send_signal(self.execution_id, name, payload))
        self._ring(started.rings)

    def run(self) -> Result:
        """Start, perform everything, answer approvals and let time pass until nothing moves."""
        self.start()
        self._perform_all()
        while rings := (self._decide_approvals() or self.ledger.advance()):
            self._ring(rings)
            self._perform_all()
        return self.ledger.account(self.execution_id, self.plans.plan(self.plans.main))

    def _ring(self, rings: list[Ring]) -> None:
        mine = [ring for ring in rings if ring.execution_id == self.execution_id]
        self.dispatcher.ring(mine, plan=self.plans.plan(self.plans.main))
        self.dispatcher.ring([ring for ring in rings if ring.execution_id != self.execution_id])

    def _perform_all(self) -> None:
        rings = self.dispatcher.rings
        while rings:
            if self.random is None:
                ring = rings.popleft()
            else:
                index = self.random.randrange(len(rings))
                ring = rings[index]
                if self.random.random() > 0.1:
                    del rings[index]
            self.performer.perform(ring.step_id, ring.also, ahead=self._ahead(ring))

    def _ahead(self, ring: Ring) -> Claim | None:
        """The claim that the ring carries; it must say what asking for it says."""
        known = self.performer.parts.carried.opened(ring.execution_id, ring.step_id, ring.carried)
        if known is None:
            return None
        asked = self.ledger.claim(ring.step_id, worker="here")
        if isinstance(asked, Claim):
            # A node's step decides nothing by what its loop remembers; this ledger tells it all the same.
            asked = replace(asked, now=known.now, ahead=known.ahead, remembered=[])
            assert _without_causes(known) == _without_causes(asked)
        self.ahead += 1
        return known

    def _decide_approvals(self) -> list[Ring]:
        wanted = self.case.approvals
        rings: list[Ring] = []
        for step_id, node in self.ledger.pending_approvals(self.execution_id):
            answer = wanted.get(node)
            if answer in ("approve", "reject") and step_id not in self.decided:
                self.decided.add(step_id)
                rings += self.ledger.decide_approval(
                    step_id, {"decision": answer, "by": "user:case", "comment": "", "decisions": []}
                )
        return rings


class Memory(MemoryLedger):
    """The ledger in memory with what the harness asks of it."""

    def send_signal(self, execution_id: str, name: str, payload: Json) -> list[Ring]:
        """Kept until a step takes it, or taken by the oldest waiting one."""
        self._rings = []
        for step in self.steps.values():
            if (
                step["execution_id"] == execution_id
                and step["state"] == "waiting"
                and step["reason"] == f"signal:{name}"
            ):
                self._wake(step, {"kind": "signal", "payload": payload})
                return self._rings
        self.signals.append(
            {"execution_id": execution_id, "name": name, "payload": payload, "taken_by": None}
        )
        return []

    def pending_approvals(self, execution_id: str) -> list[tuple[str, str]]:
        """(step id, node id) of steps waiting for a decision."""
        return [
            (row["id"], row["node"])
            for row in self.steps.values()
            if row["state"] == "waiting" and row["reason"] == "approval"
        ]

    def decide_approval(self, step_id: str, payload: Json) -> list[Ring]:
        """The step goes on with the decision."""
        self._rings = []
        self._wake(self.steps[step_id], {"kind": "approval", "payload": payload})
        return self._rings

    def account(self, execution_id: str, plan: Plan) -> Result:
        """What the rows say."""
        execution = self.executions[execution_id]
        rows = [
            {**row, "path": self._path(row)}
            for row in self.steps.values()
            if row["execution_id"] == execution_id and row["kind"] == "node"
        ]
        return observed(execution, rows, plan)


def observed(execution: Json, rows: list[Json], plan: Plan) -> Result:
    """An execution row and its node steps' rows in the reference's words."""
    steps = {}
    for row in rows:
        path = tuple((name, iteration) for name, iteration in row["path"])
        error = row["error"] if row["state"] in ("failed", "timed_out") else None
        steps[(row["node"], path)] = Step(
            row["state"],
            row["output"] if row["state"] == "succeeded" else None,
            row["port"],
            first_class(error),
        )
    output = execution["output"]
    if output is None and not plan.output and execution["status"] == "succeeded":
        sinks = plan.regions[ROOT].sinks
        output = {
            name: steps[(name, ())].output
            for name in sinks
            if steps.get((name, ()), Step("absent")).status == "succeeded"
        }
    return result_of(execution["status"], output, first_class(execution["error"]), steps)
