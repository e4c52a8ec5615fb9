"""The ledger in memory: storage only, it shares ``decide``.

For tests and test mode; a workflow runs in milliseconds.

Mirrors ``sql/record.sql`` step by step; the contract suite holds the two together. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from fermata.engine.ledger import NewExecution, Recorded, Ring
from fermata.engine.wire import text
from fermata.machine import identity
from fermata.machine.commands import Arrive, Decision, EndItem, Finish, NewRegion, NewStep, Own, Stage
from fermata.machine.decide import settle_row
from fermata.machine.foreach import ended, result_of
from fermata.machine.states import EXECUTION_FINAL, STEP_LIVE
from fermata.machine.variables import applied
from fermata.machine.view import Claim, ExecutionView, Frame, Refusal, StepView

Row = dict[str, Any]
RECORDED = ("port", "error", "handled_by", "reason")
RECORDS = ("StepSucceeded", "StepFailed", "StepTimedOut", "StepWaiting", "StepRetrying")
REGION_FIELDS = (
    "name",
    "kind",
    "parent",
    "path",
    "step",
    "total",
    "next",
    "active",
    "failure_limit",
    "mode",
    "fan_out",
)


class MemoryLedger:
    """Dictionaries with the tables' column names. ``now`` is virtual and moves only by ``advance``."""

    def __init__(self) -> None:
        """An empty ledger whose clock stands at 2026-01-01T00:00:00Z."""
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.executions: dict[str, Row] = {}
        self.regions: dict[str, Row] = {}
        self.steps: dict[str, Row] = {}
        self.joins: dict[str, Row] = {}
        self.arrivals: dict[tuple[str, int], Row] = {}
        self.iterations: dict[tuple[str, int], Row] = {}
        self.variables: dict[tuple[str, int, str], Any] = {}
        self.versions: dict[tuple[str, int, str], int] = {}
        self.signals: list[Row] = []
        self.approvals: dict[str, Row] = {}
        self.events: list[Row] = []
        self.asked: list[Ring] = []
        self._scopes: dict[tuple[str, int], set[str]] = {}
        self._rings: list[Ring] = []
        self._finished: str | None = None

    # -- start ---------------------------------------------------------------------------------------------

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

    # -- claim ---------------------------------------------------------------------------------------------

    def claim(self, step_id: str, *, worker: str) -> Claim | Refusal:
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

    def _closing(self, step: Row) -> bool:
        for level, frame in enumerate(self._frames(step)):
            if level == 0 and step["kind"] == "settle":
                continue
            item = self.iterations.get((frame.id, frame.iteration))
            if frame.state in ("closing", "closed") or (item is not None and item["state"] == "closing"):
                return True
        return False

    def _frames(self, step: Row) -> list[Frame]:
        frames = []
        region_id, iteration = step["region_id"], step["iteration"]
        while region_id:
            row = self.regions[region_id]
            frames.append(
                Frame(
                    row["id"],
                    row["name"],
                    row["kind"],
                    iteration,
                    row["state"],
                    row["step"],
                    row["path"],
                    row["cause"],
                )
            )
            region_id, iteration = row["parent"], row["parent_iteration"]
        return frames

    def _load(self, step: Row, execution: Row) -> Claim:
        frames = self._frames(step)
        fields = (
            "id",
            "node",
            "kind",
            "run",
            "attempt",
            "fence",
            "state",
            "losses",
            "refusals",
            "lane",
            "priority",
            "data",
            "resume",
            "error",
        )
        view = StepView(**{name: deepcopy(step[name]) for name in fields}, frames=frames)
        shown = ExecutionView(
            **{
                name: execution[name]
                for name in (
                    "id",
                    "workspace_id",
                    "workflow_id",
                    "version_id",
                    "status",
                    "priority",
                    "depth",
                    "version",
                    "started_by",
                )
            },
            created_at=execution["created_at"].isoformat(),
        )
        claim = Claim(step=view, execution=shown, now=self.now.isoformat())
        for read in step["reads"]:
            self._read(claim, step, frames, execution, read)
        owner = step["region_id"]
        claim.remembered = [
            [row["edge"], row["passage"]] for (at, _), row in self.arrivals.items() if at == owner
        ]
        resume = step["resume"] or {}
        if resume.get("kind") == "region":
            region = self.regions[identity.container_id(step["id"], attempt=step["attempt"])]
            rows = [row for (at, _), row in sorted(self.iterations.items()) if at == region["id"]]
            claim.result = result_of(region, rows, resume["result"])
        elif resume.get("kind") == "children":
            resume = {"kind": "children", "children": self._children(step["id"])}
            view.resume = resume
        return claim

    def _children(self, step_id: str) -> list[Row]:
        rows = [row for row in self.executions.values() if row["parent_step_id"] == step_id]
        rows.sort(key=lambda row: row["parent_ordinal"])
        return [
            {
                "id": row["id"],
                "status": row["status"],
                "error": row["error"],
                "version_id": row["version_id"],
                "has_output": row["has_output"],
                "output": deepcopy(row["output"]),
            }
            for row in rows
        ]

    def _read(self, claim: Claim, step: Row, frames: list[Frame], execution: Row, read: str) -> None:
        kind, _, name = read.partition(":")
        if kind == "inputs":
            claim.input = deepcopy(execution["input"])
        elif kind == "trigger":
            claim.trigger = deepcopy(execution["trigger"])
        elif kind == "step":
            found = self._find(frames, name.split("/"))
            if found and (step["sees"] is None or found["id"] in step["sees"]):
                claim.steps[name] = _shown(found)
        elif kind == "previous":
            found = self._previous(frames, name)
            if found:
                claim.previous[name] = _shown(found)
        elif kind == "var":
            self._read_variable(claim, frames, execution, name)
        elif kind == "item":
            self._read_item(claim, frames)
        elif kind == "arrivals" and step["data"]:
            claim.arrivals = [
                {
                    "edge": edge,
                    "node": self.steps[source]["node"],
                    "path": self._path(self.steps[source]),
                    **_shown(self.steps[source]),
                }
                for edge, source in step["data"]["arrivals"]
            ]

    def _find(self, frames: list[Frame], route: list[str]) -> Row | None:
        *loops, node = route
        for frame in frames:
            region_id, iteration = frame.id, frame.iteration
            inner = self._inner_region(region_id, iteration, loops)
            if loops:
                found = self._latest(inner, node) if inner else None
            else:
                found = self.steps.get(identity.step_id(region_id, iteration, node))
            if found and found["state"] in ("succeeded", "failed", "timed_out"):
                return found
        return None

    def _inner_region(self, region_id: str, iteration: int, names: list[str]) -> str | None:
        """The loop (or while) reached by going into ``names`` one by one, in their latest passage."""
        for name in names:
            inside = [
                row
                for row in self.regions.values()
                if row["parent"] == region_id and row["parent_iteration"] == iteration and row["name"] == name
            ]
            if not inside:
                return None
            region_id, iteration = inside[-1]["id"], inside[-1]["passage"]
        return region_id

    def _latest(self, region_id: str, node: str) -> Row | None:
        if region_id not in self.regions:
            return None
        for passage in range(self.regions[region_id]["passage"], -1, -1):
            found = self.steps.get(identity.step_id(region_id, passage, node))
            if found and found["state"] == "succeeded":
                return found
        return None

    def _previous(self, frames: list[Frame], node: str) -> Row | None:
        for frame in frames:
            if frame.kind in ("loop", "while") and frame.iteration > 0:
                found = self.steps.get(identity.step_id(frame.id, frame.iteration - 1, node))
                if found and found["state"] in ("succeeded", "failed", "timed_out"):
                    return found
        return None

    def _read_variable(self, claim: Claim, frames: list[Frame], execution: Row, name: str) -> None:
        scopes = [(frame.id, frame.iteration) for frame in frames if frame.kind != "root"]
        scopes += [(execution["id"], 0), (execution["workflow_id"], 0), (execution["workspace_id"], 0)]
        for scope, iteration in scopes:
            if (scope, iteration, name) in self.variables:
                claim.variables[name] = deepcopy(self.variables[(scope, iteration, name)])
                return

    def _read_item(self, claim: Claim, frames: list[Frame]) -> None:
        for frame in frames:
            if frame.kind == "foreach":
                region = self.regions[frame.id]
                ranged = region["fan_out"]["range"]
                chunk, at = divmod(frame.iteration, 100)
                claim.item = frame.iteration if ranged else deepcopy(region["items"][chunk][at])
                claim.has_item = True
                return

    # -- record --------------------------------------------------------------------------------------------

    def record(self, decision: Decision) -> Recorded:
        """See :class:`fermata.engine.ledger.Ledger`."""
        self._rings, self._finished = [], None
        own = decision.own
        step = self.steps.get(own.id)
        if step is None or step["fence"] != own.fence or step["state"] not in ("ready", "running"):
            return Recorded("stale")
        if self._closing(step):
            self._move(step, "cancelled")
            return Recorded("cancelled")
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

    def _apply(self, execution_id: str, source: Row | None, stages: list[Stage]) -> None:
        for stage in stages:
            self._apply_stage(execution_id, source, stage)
            if stage.check is None or not self._over(
                stage.check.region, stage.check.iteration, sure=stage.check.sure
            ):
                break

    def _apply_stage(self, execution_id: str, source: Row | None, stage: Stage) -> None:
        for remember in stage.remember:
            key = (remember.region, remember.edge)
            self.arrivals[key] = {
                "edge": remember.edge,
                "passage": remember.passage,
                "live": True,
                "step_id": remember.source,
            }
        for arrival in stage.arrivals:
            self._arrive(execution_id, arrival)
        for region in stage.regions:
            self._open(execution_id, region)
        for step in stage.steps:
            self._insert(execution_id, step)
        for close in stage.close:
            self._close(execution_id, close.region, close.iteration, close.state, close.cause)
        for passing in stage.passes:
            self.regions[passing.region].update(passage=passing.to, state="open", cause=None)
            self._event(
                execution_id, "PassageStarted", data={"region": passing.region, "passage": passing.to}
            )
        if stage.end_item is not None:
            self._end_item(execution_id, stage.end_item)
        if stage.wake is not None:
            self._wake(self.steps[stage.wake.step], stage.wake.resume)
        if stage.finish is not None:
            self._finish(execution_id, stage.finish)

    def _arrive(self, execution_id: str, arrival: Arrive) -> None:
        join = self.joins.setdefault(
            arrival.join,
            {
                "settled": 0,
                "live": 0,
                "state": "waiting",
                "total": arrival.total,
                "node": arrival.node,
                "region": arrival.region,
                "iteration": arrival.iteration,
            },
        )
        key = (arrival.join, arrival.edge)
        if key in self.arrivals:
            return
        self.arrivals[key] = {
            "edge": arrival.edge,
            "live": arrival.live,
            "step_id": arrival.source,
            "passage": 0,
        }
        join["settled"] += 1
        join["live"] += arrival.live
        if join["state"] != "waiting":
            return
        if join["live"] >= arrival.need and (arrival.eager or join["settled"] == arrival.total):
            join["state"] = "open"
            self._decided(execution_id, "JoinOpened", arrival)
            if arrival.opens is not None:
                self._open(execution_id, arrival.opens)
            row = self._insert(execution_id, arrival.step)
            if row is not None and "arrivals" in row["reads"]:
                row["data"] = {
                    "arrivals": [
                        [entry["edge"], entry["step_id"]]
                        for (at, _), entry in self.arrivals.items()
                        if at == arrival.join and entry["live"]
                    ]
                }
        elif (
            join["settled"] - join["live"] > arrival.total - arrival.need or join["settled"] == arrival.total
        ):
            join["state"] = "skipped"
            self._decided(execution_id, "JoinSkipped", arrival)
            self._insert(
                execution_id,
                NewStep(
                    id=identity.step_id(arrival.region, arrival.iteration, arrival.node, kind="skip"),
                    node=arrival.node,
                    kind="skip",
                    region=arrival.region,
                    iteration=arrival.iteration,
                    priority=arrival.step.priority,
                    lane=arrival.step.lane,
                    data={"node": arrival.node},
                ),
            )

    def _open(self, execution_id: str, region: NewRegion) -> None:
        if region.id in self.regions:
            return
        self.regions[region.id] = {
            **asdict(region),
            "execution_id": execution_id,
            "state": "open",
            "cause": None,
            "passage": 0,
            "succeeded": 0,
            "failed": 0,
        }
        self._event(
            execution_id,
            "RegionOpened",
            data={
                "region": region.id,
                "iteration": region.parent_iteration,
                **{name: deepcopy(getattr(region, name)) for name in REGION_FIELDS},
            },
        )

    def _decided(self, execution_id: str, kind: str, arrival: Arrive) -> None:
        join = self.joins[arrival.join]
        data = {
            "join": arrival.join,
            "region": arrival.region,
            "iteration": arrival.iteration,
            "live": join["live"],
            "settled": join["settled"],
        }
        self._event(execution_id, kind, node=arrival.node, data=data)

    def _insert(self, execution_id: str, new: NewStep) -> Row | None:
        if new.id in self.steps:
            return None
        row: Row = {
            **asdict(new),
            "region_id": new.region,
            "execution_id": execution_id,
            "run": 1,
            "attempt": 1,
            "fence": 1,
            "losses": 0,
            "refusals": 0,
            "rings": 0,
            "resume": None,
            "output": None,
            "output_digest": None,
            "input": None,
            "error": None,
            "port": None,
            "handled_by": None,
            "reason": None,
            "due_at": None,
            "due_kind": None,
            "sees": None,
            "ready_at": self.now,
            "started_at": None,
            "finished_at": None,
            "worker": None,
            "rev": 1,
        }
        self.steps[new.id] = row
        if new.state in STEP_LIVE:
            self._scopes.setdefault((new.region, new.iteration), set()).add(new.id)
        if new.freeze:
            frames = self._frames(row)
            found = [
                self._find(frames, read[5:].split("/")) for read in new.reads if read.startswith("step:")
            ]
            row["sees"] = [entry["id"] for entry in found if entry]
        self._event(execution_id, "StepReady" if new.state == "ready" else "StepSkipped", step=row)
        if new.state == "ready":
            self._ring(row)
        return row

    def _ring(self, row: Row) -> None:
        self._rings.append(
            Ring(
                row["execution_id"],
                row["id"],
                row["node"],
                row["kind"],
                row["queue"],
                row["priority"],
                True,
                row["lane"],
                row["region_id"],
                row["iteration"],
            )
        )

    def _close(
        self, execution_id: str, region_id: str, iteration: int | None, state: str, cause: Row | None
    ) -> None:
        if iteration is None:
            region = self.regions[region_id]
            region.update(state=state, cause=cause if state == "closing" else region["cause"])
        elif (region_id, iteration) in self.iterations:
            return
        else:
            self.iterations[(region_id, iteration)] = {
                "index": iteration,
                "state": state,
                "cause": cause,
                "output": None,
                "output_digest": None,
                "error": None,
            }
        self._event(
            execution_id,
            "RegionClosing" if state == "closing" else "RegionClosed",
            data={"region": region_id, "item": iteration, "cause": cause},
        )

    def _over(self, region_id: str, iteration: int, *, sure: bool) -> bool:
        if sure:
            return True
        if any(
            self.steps[step]["state"] in STEP_LIVE for step in self._scopes.get((region_id, iteration), ())
        ):
            return False
        return not any(
            row["parent"] == region_id
            and row["parent_iteration"] == iteration
            and row["kind"] == "loop"
            and row["state"] != "closed"
            for row in self.regions.values()
        )

    def _end_item(self, execution_id: str, end: EndItem) -> None:
        region = self.regions[end.region]
        digest = self._digest(execution_id, end.output) if end.state == "succeeded" else None
        self.iterations[(end.region, end.iteration)] = {
            "index": end.iteration,
            "state": end.state,
            "cause": None,
            "output": deepcopy(end.output),
            "output_digest": digest,
            "error": end.error,
        }
        region["active"] -= 1
        region["succeeded" if end.state == "succeeded" else "failed"] += 1
        verdict = ended(region, drain=end.drain, cancel=end.cancel, error=end.error)
        data = {
            "region": end.region,
            "item": end.iteration,
            "state": end.state,
            "output": digest,
            "error": end.error,
            "succeeded": region["succeeded"],
            "failed": region["failed"],
            "region_state": verdict.state,
        }
        if verdict.cause is not None and verdict.cause != region["cause"]:
            data["cause"] = verdict.cause
        self._event(execution_id, "ItemEnded", data=data)
        region["state"] = verdict.state
        region["cause"] = verdict.cause or region["cause"]
        if verdict.next_item:
            self._start_item(execution_id, region, end)
        elif verdict.settle:
            self._insert(
                execution_id,
                NewStep(
                    id=identity.step_id(end.region, 0, "@settle:threshold", kind="settle"),
                    node="@settle:threshold",
                    kind="settle",
                    region=end.region,
                    iteration=0,
                    data=verdict.cause,
                ),
            )
        elif verdict.result is not None:
            self._event(execution_id, "RegionClosed", data={"region": end.region})
            self._wake(self.steps[region["step"]], {"kind": "region", "result": verdict.result})

    def _start_item(self, execution_id: str, region: Row, end: EndItem) -> None:
        item = region["next"]
        region["next"] += 1
        region["active"] += 1
        for template in end.starts:
            where, at = end.region, item
            if template.node in end.loops:
                name = end.loops[template.node]
                where, at = identity.loop_id(end.region, item, name), 0
                path = [*region["path"], [region["name"], item]]
                self._open(execution_id, NewRegion(where, name, "loop", end.region, item, path))
            step = deepcopy(template)
            step.region, step.iteration = where, at
            step.id = identity.step_id(where, at, template.node)
            self._insert(execution_id, step)

    def _wake(self, step: Row, resume: Row) -> None:
        if step["state"] != "waiting":
            return
        step["fence"] += 1
        self._move(step, "ready", resume=resume, due_at=None, due_kind=None, reason=None, ready_at=self.now)
        self._ring(step)

    def _finish(self, execution_id: str, finish: Finish) -> None:
        execution = self.executions[execution_id]
        if execution["status"] in EXECUTION_FINAL:
            return
        status = (
            "cancelled"
            if execution["status"] == "cancelling" and finish.status == "succeeded"
            else finish.status
        )
        digest = self._digest(execution_id, finish.output) if finish.has_output else None
        execution.update(status=status, error=finish.error, finished_at=self.now, output_digest=digest)
        if finish.has_output:
            execution.update(output=deepcopy(finish.output), has_output=True)
        self.regions[identity.root_id(execution_id)]["state"] = "closed"
        self._event(
            execution_id, "ExecutionFinished", status=status, data={"error": finish.error, "output": digest}
        )
        self._finished = status
        parent = self.steps.get(execution["parent_step_id"] or "")
        if (
            parent is not None
            and parent["reason"] == "children"
            and all(
                row["status"] in EXECUTION_FINAL
                for row in self.executions.values()
                if row["parent_step_id"] == parent["id"]
            )
        ):
            self._wake(parent, {"kind": "children"})

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

    def cancel_live(self, step: StepView) -> int:
        """See :class:`fermata.engine.ledger.Ledger`."""
        frame = step.frames[0]
        item = frame.iteration if frame.kind == "foreach" and step.data.get("why") != "threshold" else None
        left = 0
        for row in list(self.steps.values()):
            if row["id"] != step.id and row["state"] in STEP_LIVE and self._within(row, frame.id, item):
                if row["reason"] == "children" and self.end_children(row["id"]):
                    left += 1
                    continue
                row["fence"] += 1
                self._move(row, "cancelled", due_at=None)
        for row in self.regions.values():
            if row["state"] != "closed" and row["id"] != frame.id and self._inside(row["id"], frame.id, item):
                row["state"] = "closed"
                self._event(row["execution_id"], "RegionClosed", data={"region": row["id"]})
        return left

    def give_back(self, step: StepView) -> None:
        """See :class:`fermata.engine.ledger.Ledger`."""
        row = self.steps[step.id]
        if row["fence"] == step.fence and row["state"] == "running":
            row["fence"] += 1
            self._move(row, "ready", started_at=None, worker=None)

    def end_children(self, step_id: str) -> int:
        """See :class:`fermata.engine.ledger.Ledger`."""
        live = [
            row
            for row in self.executions.values()
            if row["parent_step_id"] == step_id and row["status"] not in EXECUTION_FINAL
        ]
        for row in live:
            self.end(row["id"], why="cancel")
        return len(live)

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
        self.asked += rings
        return rings

    def _within(self, row: Row, region_id: str, item: int | None) -> bool:
        at, iteration = row["region_id"], row["iteration"]
        while at:
            if at == region_id:
                return item is None or iteration == item
            region = self.regions[at]
            at, iteration = region["parent"], region["parent_iteration"]
        return False

    def _inside(self, region_id: str, outer: str, item: int | None) -> bool:
        row = self.regions[region_id]
        return bool(row["parent"]) and self._within(
            {"region_id": row["parent"], "iteration": row["parent_iteration"]}, outer, item
        )

    # -- time and journal ----------------------------------------------------------------------------------

    def advance(self) -> list[Ring]:
        """Move the clock to the next due time and wake what is due then; [] when nothing ever will be."""
        due = [
            row
            for row in self.steps.values()
            if row["due_at"] is not None and row["state"] in ("waiting", "retrying")
        ]
        if self.asked:
            rings, self.asked = self.asked, []
            return rings
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

    def _move(self, step: Row, state: str, **values: Any) -> None:
        step.update(state=state, **values)
        step["rev"] += 1
        if state not in STEP_LIVE:
            step["finished_at"] = self.now
            self._scopes.get((step["region_id"], step["iteration"]), set()).discard(step["id"])
        self._event(step["execution_id"], f"Step{state.title().replace('_', '')}", step=step)

    def _digest(self, execution_id: str, value: Any) -> str:
        """As ``fermata_store`` names the payload."""
        workspace = UUID(self.executions[execution_id]["workspace_id"])
        return sha256(workspace.bytes + text(value).encode()).hexdigest()

    def _path(self, step: Row) -> list[list[Any]]:
        frame = self._frames(step)[0]
        return frame.path if frame.kind == "root" else [*frame.path, [frame.name, frame.iteration]]

    def _event(
        self,
        execution_id: str,
        kind: str,
        *,
        step: Row | None = None,
        step_id: str | None = None,
        node: str | None = None,
        status: str | None = None,
        data: Row | None = None,
    ) -> None:
        event: Row = {
            "seq": len(self.events) + 1,
            "execution_id": execution_id,
            "type": kind,
            "at": self.now,
            "step_id": step_id,
            "node_id": node,
            "run": None,
            "attempt": None,
            "status": status,
            "rev": None,
            "data": data,
            "format": 1,
        }
        if step is not None:
            shown = {"region": step["region_id"], "iteration": step["iteration"], "kind": step["kind"]}
            if kind in RECORDS:
                shown |= {name: step[name] for name in RECORDED if step[name] is not None}
                if step["output_digest"] is not None:
                    shown["output"] = step["output_digest"]
            event |= {
                "step_id": step["id"],
                "node_id": step["node"],
                "run": step["run"],
                "attempt": step["attempt"],
                "status": step["state"],
                "rev": step["rev"],
                "data": deepcopy(shown),
            }
        self.events.append(event)


def _shown(step: Row) -> Row:
    if step["state"] == "succeeded":
        return {"output": deepcopy(step["output"])}
    return {"error": deepcopy(step["error"])}
