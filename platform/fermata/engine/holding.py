"""Leases as the performer holds them.

Taken after the claim by whoever needs one, kept alive by one heartbeat thread per process, given back in the
pipeline that signals the stream and rings the successors.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from fermata.coordination.lease import Leases
from fermata.coordination.pipeline import Pipeline
from fermata.engine.ledger import Recorded
from fermata.engine.store import PostgresLedger
from fermata.errors import LeaseLost, ServerUnavailable
from fermata.machine.view import Claim

logger = logging.getLogger(__name__)
FIRST_BEAT_SECONDS = 1.0


@dataclass(slots=True)
class Hold:
    """One step under way in this process. Times are monotonic seconds.

    ``idle``: it is not the one of its batch that is being performed just now.
    """

    step_id: str
    token: str
    fence: int
    pure: bool
    since: float
    renewed_at: float
    lost: bool = False
    marked: bool = False
    idle: bool = False


@dataclass(slots=True)
class Keeper:
    """Acquires, keeps and gives back leases of ``ttl_seconds``; ``worker`` is who performs."""

    leases: Leases
    ledger: PostgresLedger
    ttl_seconds: float
    worker: str
    holds: dict[str, Hold] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    leased: set[str] = field(default_factory=set)
    thread: threading.Thread | None = None

    def take(self, claim: Claim, token: str, *, since: float) -> bool:
        """See the port. The lease's age counts from before the claim: a pause between is a pause, too.

        The first dispatch of a pure step goes without: its record alone decides, and whoever is slow is seen
        at the first heartbeat. When Redis does not answer, a step that was claimed is given back.
        """
        step = claim.step
        self.since[token] = since
        if _is_light(claim):
            return True
        try:
            if step.kind == "node":
                taken = (
                    self.leases.renew(step.id, token=token, fence=step.fence, ttl_seconds=self.ttl_seconds)
                    != "lost"
                )
            else:
                taken = self.leases.acquire(step.id, token=token, ttl_seconds=self.ttl_seconds)
        except ServerUnavailable as error:
            logger.warning("No lease for %s: %s", step.id, error.message)
            self.ledger.give_back(step)
            taken = False
        if taken:
            self.leased.add(token)
        else:
            self.since.pop(token, None)
        return taken

    def acquire_many(self, step_ids: Sequence[str], token: str) -> list[str]:
        """Those that nobody else holds; none when Redis does not answer (the rings come again)."""
        now = time.monotonic()
        try:
            granted = self.leases.acquire_many(step_ids, token=token, ttl_seconds=self.ttl_seconds)
        except ServerUnavailable as error:
            logger.warning("No leases for %d steps: %s", len(step_ids), error.message)
            return []
        self.since[token] = now
        return granted

    @contextmanager
    def hold_many(self, claims: Sequence[Claim], token: str) -> Iterator[Callable[[str], Callable[[], None]]]:
        """Beat for all of them while inside.

        The value, called with a step's id, says that this one is performed now, and answers as ``hold`` does.
        """
        now = time.monotonic()
        held = {
            claim.step.id: Hold(
                claim.step.id, token, claim.step.fence, True, now, self.since.get(token, now), idle=True
            )
            for claim in claims
        }
        self.holds |= held
        self._beating()

        performed: list[Hold] = []

        def begin(step_id: str) -> Callable[[], None]:
            while performed:
                performed.pop().idle = True
            hold = held.get(step_id)
            if hold is None:
                return lambda: None  # a follower has no row yet
            hold.idle = False
            performed.append(hold)
            return lambda: self._live(hold)

        try:
            yield begin
        finally:
            for step_id in held:
                self.holds.pop(step_id, None)

    @contextmanager
    def hold(self, claim: Claim, token: str) -> Iterator[Callable[[], None]]:
        """Beat while inside; the value raises LeaseLost when the step is no longer ours."""
        step = claim.step
        now = time.monotonic()
        hold = Hold(step.id, token, step.fence, _is_light(claim), now, self.since.get(token, now))
        self.holds[step.id] = hold
        self._beating()
        try:
            yield lambda: self._live(hold)
        finally:
            self.holds.pop(step.id, None)

    def _live(self, hold: Hold) -> None:
        """A process that was paused for longer than its lease asks PostgreSQL before it goes on."""
        if not hold.lost and time.monotonic() - hold.renewed_at > self.ttl_seconds:
            hold.lost = self.ledger.fence(hold.step_id) != hold.fence
            hold.renewed_at = time.monotonic()
        if hold.lost:
            raise LeaseLost(step_id=hold.step_id)

    def finish(
        self,
        step_id: str,
        token: str,
        recorded: Recorded | None,
        claim: Claim,
        ring: Callable[[Any], None],
    ) -> None:
        """Give the lease back, signal the stream, ring: one round trip.

        Whatever is lost here recovery makes good.
        """
        self.since.pop(token, None)
        pipeline = Pipeline()
        if token in self.leased:
            self.leased.discard(token)
            pipeline.release(step_id, token)
        if recorded is not None:
            pipeline.announce(claim.execution.id, claim.execution.workspace_id)
        ring(pipeline)
        _execute(pipeline, "Recovery will ring after step {}", step_id)

    def send(self, ring: Callable[[Any], None]) -> bool:
        """See the port."""
        pipeline = Pipeline()
        ring(pipeline)
        return _execute(pipeline, "Nothing is rung early")

    def finish_many(
        self, step_ids: Sequence[str], token: str, claim: Claim | None, ring: Callable[[Any], None]
    ) -> None:
        """The same for the leases of a batch. ``claim``: one of those recorded."""
        self.since.pop(token, None)
        self.leased.discard(token)
        pipeline = Pipeline()
        for step_id in step_ids:
            pipeline.release(step_id, token)
        if claim is not None:
            pipeline.announce(claim.execution.id, claim.execution.workspace_id)
        ring(pipeline)
        _execute(pipeline, "Recovery will ring after a batch of {} steps", len(step_ids))

    def _beating(self) -> None:
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self._beat_for_ever, name="heartbeat", daemon=True)
            self.thread.start()

    def _beat_for_ever(self) -> None:
        pause = min(FIRST_BEAT_SECONDS, self.ttl_seconds / 3)
        while True:
            time.sleep(pause)
            for hold in list(self.holds.values()):
                if time.monotonic() - hold.since >= pause:
                    self._beat(hold)

    def _beat(self, hold: Hold) -> None:
        try:
            renewal = self.leases.renew(
                hold.step_id, token=hold.token, fence=hold.fence, ttl_seconds=self.ttl_seconds
            )
            if renewal == "lost":
                hold.lost = True
                return
            hold.renewed_at = time.monotonic()
            if hold.step_id in self.holds:
                self.leased.add(hold.token)
            if hold.pure and not (hold.marked or hold.idle):
                hold.marked = self.ledger.mark_running(hold.step_id, fence=hold.fence, worker=self.worker)
            if self.ledger.fence(hold.step_id) != hold.fence and hold.step_id in self.holds:
                hold.lost = True
        except ServerUnavailable as error:
            logger.warning("Heartbeat of %s: %s", hold.step_id, error.message)
        except Exception:
            logger.exception("Heartbeat of %s", hold.step_id)
            connection.close()


def _is_light(claim: Claim) -> bool:
    """The first dispatch of a pure step, whose claim wrote nothing."""
    return claim.step.state == "ready" and claim.step.kind == "node"


def _execute(pipeline: Pipeline, otherwise: str, *about: object) -> bool:
    """One round trip; when Redis does not answer, the log says what becomes of it, and the answer is no."""
    try:
        pipeline.execute()
    except ServerUnavailable as error:
        logger.warning("%s: %s", otherwise.format(*about), error.message)
        return False
    return True
