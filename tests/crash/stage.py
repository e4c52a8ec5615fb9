"""Starts executions on the fleet from this process and waits for what becomes of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fermata.accounts.models import Workspace
from fermata.engine import operations
from fermata.engine.dispatch import dispatcher
from fermata.engine.ledger import Ring
from fermata.engine.store import run
from fermata.workflows import operations as workflows
from fermata.workflows.models import Version
from tests.crash import audit
from tests.crash.fleet import Fleet, eventually

Json = dict[str, Any]
TERMINAL = ("succeeded", "failed", "skipped", "cancelled", "timed_out")


def task(node: str, *, effect: str = "idempotent", **more: Any) -> Json:
    """A node whose effect is one line on the outside ledger."""
    given = more.pop("kwargs", {})
    config = {"task": "crash.effect", "effect": effect, "kwargs": given}
    return {"id": node, "type": "celery_task", "config": config, **more}


def value(node: str, output: Any = 1, **more: Any) -> Json:
    """A pure node."""
    return {"id": node, "type": "transform", "config": {"output": output}, **more}


def chain(*names: str) -> list[Json]:
    """Edges from each to the next."""
    return [{"from": left, "to": right} for left, right in pairwise(names)]


@dataclass
class Run:
    """One execution under test."""

    id: str
    fleet: Fleet

    def status(self) -> tuple[str, bool]:
        """(status, final)."""
        [(status, final)] = run(
            "SELECT status, finished_at IS NOT NULL FROM fermata_execution WHERE id = %s", [self.id]
        )
        return status, final

    def await_final(self, *, seconds: float = 12) -> str:
        """Wait until it is final; the status."""
        eventually(lambda: self.status()[1], seconds=seconds, what=f"execution {self.id} is final: {self}")
        return self.status()[0]

    def step(self, node: str) -> Json:
        """The row of a node's first step."""
        names = ("id", "state", "attempt", "fence", "rings", "losses", "reason", "worker", "output")
        rows = run(
            "SELECT s.id::text, s.state, s.attempt, s.fence, s.rings, s.losses, s.reason, s.worker, p.body"
            " FROM fermata_step s LEFT JOIN fermata_payload p ON p.digest = s.output_digest"
            " WHERE s.execution_id = %s AND s.node_id = %s ORDER BY s.iteration, s.run LIMIT 1",
            [self.id, node],
        )
        return dict(zip(names, rows[0], strict=True)) if rows else {"state": "absent"}

    def await_step(self, node: str, *states: str, seconds: float = 10) -> Json:
        """Wait until the node's step is in one of the states."""
        what = f"{node} is {' or '.join(states)}"
        eventually(lambda: self.step(node)["state"] in states, seconds=seconds, what=f"{what}: {self}")
        return self.step(node)

    def keys(self, node: str) -> list[str]:
        """Idempotency keys under which the node's effect was asked for, one per call."""
        return [row["key"] for row in calls(self.fleet) if row["key"].split(":")[:2] == [self.id, node]]

    def output(self) -> Any:
        """The execution's output."""
        [(body,)] = run(
            "SELECT p.body FROM fermata_execution x LEFT JOIN fermata_payload p ON p.digest = x.output_digest"
            " WHERE x.id = %s",
            [self.id],
        )
        return body

    def ring(self, step_id: str, *, times: int = 1) -> None:
        """Push messages for a step, as a doubled or redelivered one would come."""
        ring = Ring(self.id, step_id, "", "node", "default", 5)
        dispatcher().ring([ring] * times)

    def check(self) -> None:
        """Assert that nothing is wrong with it and its children."""
        assert audit.violations([self.id]) == []

    def __repr__(self) -> str:
        rows = run(
            "SELECT node_id, kind, iteration, state, attempt, fence, rings, losses,"
            " rung_at IS NOT NULL, reason"
            " FROM fermata_step WHERE execution_id = %s ORDER BY ready_at",
            [self.id],
        )
        return f"{self.status()} {rows}"


class Stage:
    """Workflows and executions of one workspace. `dispatch`: of the documents that say nothing else."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.dispatch = "each"
        slug = f"crash-{uuid4().hex[:8]}"
        self.workspace = Workspace.objects.create(slug=slug, name=slug)
        self.versions: dict[str, Version] = {}
        self.runs: list[Run] = []

    def version(self, document: Json) -> Version:
        """The document published, once."""
        document = {**document, "settings": {"dispatch": self.dispatch, **document.get("settings", {})}}
        text = json.dumps(document, sort_keys=True)
        if text not in self.versions:
            name = document.get("name") or f"w{len(self.versions)}-{uuid4().hex[:6]}"
            whole = {"schema": "fermata/1", "edges": [], **document, "name": name}
            content = workflows.Content(definition=whole)
            made = workflows.create(workspace_id=self.workspace.id, name=name, content=content, by=None)
            self.versions[text] = workflows.publish(made.id, by=None)
        return self.versions[text]

    def start(self, document: Json, *, input: Any = None) -> Run:  # noqa: A002 - as the interface says
        """Start one execution."""
        started = operations.start(
            workspace_id=self.workspace.id,
            version=self.version(document),
            input=input,
            started_by="test:crash",
        )
        found = Run(str(started.id), self.fleet)
        self.runs.append(found)
        return found

    def cancel(self, found: Run) -> None:
        operations.cancel(UUID(found.id), by="test:crash")

    def resolve(self, found: Run, node: str, *, action: Any, output: Any = None) -> None:
        operations.resolve_held(UUID(found.step(node)["id"]), action=action, output=output, by="test:crash")


def lines(path: Path) -> list[Json]:
    """Rows of one of the files outside."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def calls(fleet: Fleet) -> list[Json]:
    """Every call of an effect, by any process."""
    return lines(fleet.outside / "effects")


def last_words(fleet: Fleet, pid: int) -> list[str]:
    """What a process's looks at steps came to."""
    return [row["result"] for row in lines(fleet.outside / "performed") if row["pid"] == pid]
