"""Claims that a ring carries, so that its worker need not ask PostgreSQL first (ADR 32).

A carried claim is sealed: only processes with the platform's secret key make one or read one, and it is bound
to its step. It says what the step reads; what every step of the execution sees, and the regions it stands in,
each process remembers from claims that it asked for. Whatever does not fit, or is not known, or is too old
is asked for as usual; the record asks once more whether the step may end.
"""

from __future__ import annotations

import hmac
import os
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fermata.engine.dispatch import MOST_FORESEEN
from fermata.graph.plan import Plan
from fermata.machine.ahead import claims_ahead, may_be_known
from fermata.machine.commands import Decision
from fermata.machine.view import Claim, ExecutionView, Frame, StepView

LONGEST = 360
"""Characters of a sealed claim: its message stays within the 1.5 KB of any other."""
REMEMBERED = 1000
"""Regions, and keys of executions, that a process remembers."""
CLOCK_SECONDS = 10.0
"""How long a process reckons PostgreSQL's time on from its last claim."""
NONCE_BYTES = 12
"""Of the nonce, which is the token that the step's row bears, too."""
UNREAD: dict[str, Any] = {
    "steps": {},
    "previous": {},
    "item": None,
    "has_item": False,
    "input": None,
    "trigger": None,
}
"""What a claim holds of names that its step does not read."""


@dataclass(slots=True)
class Carried:
    """One process's part. ``key``: the platform's secret."""

    key: bytes
    _ciphers: OrderedDict[str, AESGCM] = field(default_factory=OrderedDict)
    _regions: OrderedDict[str, tuple[ExecutionView, list[Frame]]] = field(default_factory=OrderedDict)
    _clock: tuple[str, float] = ("", -CLOCK_SECONDS)

    def remember(self, claim: Claim) -> None:
        """Keep what other steps of its region have in common with a claim that was asked for."""
        frames = claim.step.frames
        if claim.step.kind == "node" and frames[0].state == "open":
            _keep(self._regions, frames[0].id, (claim.execution, frames))
        self._clock = (claim.now, time.monotonic())

    def mark(self, plan: Plan, decision: Decision) -> None:
        """Give a token to each step that the decision makes READY and whose ring may carry its claim."""
        steps = [step for stage in decision.stages for step in stage.steps]
        if len(steps) > MOST_FORESEEN:
            return
        for step in steps:
            if may_be_known(plan, step):
                step.token = b64encode(os.urandom(NONCE_BYTES)).decode()

    def sealed(
        self, plan: Plan, claim: Claim, decision: Decision, output: str | None
    ) -> Iterator[tuple[str, str]]:
        """(step id, sealed claim) of what follows from a decision. ``output``: the step's, a JSON text."""
        if output is not None and len(output) > LONGEST:
            return  # most likely somebody reads it
        read = None if output is None else orjson.Fragment(output)
        for known in claims_ahead(plan, claim, decision, read):
            text = self._seal(known)
            if len(text) <= LONGEST:
                yield known.step.id, text

    def opened(self, execution_id: str, step_id: str, text: Any) -> Claim | None:
        """The claim; None when this process cannot tell all of it, or when it was made by nobody of us."""
        now = self._now()
        if (
            now is None
            or not (isinstance(text, str) and isinstance(execution_id, str))
            or len(text) > LONGEST
        ):
            return None
        try:
            sealed = b64decode(text, validate=True)
            body = self._cipher(execution_id).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], step_id.encode()
            )
        except (InvalidTag, ValueError):
            return None
        node, region, iteration, lane, priority, read = orjson.loads(body)
        execution, frames = self._regions.get(region, (None, []))
        if execution is None or execution.id != execution_id:
            return None
        view = StepView(
            id=step_id,
            node=node,
            kind="node",
            run=1,
            attempt=1,
            fence=1,
            state="ready",
            frames=[replace(frames[0], iteration=iteration), *frames[1:]],
            lane=lane,
            priority=priority,
        )
        token = b64encode(sealed[:NONCE_BYTES]).decode()
        return Claim(step=view, execution=execution, now=now, ahead=token, **read)

    def _seal(self, claim: Claim) -> str:
        step = claim.step
        read = {name: getattr(claim, name) for name in UNREAD if getattr(claim, name) != UNREAD[name]}
        frame = step.frames[0]
        body = orjson.dumps([step.node, frame.id, frame.iteration, step.lane, step.priority, read])
        nonce = b64decode(claim.ahead or "")
        cipher = self._cipher(claim.execution.id)
        return b64encode(nonce + cipher.encrypt(nonce, body, step.id.encode())).decode()

    def _cipher(self, execution_id: str) -> AESGCM:
        """With a key of the execution's own: no key is used for more messages than random nonces allow."""
        found = self._ciphers.get(execution_id)
        if found is None:
            key = hmac.digest(self.key, b"fermata carried claims " + execution_id.encode(), "sha256")
            found = AESGCM(key)
            _keep(self._ciphers, execution_id, found)
        return found

    def _now(self) -> str | None:
        """PostgreSQL's time, reckoned; None when that was too long ago."""
        told, at = self._clock
        passed = time.monotonic() - at
        if passed > CLOCK_SECONDS:
            return None
        return (datetime.fromisoformat(told) + timedelta(seconds=passed)).isoformat()


def _keep(book: OrderedDict[str, Any], name: str, value: Any) -> None:
    book[name] = value
    book.move_to_end(name)
    if len(book) > REMEMBERED:
        book.popitem(last=False)
