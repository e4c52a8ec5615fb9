"""The ledger in PostgreSQL with what the harness asks of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from fermata.engine import wire
from fermata.engine.ledger import NewExecution, Recorded, Ring
from fermata.engine.store import PostgresLedger, call, run
from fermata.graph.plan import Plan
from tests.contracts.harness import observed
from tests.reference.results import Result

TREE = "SELECT id FROM fermata_execution WHERE root_id = %s"


class Postgres(PostgresLedger):
    """Time does not pass by itself: ``advance`` makes what is due first due now.

    It holds the execution started last and its children apart from all others in the database.
    """

    root = ""

    def start(self, execution: NewExecution) -> Recorded:
        """Children start inside a record, so this is a root."""
        self.root = execution.id
        return super().start(execution)

    def executions(self) -> list[str]:
        """The execution started last and its children."""
        return [str(row[0]) for row in run(TREE, [self.root])]

    def send_signal(self, execution_id: str, name: str, payload: Any) -> list[Ring]:
        """As an operation would."""
        answer = call(
            "fermata_send", execution_id, str(uuid4()), name, wire.text(payload), "user:case", False
        )
        return wire.rings(answer["rings"])

    def pending_approvals(self, execution_id: str) -> list[tuple[str, str]]:
        """(step id, node id) of steps waiting for a decision."""
        return run(
            "SELECT id::text, node_id FROM fermata_step"
            " WHERE execution_id = %s AND state = 'waiting' AND reason = 'approval'",
            [execution_id],
        )  # type: ignore[return-value]

    def decide_approval(self, step_id: str, payload: Any) -> list[Ring]:
        """As an operation would."""
        [(approval,)] = run("SELECT id::text FROM fermata_approval WHERE step_id = %s", [step_id])
        answer = call("fermata_decide", approval, payload["decision"], payload["by"], payload["comment"])
        return wire.rings(answer["rings"])

    def advance(self) -> list[Ring]:
        """Wake what is due first."""
        due = f"state IN ('waiting', 'retrying') AND execution_id IN ({TREE})"
        run(
            "UPDATE fermata_step SET due_at = clock_timestamp()"
            f" WHERE {due} AND due_at = (SELECT min(due_at) FROM fermata_step WHERE {due})",
            [self.root, self.root],
        )
        run("SELECT fermata_due(100)")
        mine = self.executions()
        rings = wire.rings(call("fermata_fill", "default", 1000))
        return [ring for ring in rings if ring.execution_id in mine]

    def account(self, execution_id: str, plan: Plan) -> Result:
        """What the rows say."""
        [(status, error, output)] = run(
            "SELECT x.status, x.error, p.body FROM fermata_execution x"
            " LEFT JOIN fermata_payload p ON p.digest = x.output_digest WHERE x.id = %s",
            [execution_id],
        )
        rows = run(
            "SELECT s.node_id, s.iteration, s.state, s.port, s.error, p.body, r.path, r.name, r.kind"
            " FROM fermata_step s JOIN fermata_region r ON r.id = s.region_id"
            " LEFT JOIN fermata_payload p ON p.digest = s.output_digest"
            " WHERE s.execution_id = %s AND s.kind = 'node'",
            [execution_id],
        )
        steps = [
            {
                "node": node,
                "state": state,
                "port": port,
                "error": problem,
                "output": body,
                "path": path if kind == "root" else [*path, [name, iteration]],
            }
            for node, iteration, state, port, problem, body, path, name, kind in rows
        ]
        return observed({"status": status, "error": error, "output": output}, steps, plan)
