"""What a claim loads beside the step itself; mirrors ``sql/seen.sql``."""

from __future__ import annotations

from copy import deepcopy

from fermata.engine.memory.tables import Row, Tables
from fermata.machine import identity
from fermata.machine.foreach import result_of
from fermata.machine.view import Claim, ExecutionView, Frame, StepView


class Seen(Tables):
    """The reads of a claim."""

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
        attempt = self.steps[step_id]["attempt"]
        rows = [
            row
            for row in self.executions.values()
            if row["parent_step_id"] == step_id and row["parent_attempt"] == attempt
        ]
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


def _shown(step: Row) -> Row:
    if step["state"] == "succeeded":
        return {"output": deepcopy(step["output"])}
    return {"error": deepcopy(step["error"])}
