"""What one step costs: round trips, transactions, bytes, CPU, and where its time goes; by shape."""

from __future__ import annotations

import pstats
import threading
import time
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import redis

from fermata.coordination import keys
from tests.bench import meter, watch
from tests.bench.compare import with_dispatch
from tests.bench.ours import Ours
from tests.bench.shapes import Json, Shape
from tests.bench.stack import Stack

STEPS = 2_000
"""About so many are performed for one shape's figures."""

SEQUENTIAL = {"W1", "W4"}
"""Where each node follows one other, so that the time between them says something."""


@dataclass
class Servers:
    """Counters of PostgreSQL and Valkey at one instant."""

    transactions: int
    log_bytes: float
    commands: int
    bytes_in: int
    bytes_out: int

    @classmethod
    def now(cls, ours: Ours) -> Servers:
        """`transactions` are those that write (subtransactions too): each takes one id."""
        with redis.Redis.from_url(ours.stack.redis_url) as link:
            stats: dict[str, Any] = link.info("stats")  # type: ignore[assignment]
        return cls(
            int(ours.one("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")),
            float(ours.one("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")),
            stats["total_commands_processed"],
            stats["total_net_input_bytes"],
            stats["total_net_output_bytes"],
        )

    def since(self, before: Servers, *, steps: int) -> Json:
        """Per step."""
        return {
            "transactions_written": round((self.transactions - before.transactions) / steps, 2),
            "wal_bytes": round((self.log_bytes - before.log_bytes) / steps),
            "redis_commands": round((self.commands - before.commands) / steps, 2),
            "redis_bytes_in": round((self.bytes_in - before.bytes_in) / steps),
            "redis_bytes_out": round((self.bytes_out - before.bytes_out) / steps),
        }


class Costs:
    """Looks into the workers of a stack that was started with the probe."""

    def __init__(self, stack: Stack, meters: Path) -> None:
        """`meters`: where the workers keep them."""
        self.stack, self.meters = stack, meters
        self.ours = Ours.at(stack)

    def of(self, shape: Shape, variant: str) -> Json:
        """One shape's figures per node. Raises `Refused`."""
        version = self.ours.version(with_dispatch(shape.document(), variant))
        self.ours.run(version, executions=shape.executions)
        runs = max(1, round(STEPS / shape.nodes))
        steps = runs * shape.nodes
        parts = self.stack.parts()
        cpu = {name: watch.cpu_seconds(pids) for name, pids in parts.items()}
        meters, servers, began = meter.read(self.meters), Servers.now(self.ours), time.perf_counter()
        ids = [one for _ in range(runs) for one in self.ours.run(version, executions=shape.executions)]
        seconds = time.perf_counter() - began
        found = Servers.now(self.ours).since(servers, steps=steps)
        more = meter.grown(meters, meter.read(self.meters))
        used = {
            name: round((watch.cpu_seconds(pids) - cpu[name]) / steps * 1e6) for name, pids in parts.items()
        }
        return {
            "shape": shape.name,
            "variant": variant,
            "steps": steps,
            "wall_microseconds": round(seconds / steps * 1e6),
            "cpu_microseconds": used,
            **found,
            **self._phases(more, steps),
            "messages": self._messages(version, shape),
            "handover_milliseconds": handovers(self.ours, ids) if shape.name in SEQUENTIAL else {},
        }

    def _phases(self, more: dict[int, meter.Totals], steps: int) -> Json:
        """Round trips, and the microseconds of each phase in the worker, per step."""
        worker = meter.total({pid: totals for pid, totals in more.items() if totals["perform"][0]})
        phases = {
            name: round(seconds / steps * 1e6)
            for name, (_, seconds) in worker.items()
            if name not in {"pg", "redis"}
        }
        named = sum(phases[name] for name in ("lease", "claim", "invoke", "decide", "record", "finish"))
        return {
            "statements": round(worker["pg"][0] / steps, 2),
            "redis_round_trips": round(worker["redis"][0] / steps, 2),
            "deliveries": round(worker["task"][0] / steps, 2),
            "phases_microseconds": phases
            | {
                "rest of perform": phases["perform"] - named,
                "celery around it": phases["task"] - phases["perform"],
            },
        }

    def _messages(self, version: Any, shape: Shape) -> Json:
        """How many messages one execution puts on queues, and how long they are, seen by MONITOR."""
        sizes: list[int] = []
        with redis.Redis.from_url(self.stack.redis_url) as link, link.monitor() as monitor:
            seen = threading.Thread(target=_listen, args=(monitor, sizes), daemon=True)
            seen.start()
            self.ours.run(version, executions=shape.executions)
            time.sleep(0.2)
            link.publish("fermata:bench", "end")
            seen.join(10)
        return {
            "per_step": round(len(sizes) / shape.nodes, 2),
            "bytes": round(sum(sizes) / len(sizes)) if sizes else 0,
        }


def _listen(monitor: Any, sizes: list[int]) -> None:
    """Collect what is pushed to queues, until the word `end`."""
    for event in monitor.listen():
        words = event["command"]
        if words.startswith("PUBLISH fermata:bench"):
            return
        if words.startswith(("LPUSH ", "RPUSH ")) and words.split(" ", 2)[1].startswith(keys.BROKER_PREFIX):
            sizes += [len(message) for message in words.split(' {"body"')[1:]]


def handovers(ours: Ours, ids: list[str]) -> Json:
    """From a node's finish to its successor's start, where one follows one; by PostgreSQL's clock.

    A successor performed in place starts before the finish is recorded: nought.
    """
    row = ours.database.execute(
        """
        WITH ordered AS (
            SELECT started_at, lag(finished_at) OVER (
                PARTITION BY execution_id ORDER BY started_at, finished_at) AS before
            FROM fermata_step
            WHERE execution_id = ANY(%s) AND kind = 'node' AND started_at IS NOT NULL
        ), waits AS (
            SELECT greatest(0, extract(epoch FROM started_at - before) * 1000) AS wait
            FROM ordered WHERE before IS NOT NULL
        )
        SELECT count(*),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY wait),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY wait)
        FROM waits
        """,
        [ids],
    ).fetchone()
    assert row is not None
    count, half, most = row
    return {"count": count, "p50": round(float(half), 2), "p95": round(float(most), 2)} if count else {}


def profiled(folder: Path, *, lines: int = 45) -> str:
    """The children's cProfile figures as text, by own time."""
    paths = [str(path) for path in sorted(folder.glob("*.profile"))]
    if not paths:
        return "No child wrote a profile."
    out = StringIO()
    stats = pstats.Stats(*paths, stream=out)
    stats.sort_stats("tottime").print_stats(lines)
    return out.getvalue()
