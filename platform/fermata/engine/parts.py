"""What a performer is made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from fermata.engine.carried import Carried
from fermata.engine.context import Guard
from fermata.engine.early import Early
from fermata.engine.invocation import Plans
from fermata.engine.ledger import Ledger, Recorded
from fermata.engine.secrecy import Opener, held
from fermata.graph.plan import Plan
from fermata.machine.view import Claim


class Holding(Protocol):
    """The leases as the performer needs them."""

    def take(self, claim: Claim, token: str, *, since: float) -> bool:
        """Take the lease of a claimed step, if it needs one; False when it cannot be had.

        ``since``: before the claim, in monotonic seconds. The first dispatch of a pure step needs none.
        """
        ...

    def acquire_many(self, step_ids: Sequence[str], token: str) -> list[str]:
        """Take the leases of several steps; those of the steps that are ours now."""
        ...

    def hold(self, claim: Claim, token: str) -> AbstractContextManager[Callable[[], None]]:
        """Keep the lease alive while inside; the value raises LeaseLost when it is gone."""
        ...

    def hold_many(
        self, claims: Sequence[Claim], token: str
    ) -> AbstractContextManager[Callable[[str], Callable[[], None]]]:
        """The same for a batch; its value, called with a step's id, begins that one and is as ``hold``'s."""
        ...

    def finish_many(
        self, step_ids: Sequence[str], token: str, claim: Claim | None, ring: Callable[[Any], None]
    ) -> None:
        """Give a batch's leases back, signal the stream if it recorded ``claim``, ring: one round trip."""
        ...

    def finish(
        self,
        step_id: str,
        token: str,
        recorded: Recorded | None,
        claim: Claim,
        ring: Callable[[Any], None],
    ) -> None:
        """Give the lease back, signal the stream and let ``ring`` add its messages, in one round trip."""
        ...

    def send(self, ring: Callable[[Any], None]) -> bool:
        """Send what ``ring`` adds, by itself; False when Redis does not answer."""
        ...


class FreeHand:
    """No leases: for one process alone."""

    def take(self, claim: Claim, token: str, *, since: float) -> bool:
        """Always granted."""
        return True

    def acquire_many(self, step_ids: Sequence[str], token: str) -> list[str]:
        """Always granted."""
        return list(step_ids)

    def hold(self, claim: Claim, token: str) -> AbstractContextManager[Callable[[], None]]:
        """Never lost."""
        return nullcontext(lambda: None)

    def hold_many(
        self, claims: Sequence[Claim], token: str
    ) -> AbstractContextManager[Callable[[str], Callable[[], None]]]:
        """Never lost."""
        return nullcontext(lambda _step_id: lambda: None)

    def finish_many(
        self, step_ids: Sequence[str], token: str, claim: Claim | None, ring: Callable[[Any], None]
    ) -> None:
        """Nothing to release; ring directly."""
        ring(None)

    def finish(
        self,
        step_id: str,
        token: str,
        recorded: Recorded | None,
        claim: Claim,
        ring: Callable[[Any], None],
    ) -> None:
        """Nothing to release; ring directly."""
        ring(None)

    def send(self, ring: Callable[[Any], None]) -> bool:
        """Ring directly."""
        ring(None)
        return True


@dataclass(slots=True)
class Parts:
    """What a performer is made of. ``early``: None where rings never leave before their record is kept."""

    ledger: Ledger
    plans: Plans
    types: Any
    dispatcher: Any
    leases: Holding = field(default_factory=FreeHand)
    guard: Guard = nullcontext
    time_limit: Callable[[float | None], AbstractContextManager[Any]] = lambda _seconds: nullcontext()
    call_task: Callable[..., Any] | None = None
    allowed_hosts: tuple[str, ...] = ()
    carried: Carried = field(default_factory=lambda: Carried(os.urandom(32)))
    open_secrets: Opener = field(default_factory=lambda: held({}))
    room: Callable[[Plan], dict[str, int] | None] = lambda _plan: None
    early: Early | None = None
