"""The ledger in PostgreSQL: one function call a transition, SQL in ``sql/``, no ORM on the hot path.

Transactions that lose a deadlock, a lock timeout or the connection are repeated, never the effect behind them
(engine.md §5.3): a repeated record that finds its fence gone answers ``stale`` — it was committed before the
connection broke, or somebody else was first, and recovery rings whatever it left.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson
import psycopg
from django.db import OperationalError, connection

from fermata.engine import prepared, wire
from fermata.engine.early import patiently
from fermata.engine.ledger import Ending, Meanwhile, NewExecution, Recorded, Ring
from fermata.errors import Conflict, IdempotencyKeyReused, ServerUnavailable
from fermata.machine.commands import Decision
from fermata.machine.together import Batch, Claims, Sight
from fermata.machine.view import Claim, Refusal, StepView

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)
SQL = Path(__file__).parent / "sql"
TRIES = 6
AGAIN = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)
CANCEL_AT_ONCE = 500
RECORDS_TAKE_SECONDS = 1.0
"""How long a settle row looks again at steps whose records are in flight, before it rests."""
LOOK_AGAIN_SECONDS = 0.02


@cache
def statement(name: str) -> str:
    """The named statement of ``sql/statements/{name}.sql``."""
    return (SQL / "statements" / f"{name}.sql").read_text()


def run(query: str, arguments: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement as a transaction of its own (or inside the caller's atomic block) and fetch its rows.

    Raises ServerUnavailable when PostgreSQL stays out of reach.
    """

    def fetched() -> list[tuple[Any, ...]]:
        # Django's own cursors bind on the client, so every call would be a new statement to plan.
        cursor = psycopg.Cursor(connection.connection)
        cursor.execute(query, arguments, prepare=True)
        return cursor.fetchall() if cursor.description else []

    return _persistently(fetched)


def _persistently(ask: Callable[[], Answer]) -> Answer:
    """Ask, again after lost deadlocks, lock timeouts and connections; within a transaction only once."""
    for attempt in range(1, TRIES + 1):
        try:
            connection.ensure_connection()
            return ask()
        except AGAIN:
            if connection.in_atomic_block or attempt == TRIES:
                raise
        except (psycopg.OperationalError, psycopg.InterfaceError, OperationalError) as error:
            if connection.in_atomic_block:
                raise
            connection.close()
            if attempt == TRIES:
                raise ServerUnavailable(
                    "PostgreSQL does not answer.", cure="Start it; work goes on by itself."
                ) from error
            logger.warning(
                "PostgreSQL: %s (try %d)",
                str(error).strip().splitlines()[0] if str(error) else error,
                attempt,
            )
        time.sleep(random.uniform(0.02, 0.06) * 2**attempt)  # noqa: S311 - jitter, no secret
    raise ServerUnavailable("PostgreSQL does not answer.")


def call(function: str, *arguments: prepared.Argument, meanwhile: Callable[[], None] | None = None) -> Any:
    """Call an SQL function that answers JSON, in its own transaction or the caller's; the parsed answer.

    ``meanwhile`` is called once, as a rule while PostgreSQL is at work.
    """
    if connection.in_atomic_block:
        if meanwhile is not None:
            meanwhile()
        places = ", ".join(["%s"] * len(arguments))
        return orjson.loads(run(f"SELECT {function}({places})::text", arguments)[0][0])
    left = [] if meanwhile is None else [meanwhile]

    def asked() -> bytes:
        if not left:
            return prepared.call(connection.connection, function, arguments)
        prepared.ask(connection.connection, function, arguments)
        try:
            left.pop()()
        except BaseException:
            prepared.drop(connection.connection)
            raise
        return prepared.answer(connection.connection)

    return orjson.loads(_persistently(asked))


class PostgresLedger:
    """See :class:`fermata.engine.ledger.Ledger`."""

    def start(self, execution: NewExecution) -> Recorded:
        """See the port; ``replayed`` answers the first id.

        Raises Conflict when the workflow key is live, IdempotencyKeyReused.
        """
        answer = call("fermata_start", wire.start_text(execution))
        if answer["result"] == "conflict":
            raise Conflict(
                f"An execution with the key {execution.workflow_key!r} is live.",
                cure="Wait for it to end, cancel it, or use another key.",
                execution_id=answer["execution_id"],
            )
        if answer["result"] == "reused":
            raise IdempotencyKeyReused(cure="Use a new key for a new request.")
        if answer["result"] == "replayed":
            execution.id = answer["execution_id"]
        return wire.recorded(answer)

    def claim(self, step_id: str, *, worker: str, patient: bool = False) -> Claim | Refusal:
        """See the port."""

        def ask() -> Claim | Refusal:
            return wire.claim(call("fermata_claim", step_id, worker))

        return patiently(ask) if patient else ask()

    def record(self, decision: Decision, *, meanwhile: Meanwhile | None = None) -> Recorded:
        """See the port."""
        text = wire.decision_text(decision)
        output = decision.own.output
        left = [] if meanwhile is None else [lambda: meanwhile(output)]

        def ask() -> Recorded:
            return wire.recorded(call("fermata_record", text, meanwhile=left.pop() if left else None))

        return ask() if decision.own.ahead is None else patiently(ask)

    def claim_many(self, step_ids: Sequence[str]) -> Claims:
        """See the port."""
        return wire.claims(call("fermata_claim_many", wire.array(step_ids)))

    def look(self, region_id: str, iterations: Sequence[int], reads: Sequence[str]) -> list[Sight]:
        """See the port."""
        answers = call("fermata_look", region_id, wire.array(map(str, iterations)), wire.array(reads))
        return [wire.sight(answer, reads) for answer in answers]

    def record_many(self, batch: Batch) -> Recorded:
        """See the port."""
        try:
            return wire.recorded(call("fermata_record_many", wire.batch_text(batch)))
        except psycopg.errors.UniqueViolation:
            logger.warning("A batch met a row of its own; its steps are recorded one by one.")
            return Recorded("alone")

    def versions_of(self, execution_ids: Collection[str]) -> dict[str, str]:
        """See the port."""
        rows = run(
            "SELECT id::text, version_id::text FROM fermata_execution WHERE id = ANY (%s::uuid[])",
            [list(execution_ids)],
        )
        return dict(rows)

    def open_joins(self, joins: Sequence[str]) -> frozenset[str]:
        """See the port."""
        rows = run(
            "SELECT id::text FROM fermata_join WHERE id = ANY (%s::uuid[]) AND state = 'open'", [list(joins)]
        )
        return frozenset(row[0] for row in rows)

    def give_back(self, step: StepView) -> None:
        """See the port."""
        run(statement("give_back"), [step.id, step.fence])

    def end_children(self, step_id: str) -> Ending:
        """See the port."""
        rows = run(
            "SELECT id::text FROM fermata_execution WHERE parent_step_id = %s AND finished_at IS NULL",
            [step_id],
        )
        return Ending(len(rows), self._end_all([child for (child,) in rows]))

    def _end_all(self, children: Sequence[str]) -> list[Ring]:
        return [ring for child in children for ring in self.end(child, why="cancel", by="parent")[2]]

    def outputs(self, execution_id: str, nodes: Sequence[str]) -> dict[str, Any]:
        """See the port."""
        rows = run(statement("outputs"), [execution_id, list(nodes)])
        return {node: orjson.loads(body) for node, body in rows}

    def cancel_live(self, step: StepView) -> Ending:
        """See the port; children are counted until they have ended."""
        frame = step.frames[0]
        item = frame.iteration if frame.kind == "foreach" and step.data.get("why") != "threshold" else None
        rings: list[Ring] = []
        patience = time.monotonic() + RECORDS_TAKE_SECONDS
        while True:
            answer = call("fermata_cancel_live", step.id, item, CANCEL_AT_ONCE)
            rings += self._end_all(answer["children"])
            if answer["left"] == 0 or (answer["cancelled"] == 0 and time.monotonic() > patience):
                return Ending(int(answer["left"]), rings)
            if answer["children"]:
                return Ending(int(answer["left"]), rings)
            if answer["cancelled"] == 0:
                time.sleep(LOOK_AGAIN_SECONDS)

    def mark_running(self, step_id: str, *, fence: int, worker: str) -> bool:
        """A pure step alive at its first heartbeat becomes RUNNING under the same fence."""
        rows = run(statement("mark_running"), [worker, step_id, fence])
        return bool(rows)

    def fence(self, step_id: str) -> int | None:
        """The step's current fence while it may still be recorded, None otherwise."""
        rows = run(
            "SELECT fence FROM fermata_step WHERE id = %s AND state IN ('ready', 'running')", [step_id]
        )
        return int(rows[0][0]) if rows else None

    def end(self, execution_id: str, *, why: str, by: str) -> tuple[str, bool, list[Ring]]:
        """Begin to end an execution (why: cancel | timeout).

        Its status, whether it is final, and the settle row's ring.
        """
        answer = call("fermata_end", execution_id, why, by)
        return answer["status"], answer["final"], wire.rings(answer["rings"])
