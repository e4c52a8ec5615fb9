"""Applying the stages of a decision: arrivals, regions, steps, items, ends; mirrors ``sql/apply.sql``."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict

from fermata.engine.memory.seen import Seen
from fermata.engine.memory.tables import Row
from fermata.machine import identity
from fermata.machine.commands import Arrive, EndItem, Finish, NewRegion, NewStep, Stage
from fermata.machine.foreach import ended
from fermata.machine.states import EXECUTION_FINAL, STEP_LIVE

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


class Applying(Seen):
    """The writes of a decision."""

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
