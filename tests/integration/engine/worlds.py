"""Two transactions at a time: a record held open between its checks and its commit."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
from django.db import connection

from fermata.engine import wire
from fermata.engine.ledger import Recorded
from fermata.engine.store import run
from fermata.machine.commands import Decision
from tests.contracts.harness import World
from tests.contracts.postgres import Postgres
from tests.reference.contract_cases import Case


def session() -> psycopg.Connection[Any]:
    """A connection of its own to the test database."""
    given = connection.settings_dict
    return psycopg.connect(
        dbname=given["NAME"],
        user=given["USER"],
        password=given["PASSWORD"],
        host=given["HOST"],
        port=given["PORT"],
        options="-c lock_timeout=5s",
    )


class Held(Postgres):
    """The records of nodes named in ``hold`` stay uncommitted until ``commit``."""

    def __init__(self) -> None:
        self.hold: set[str] = set()
        self.open: list[psycopg.Connection[Any]] = []

    def record(self, decision: Decision, *, meanwhile: Any = None) -> Recorded:
        [(node,)] = run("SELECT node_id FROM fermata_step WHERE id = %s", [decision.own.id])
        if node not in self.hold:
            return super().record(decision, meanwhile=meanwhile)
        held = session()
        rows = held.execute("SELECT fermata_record(%s)", [wire.decision_text(decision)]).fetchone()
        assert rows is not None
        self.open.append(held)
        return wire.recorded(rows[0])

    def commit_soon(self, seconds: float = 0.25) -> None:
        """Commit what is held, while the caller waits for its locks."""
        held = self.open.pop()
        timer = threading.Timer(seconds, lambda: (held.commit(), held.close()))
        timer.start()


def world(ledger: Any, document: dict[str, Any], **more: Any) -> World:
    """A started world of one document."""
    document = {"schema": "fermata/1", "name": "review", "edges": [], **document}
    documents = {
        name: {"schema": "fermata/1", "name": name, "edges": [], **other}
        for name, other in more.pop("documents", {}).items()
    }
    case = Case(
        name="review", file="review", document=document, input=more.pop("given", {}), expect={},
        documents=documents, **more,
    )  # fmt: skip
    made = World(case, ledger)
    made.start()
    return made


def step(node: str, *, kind: str = "node", execution: str | None = None) -> tuple[str, str]:
    """(id, state) of the newest step of a node."""
    rows = run(
        "SELECT id::text, state FROM fermata_step WHERE node_id = %s AND kind = %s"
        " AND (%s::uuid IS NULL OR execution_id = %s::uuid) ORDER BY ready_at DESC LIMIT 1",
        [node, kind, execution, execution],
    )
    return rows[0][0], rows[0][1]
