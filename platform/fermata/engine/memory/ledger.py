"""The ledger port on dictionaries; mirrors ``sql`` files ``start``, ``claim``, ``record`` and ``settle``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import orjson

from fermata.engine.ledger import Ending, Meanwhile, NewExecution, Recorded, Ring
from fermata.engine.memory.applying import Applying
from fermata.engine.memory.tables import Row
from fermata.machine import identity
from fermata.machine.commands import Decision, Finish, Own
from fermata.machine.settling import settle_row
from fermata.machine.states import EXECUTION_FINAL, STEP_LIVE
from fermata.machine.together import Batch, Claims, Passage, Sight
from fermata.machine.variables import applied
from fermata.machine.view import Claim, Refusal, StepView


class MemoryLedger(Applying):
    """See :class:`fermata.engine.ledger.Ledger`; time passes only by ``advance``."""

    def start(self, execution: NewExecution) -> Recorded:
        """See :class:`fermata.engine.ledger.Ledger`."""
        self._rings, self._finished = [], None
        self._start(execution)
        return Recorded("recorded", rings=self._rings, finished=self._finished)

    def _start(self, new: NewExecution) -> None:
        if new.id in self.executions:
            return
        values = {
            key: deepcopy(getattr(new, key))
            for key in NewExecution.__slots__
            if key not in ("beginning", "variables", "room")
        }
        self.executions[new.id] = {
            **values,
            "status": "running",
            "output": None,
            "has_output": False,
            "output_digest": None,
            "error": None,
            "created_at": self.now,
            "root_id": new.root_id or new.id,
        }
        digests = {name: self._digest(new.id, value) for name, value in new.variables.items()}
        self._event(
            new.id, "ExecutionStarted", status="running", data={"scope_id": new.id, "variables": digests}
        )
        for name, value in new.variables.items():
            self.variables[(new.id, 0, name)] = deepcopy(value)
            self.versions[(new.id, 0, name)] = 1
        self._open(new.id, new.beginning.region)
        self._apply(new.id, None, [new.beginning.stage])
        if not new.beginning.stage.steps:
            self._finish(new.id, Finish("succeeded"))

    def claim(self, step_id: str, *, worker: str, patient: bool = False) -> Claim | Refusal:
        """See :class:`fermata.engine.ledger.Ledger`."""
        step = self.steps.get(step_id)
        if step is None:
            return Refusal("absent")
        if step["state"] != "ready":
            return Refusal("not_ready", step["state"])
        execution = self.executions[step["execution_id"]]
        if step["kind"] == "node" and execution["status"] in ("pausing", "paused"):
            return Refusal("paused")
        if self._closing(step):
            self._move(step, "cancelled")
            return Refusal("cancelled")
        if step["kind"] == "node" and (step["effect"] != "pure" or step["rings"] or step["losses"]):
            step["fence"] += 1
            self._move(step, "running", started_at=self.now, worker=worker)
        return self._load(step, execution)

    def claim_many(self, step_ids: Sequence[str]) -> Claims:
        """See :class:`fermata.engine.ledger.Ledger`."""
        found = Claims()
        passages: dict[tuple[str, int], Passage] = {}
        ready = [
            row for row in map(self.steps.get, dict.fromkeys(step_ids)) if row and row["state"] == "ready"
        ]
        for step in ready:
            execution = self.executions[step["execution_id"]]
            if not self._together(step, execution):
                found.alone.append(step["id"])
                continue
            claim = self._load(step, execution)
            passage = passages.setdefault((step["region_id"], step["iteration"]), Passage([], Sight(set())))
            passage.claims.append(claim)
            passage.sight.learn(_sight(claim, step["reads"]))
        found.passages = list(passages.values())
        return found

    def _together(self, step: Row, execution: Row) -> bool:
        return (
            step["kind"] == "node"
            and step["effect"] == "pure"
            and not (step["rings"] or step["losses"] or step["resume"])
            and step["sees"] is None
            and "arrivals" not in step["reads"]
            and execution["status"] not in ("pausing", "paused")
            and not self._closing(step)
        )

    def look(self, region_id: str, iterations: Sequence[int], reads: Sequence[str]) -> list[Sight]:
        """See :class:`fermata.engine.ledger.Ledger`."""
        execution = self.executions[self.regions[region_id]["execution_id"]]
        rows: list[Row] = [
            {
                **dict.fromkeys(("id", "node", "kind", "lane", "data", "resume", "error", "sees")),
                "run": 1,
                "attempt": 1,
                "fence": 1,
                "state": "ready",
                "losses": 0,
                "refusals": 0,
                "region_id": region_id,
                "iteration": iteration,
                "reads": reads,
                "priority": 5,
            }
            for iteration in iterations
        ]
        return [_sight(self._load(row, execution), reads) for row in rows]

    def record_many(self, batch: Batch) -> Recorded:
        """See :class:`fermata.engine.ledger.Ledger`; one after the other, which comes to the same."""
        for decision in batch.roots:
            step = self.steps[decision.own.id]
            fits = step["fence"] == decision.own.fence and step["state"] in ("ready", "running")
            paused = self.executions[step["execution_id"]]["status"] in ("pausing", "paused")
            if not fits or paused or self._closing(step):
                return Recorded("alone")
        rings: list[Ring] = []
        finished = None
        for decision in batch.decisions:
            recorded = self.record(decision)
            rings += recorded.rings
            finished = finished or recorded.finished
        return Recorded(
            "recorded", rings=[ring for ring in rings if ring.step_id not in batch.born], finished=finished
        )

    def _closing(self, step: Row) -> bool:
        for level, frame in enumerate(self._frames(step)):
            if level == 0 and step["kind"] == "settle":
                continue
            item = self.iterations.get((frame.id, frame.iteration))
            passed = frame.kind in ("loop", "while") and frame.iteration < self.regions[frame.id]["passage"]
            if frame.state in ("closing", "closed") or item is not None or passed:
                return True
        return False

    def record(self, decision: Decision, *, meanwhile: Meanwhile | None = None) -> Recorded:
        """See :class:`fermata.engine.ledger.Ledger`."""
        if meanwhile is not None:
            meanwhile(orjson.dumps(decision.own.output).decode() if decision.own.has_output else None)
        self._rings, self._finished = [], None
        own = decision.own
        step = self.steps.get(own.id)
        if step is None and own.ahead is not None:
            return Recorded("absent")
        if step is None or step["fence"] != own.fence or step["state"] not in ("ready", "running"):
            return Recorded("stale")
        if self._closing(step):
            self._move(step, "cancelled")
            return Recorded("cancelled")
        paused = self.executions[step["execution_id"]]["status"] in ("pausing", "paused")
        if own.ahead is not None and (paused or step["token"] != own.ahead):
            return Recorded("unclaimed")
        self._record_own(step, own)
        self._suspension(step, decision)
        for write in decision.writes:
            self._write(step, asdict(write))
        for child in decision.spawn:
            if child.bundle is not None:
                self._start(child.bundle["execution"])
        self._apply(step["execution_id"], step, decision.stages)
        return Recorded("recorded", rings=self._rings, finished=self._finished)

    def _record_own(self, step: Row, own: Own) -> None:
        step["refusals"] += own.definite
        due = None
        if own.due_at is not None:
            due = datetime.fromisoformat(own.due_at)
        elif own.due_seconds is not None:
            due = self.now + timedelta(seconds=own.due_seconds)
        values: Row = {
            "port": own.port,
            "error": own.error,
            "handled_by": own.handled_by,
            "reason": own.reason,
            "due_at": due,
            "due_kind": own.due_kind if due else None,
            "resume": None,
        }
        if own.has_output:
            values["output"] = deepcopy(own.output)
            values["output_digest"] = self._digest(step["execution_id"], own.output)
        if own.has_input:
            values["input"] = deepcopy(own.input)
        self._move(step, own.state, **values)

    def _suspension(self, step: Row, decision: Decision) -> None:
        if decision.signal is not None:
            for signal in self.signals:
                if (
                    signal["execution_id"] == step["execution_id"]
                    and signal["name"] == decision.signal
                    and not signal["taken_by"]
                ):
                    signal["taken_by"] = step["id"]
                    self._wake(step, {"kind": "signal", "payload": signal["payload"]})
                    break
        if decision.approval is not None:
            self.approvals[step["id"]] = {**decision.approval, "state": "pending", "step_id": step["id"]}

    def _write(self, step: Row, write: Row) -> None:
        execution = self.executions[step["execution_id"]]
        scope = {
            "iteration": (step["region_id"], step["iteration"]),
            "execution": (execution["id"], 0),
            "workflow": (execution["workflow_id"], 0),
            "workspace": (execution["workspace_id"], 0),
        }[write["scope"]]
        key = (*scope, write["name"])
        old = self.variables.get(key, write["default"])
        value = applied(write["operation"], old, deepcopy(write["value"]))
        self.variables[key] = value
        self.versions[key] = self.versions.get(key, 0) + 1
        self._event(
            execution["id"],
            "VariableWritten",
            step_id=step["id"],
            node=step["node"],
            data={
                "name": write["name"],
                "scope": write["scope"],
                "scope_id": scope[0],
                "iteration": scope[1],
                "operation": write["operation"],
                "version": self.versions[key],
                "old": self._digest(execution["id"], old),
                "new": self._digest(execution["id"], value),
            },
        )

    def versions_of(self, execution_ids: Collection[str]) -> dict[str, str]:
        """See :class:`fermata.engine.ledger.Ledger`."""
        return {key: self.executions[key]["version_id"] for key in execution_ids if key in self.executions}

    def open_joins(self, joins: Sequence[str]) -> frozenset[str]:
        """See :class:`fermata.engine.ledger.Ledger`."""
        return frozenset(join for join in joins if self.joins.get(join, {}).get("state") == "open")

    def outputs(self, execution_id: str, nodes: Sequence[str]) -> dict[str, Any]:
        """See :class:`fermata.engine.ledger.Ledger`."""
        root = identity.root_id(execution_id)
        rows = {node: self.steps.get(identity.step_id(root, 0, node)) for node in nodes}
        return {
            node: deepcopy(row["output"]) for node, row in rows.items() if row and row["state"] == "succeeded"
        }

    def cancel_live(self, step: StepView) -> Ending:
        """See :class:`fermata.engine.ledger.Ledger`."""
        frame = step.frames[0]
        item = frame.iteration if frame.kind == "foreach" and step.data.get("why") != "threshold" else None
        left = 0
        rings: list[Ring] = []
        for row in list(self.steps.values()):
            if row["id"] != step.id and row["state"] in STEP_LIVE and self._within(row, frame.id, item):
                if row["reason"] == "children":
                    children = self.end_children(row["id"])
                    rings += children.rings
                    if children.left:
                        left += 1
                        continue
                row["fence"] += 1
                self._move(row, "cancelled", due_at=None)
        for row in self.regions.values():
            if row["state"] != "closed" and row["id"] != frame.id and self._inside(row["id"], frame.id, item):
                row["state"] = "closed"
                self._event(row["execution_id"], "RegionClosed", data={"region": row["id"]})
        return Ending(left, rings)

    def give_back(self, step: StepView) -> None:
        """See :class:`fermata.engine.ledger.Ledger`."""
        row = self.steps[step.id]
        if row["fence"] == step.fence and row["state"] == "running":
            row["fence"] += 1
            self._move(row, "ready", started_at=None, worker=None)

    def end_children(self, step_id: str) -> Ending:
        """See :class:`fermata.engine.ledger.Ledger`."""
        live = [
            row
            for row in self.executions.values()
            if row["parent_step_id"] == step_id and row["status"] not in EXECUTION_FINAL
        ]
        return Ending(len(live), [ring for row in live for ring in self.end(row["id"], why="cancel")])

    def end(self, execution_id: str, *, why: str) -> list[Ring]:
        """Begin to end an execution (why: cancel | timeout): its root closes, a settle row does the rest."""
        execution = self.executions[execution_id]
        if execution["status"] in EXECUTION_FINAL or execution["status"] == "cancelling":
            return []
        before, self._rings = self._rings, []
        root = identity.root_id(execution_id)
        execution["status"] = "cancelling"
        self._event(execution_id, "ExecutionCancelling", status="cancelling")
        cause = {"why": why}
        self._close(execution_id, root, None, "closing", cause)
        self._insert(execution_id, settle_row(root, 0, execution["priority"], cause))
        rings, self._rings = self._rings, before + self._rings
        return rings

    def advance(self) -> list[Ring]:
        """Move the clock to the next due time and wake what is due then; [] when nothing ever will be."""
        due = [
            row
            for row in self.steps.values()
            if row["due_at"] is not None and row["state"] in ("waiting", "retrying")
        ]
        if not due:
            return []
        self._rings = []
        self.now = max(self.now, min(row["due_at"] for row in due))
        for row in due:
            if row["due_at"] <= self.now:
                row["fence"] += 1
                resume = None if row["due_kind"] == "retry" else {"kind": row["due_kind"]}
                attempt = row["attempt"] + (row["due_kind"] == "retry")
                self._move(
                    row, "ready", resume=resume, attempt=attempt, due_at=None, due_kind=None, reason=None
                )
                self._ring(row)
        return self._rings


def _sight(claim: Claim, reads: Sequence[str]) -> Sight:
    return Sight(
        asked=set(reads),
        steps=claim.steps,
        previous=claim.previous,
        variables=claim.variables,
        item=claim.item,
        has_item=claim.has_item,
        input=claim.input,
        trigger=claim.trigger,
    )
