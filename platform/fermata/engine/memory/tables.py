"""The tables as dictionaries, the way from a step to its regions, and the journal."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from fermata.engine.ledger import Ring
from fermata.engine.wire import text
from fermata.machine.states import STEP_LIVE
from fermata.machine.view import Frame

Row = dict[str, Any]
RECORDED = ("port", "error", "handled_by", "reason")
RECORDS = ("StepSucceeded", "StepFailed", "StepTimedOut", "StepWaiting", "StepRetrying")


class Tables:
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
        self._scopes: dict[tuple[str, int], set[str]] = {}
        self._rings: list[Ring] = []
        self._finished: str | None = None

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

    def _path(self, step: Row) -> list[list[Any]]:
        frame = self._frames(step)[0]
        return frame.path if frame.kind == "root" else [*frame.path, [frame.name, frame.iteration]]

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

    def _move(self, step: Row, state: str, **values: Any) -> None:
        step.update(state=state, **values)
        step["rev"] += 1
        if state not in STEP_LIVE:
            step["finished_at"] = self.now
            self._scopes.get((step["region_id"], step["iteration"]), set()).discard(step["id"])
        self._event(step["execution_id"], f"Step{state.title().replace('_', '')}", step=step)

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

    def _digest(self, execution_id: str, value: Any) -> str:
        """As ``fermata_store`` names the payload."""
        workspace = UUID(self.executions[execution_id]["workspace_id"])
        return sha256(workspace.bytes + text(value).encode()).hexdigest()

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
