"""Recovery: the loop that guarantees progress whatever was lost (engine.md §5.4).

Any number may run at a time.

It wakes what is due, takes back what dead workers held, fills the ring windows, rings again what the broker
lost and ends what is past its deadline. It performs nothing itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from fermata.coordination import broker
from fermata.coordination.epoch import Epoch
from fermata.coordination.lease import Leases
from fermata.engine import faultpoints, plans, wire
from fermata.engine.dispatch import Dispatcher, ring_by_plan
from fermata.engine.ledger import Ring
from fermata.engine.runtime import ring_window
from fermata.engine.store import PostgresLedger, call, run, statement
from fermata.errors import FermataError, ServerUnavailable

logger = logging.getLogger(__name__)

BATCH = 200
SUSPECTS_AT_ONCE = 10_000
"""More than the slots of any fleet. The oldest are asked about first; those with a living worker may be old
for hours, so a smaller number would hide the lost ones behind them."""
MOST_LOSSES = 5
CERTAIN_AFTER = 15
"""A rung row this many times older than the re-ring time is looked for in the queue itself."""
NET_EVERY_SECONDS = 10.0


@dataclass(slots=True)
class Swept:
    """What one sweep did, in numbers."""

    due: int = 0
    expired: int = 0
    lost: int = 0
    held: int = 0
    rested: int = 0
    filled: int = 0
    rung_again: int = 0
    repaired: int = 0

    @property
    def busy(self) -> bool:
        """Whether it is worth looking again at once."""
        return bool(self.due or self.lost or self.filled)


class Recovery:
    """``dispatcher`` carries the rings; times come from settings unless given (seconds)."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        ttl_seconds: float | None = None,
        sweep_seconds: float | None = None,
        rering_seconds: float | None = None,
        window: int | None = None,
    ) -> None:
        """See the class."""
        self.dispatcher = dispatcher
        self.ttl = ttl_seconds or settings.FERMATA.lease_ttl_seconds
        self.pause = sweep_seconds or settings.FERMATA.sweep_seconds
        self.rering = rering_seconds or settings.FERMATA.rering_seconds
        self.window = window or ring_window()
        self.leases = Leases()
        self.epoch = Epoch()
        self.ledger = PostgresLedger()
        self._net_at = time.monotonic()
        self._missed: dict[str, dict[tuple[str, int], float]] = {}

    def run(self, stop: threading.Event, *, between: Callable[[], None] = lambda: None) -> None:
        """Sweep until ``stop``; at once again while there is work, otherwise every ``sweep_seconds``.

        ``between`` is called before each sweep and must not raise.
        """
        while not stop.is_set():
            between()
            swept = self.sweep()
            stop.wait(min(self.pause, 0.05) if swept.busy else self.pause)

    def sweep(self) -> Swept:
        """One pass. What one part cannot do (Redis away, say) does not keep the others from their work."""
        swept = Swept()
        swept.due = int(run("SELECT fermata_due(%s)", [BATCH])[0][0])
        if swept.due:
            faultpoints.reached("after_due")
        swept.expired = self._end_expired()
        swept.rested = int(run("SELECT fermata_rest()")[0][0])
        try:
            self._take_back(swept)
            self._ring(swept)
        except ServerUnavailable as error:
            logger.warning("Recovery waits: %s", error.message)
        if time.monotonic() - self._net_at > NET_EVERY_SECONDS:
            self._net_at = time.monotonic()
            run(statement("forget_keys"))
            swept.repaired = self._repair()
        return swept

    def _end_expired(self) -> int:
        [(expired,)] = run("SELECT fermata_expired(%s)::text[]", [BATCH])
        for execution_id in expired:
            self.ledger.end(execution_id, why="timeout", by="deadline")
        return len(expired)

    def _take_back(self, swept: Swept) -> None:
        """RUNNING steps without a lease. While Redis' memory is younger than a lease, none counts as lost."""
        suspects = call("fermata_suspects", self.ttl, SUSPECTS_AT_ONCE)
        if not suspects or not self.epoch.read(self.ttl).trustworthy:
            return
        held = self.leases.held(row["id"] for row in suspects)
        if not self.epoch.read(self.ttl).trustworthy:
            return  # emptied between the two questions: every lease looked lost
        for row in suspects:
            if row["id"] in held:
                continue
            policy = self._policy(row)
            rows = run("SELECT fermata_lost(%s, %s, %s)", [row["id"], row["fence"], policy])
            if rows[0][0] is None:
                continue
            logger.warning("Step %s lost its worker: %s.", row["id"], rows[0][0])
            faultpoints.reached("after_take_back")
            swept.lost += 1
            swept.held += rows[0][0] == "held"

    def _policy(self, row: dict[str, Any]) -> str:
        """Retry | hold | fail."""
        if row["losses"] + 1 >= MOST_LOSSES:
            return "fail"
        if row["effect"] != "unsafe":
            return "retry"
        try:
            return plans.plan(row["version_id"]).nodes[row["node"]].on_worker_loss
        except (FermataError, KeyError):
            return "hold"

    def _ring(self, swept: Swept) -> None:
        backlog = call("fermata_backlog", self.rering, self.window)
        if not backlog:
            return
        depths = self.dispatcher.depth(list(backlog))
        for queue, counts in backlog.items():
            room = self.window - depths.get(queue, 0)
            if counts["unrung"] and room > 0:
                rings = wire.rings(call("fermata_fill", queue, min(room, self.window)))
                self._send(rings, by_plan=True)
                swept.filled += len(rings)
            if counts["old"]:
                swept.rung_again += self._ring_again(queue, counts["rung"], depths.get(queue, 0))

    def _ring_again(self, queue: str, rung: int, depth: int) -> int:
        """Ring what the broker holds no message for: the deficit, oldest first.

        A message on its way through a worker is held by nobody, so a row counts only when it was missed at a
        look before, too. What waits very long is looked for in the queue itself.
        """
        overdue = call("fermata_overdue", queue, self.rering, BATCH)
        held = self.leases.held([row["id"] for row in overdue]) if overdue else set()
        missing = self._missed_twice(queue, [row for row in overdue if row["id"] not in held])
        deficit = rung - depth - len(held)
        chosen = [row["id"] for row in missing[: max(0, deficit)]]
        old = [
            row["id"]
            for row in missing
            if row["age"] > CERTAIN_AFTER * self.rering and row["id"] not in chosen
        ]
        if old:
            known = set(broker.queued(queue, 20 * self.window))
            chosen += [step_id for step_id in old if step_id not in known]
        if not chosen:
            return 0
        rings = wire.rings(call("fermata_ring_again", f"{{{','.join(chosen)}}}"))
        self._send(rings)
        return len(rings)

    def _missed_twice(self, queue: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the rows that were missed already half a ``rering`` ago, by the same ring."""
        now = time.monotonic()
        before = self._missed.get(queue, {})
        seen = {(row["id"], row["rings"]): before.get((row["id"], row["rings"]), now) for row in rows}
        self._missed[queue] = seen
        return [row for row in rows if now - seen[row["id"], row["rings"]] >= self.rering / 2]

    def _send(self, rings: Sequence[Ring], *, by_plan: bool = False) -> None:
        """What was lost is rung each by itself: of a batch that cost its worker one step may be the cause."""
        if not rings:
            return
        faultpoints.reached("before_recovery_rings")
        if by_plan:
            ring_by_plan(rings, ledger=self.ledger, plans=plans, dispatcher=self.dispatcher)
        else:
            self.dispatcher.ring(rings)
        faultpoints.reached("after_recovery_rings")

    def _repair(self) -> int:
        """Live executions in which nothing lives: never expected; looked at again, and said aloud."""
        [(stuck,)] = run("SELECT fermata_stuck(%s, %s)::text[]", [NET_EVERY_SECONDS, BATCH])
        for execution_id in stuck:
            logger.error(
                "Execution %s has no live step; its root is looked at again. This is a bug.", execution_id
            )
            run("SELECT fermata_repair(%s)", [execution_id])
        return len(stuck)
