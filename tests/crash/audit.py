"""What must be true after every crash, asked of the rows and the journal of whole executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fermata.engine.store import run

LIVE = "('ready', 'running', 'waiting', 'held', 'retrying')"
TERMINAL = "('StepSucceeded', 'StepFailed', 'StepSkipped', 'StepCancelled', 'StepTimedOut')"

QUESTIONS = {
    "an execution is not final": """
        SELECT id::text, status FROM fermata_execution WHERE root_id = ANY (%s::uuid[]) AND finished_at IS NULL""",
    "a live step in a final execution": f"""
        SELECT s.id::text, s.node_id, s.state FROM fermata_step s JOIN fermata_execution x ON x.id = s.execution_id
        WHERE x.root_id = ANY (%s::uuid[]) AND x.finished_at IS NOT NULL AND s.state IN {LIVE}""",
    "a step without exactly one terminal event": f"""
        SELECT s.id::text, s.node_id, s.state, count(e.id) FROM fermata_step s
        JOIN fermata_execution x ON x.id = s.execution_id
        LEFT JOIN fermata_event e ON e.step_id = s.id AND e.execution_id = x.id AND e.type IN {TERMINAL}
        WHERE x.root_id = ANY (%s::uuid[]) AND s.state NOT IN {LIVE}
        GROUP BY s.id, s.node_id, s.state HAVING count(e.id) <> 1""",
    "a terminal event that tells another state than the row": f"""
        SELECT s.id::text, s.state, e.status FROM fermata_step s JOIN fermata_execution x ON x.id = s.execution_id
        JOIN fermata_event e ON e.step_id = s.id AND e.execution_id = x.id AND e.type IN {TERMINAL}
        WHERE x.root_id = ANY (%s::uuid[]) AND e.status <> s.state""",
    "an event after a step's terminal one": f"""
        SELECT a.step_id::text, a.type, b.type FROM fermata_event a
        JOIN fermata_execution x ON x.id = a.execution_id
        JOIN fermata_event b ON b.execution_id = a.execution_id AND b.step_id = a.step_id AND b.id > a.id
        WHERE x.root_id = ANY (%s::uuid[]) AND a.type IN {TERMINAL} AND b.type LIKE 'Step%%'""",
    "a step's revisions do not grow": """
        SELECT q.step_id::text, q.type FROM (
            SELECT e.step_id, e.type, e.rev, lag(e.rev) OVER (PARTITION BY e.step_id ORDER BY e.id) AS before
            FROM fermata_event e JOIN fermata_execution x ON x.id = e.execution_id
            WHERE x.root_id = ANY (%s::uuid[]) AND e.type LIKE 'Step%%') q
        WHERE q.rev <= q.before""",
    "a join opened more than once, or not as its row says": """
        SELECT j.id::text, j.node_id, j.state, count(e.id) FROM fermata_join j
        JOIN fermata_execution x ON x.id = j.execution_id
        LEFT JOIN fermata_event e ON e.execution_id = x.id AND e.type = 'JoinOpened' AND e.data->>'join' = j.id::text
        WHERE x.root_id = ANY (%s::uuid[])
        GROUP BY j.id, j.node_id, j.state HAVING count(e.id) <> (j.state = 'open')::int""",
    "a join whose count is not its arrivals": """
        SELECT j.id::text, j.node_id, j.settled, count(a.id) FROM fermata_join j
        JOIN fermata_execution x ON x.id = j.execution_id LEFT JOIN fermata_arrival a ON a.owner_id = j.id
        WHERE x.root_id = ANY (%s::uuid[])
        GROUP BY j.id, j.node_id, j.settled HAVING count(a.id) <> j.settled""",
    "a join that opened before it was due": """
        SELECT j.id::text, j.node_id, e.data->>'settled', j.total FROM fermata_join j
        JOIN fermata_execution x ON x.id = j.execution_id
        JOIN fermata_event e ON e.execution_id = x.id AND e.type = 'JoinOpened' AND e.data->>'join' = j.id::text
        WHERE x.root_id = ANY (%s::uuid[]) AND NOT j.eager AND (SELECT count(*) FROM fermata_arrival a
              JOIN fermata_event t ON t.execution_id = x.id AND t.step_id = a.step_id AND t.id < e.id
              WHERE a.owner_id = j.id AND t.type IN ('StepSucceeded', 'StepFailed', 'StepSkipped', 'StepTimedOut'))
            < (SELECT count(*) FROM fermata_arrival a WHERE a.owner_id = j.id)""",
    "an execution without one beginning and one end": """
        SELECT x.id::text, e.type, count(e.id) FROM fermata_execution x
        JOIN (VALUES ('ExecutionStarted'), ('ExecutionFinished')) k(type) ON true
        LEFT JOIN fermata_event e ON e.execution_id = x.id AND e.type = k.type
        WHERE x.root_id = ANY (%s::uuid[]) AND x.finished_at IS NOT NULL
        GROUP BY x.id, k.type, e.type HAVING count(e.id) <> 1""",
    "the safety net had to repair": """
        SELECT e.execution_id::text FROM fermata_event e JOIN fermata_execution x ON x.id = e.execution_id
        WHERE x.root_id = ANY (%s::uuid[]) AND e.type = 'ExecutionRepaired'""",
    "the journal has a gap": """
        SELECT q.execution_id::text, q.events, q.last FROM (
            SELECT e.execution_id, count(*) AS events, max(e.seq) AS last, count(DISTINCT e.seq) AS different
            FROM fermata_event e JOIN fermata_execution x ON x.id = e.execution_id
            WHERE x.root_id = ANY (%s::uuid[]) GROUP BY e.execution_id) q
        WHERE q.events <> q.last OR q.different <> q.events""",
    "a child without its parent's step": """
        SELECT c.id::text FROM fermata_execution c
        WHERE c.root_id = ANY (%s::uuid[]) AND c.parent_step_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM fermata_step s WHERE s.id = c.parent_step_id)""",
    "an iteration was skipped or doubled": """
        SELECT r.id::text, r.total, r.succeeded + r.failed, count(i.index), max(i.index) FROM fermata_region r
        JOIN fermata_execution x ON x.id = r.execution_id LEFT JOIN fermata_iteration i ON i.region_id = r.id
        WHERE x.root_id = ANY (%s::uuid[]) AND x.status = 'succeeded' AND r.kind = 'foreach'
        GROUP BY r.id, r.total, r.succeeded, r.failed
        HAVING count(i.index) <> r.total OR r.succeeded + r.failed <> r.total""",
}


def violations(roots: Sequence[str]) -> list[str]:
    """Everything that is wrong with these executions and their children; one line each."""
    for (execution_id,) in run(
        "SELECT id FROM fermata_execution WHERE root_id = ANY (%s::uuid[])", [list(roots)]
    ):
        run("SELECT fermata_number(%s)", [execution_id])
    found = []
    for what, question in QUESTIONS.items():
        found += [f"{what}: {row}" for row in run(question, [list(roots)])]
    found += [
        f"{what}: {subject} {details}"
        for what, subject, details in run(
            "SELECT what, subject::text, details FROM crash_violation ORDER BY id"
        )
    ]
    return found


def repeated(keys: Sequence[str], *, allowed: int) -> dict[str, int]:
    """Keys of effects that were asked for more often than allowed."""
    return {key: times for key, times in Counter(keys).items() if times > allowed}
