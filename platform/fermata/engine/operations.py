"""Writes for interfaces: each is one transaction; rings follow after the commit and may be lost.

Callers have checked workspace and permission.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID, uuid4

from fermata.coordination import stream
from fermata.engine import faultpoints, plans, wire
from fermata.engine.dispatch import dispatcher
from fermata.engine.ids import uuid7
from fermata.engine.ledger import NewExecution, Ring
from fermata.engine.models import Approval
from fermata.engine.runtime import rooms
from fermata.engine.store import PostgresLedger, call, run
from fermata.errors import Conflict, InvalidInput, NotFound, PayloadTooLarge, ServerUnavailable
from fermata.graph import inputs
from fermata.graph.plan import Plan
from fermata.machine.decide import begin

logger = logging.getLogger(__name__)


class Startable(Protocol):
    """A published or frozen version (``workflows.models.Version``)."""

    id: UUID
    workflow_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A start request's key, and the digest of the request it was sent with."""

    route: str
    key: str
    request_digest: bytes


@dataclass(frozen=True, slots=True)
class Started:
    """``replayed``: the key was known; ``id`` is the execution it started, and the others tell of it."""

    id: UUID
    status: str
    replayed: bool
    version: int
    created_at: datetime


def start(
    *,
    workspace_id: UUID,
    version: Startable,
    input: Any,  # noqa: A002 - the interface's word for it
    started_by: str,
    workflow_key: str | None = None,
    priority: int | None = None,
    variables: Mapping[str, Any] | None = None,
    debug: bool = False,
    tags: Sequence[str] = (),
    trigger: dict[str, Any] | None = None,
    idempotency: Idempotency | None = None,
) -> Started:
    """Start an execution. Raises InvalidInput, PayloadTooLarge, Conflict, IdempotencyKeyReused."""
    plan = plans.plan(version.id)
    given = {} if input is None else input
    _check_input(plan, given)
    _check_variables(plan, variables or {})
    chosen = plan.settings.priority if priority is None else priority
    execution_id = str(uuid7())
    new = NewExecution(
        id=execution_id,
        workspace_id=str(workspace_id),
        workflow_id=str(version.workflow_id),
        version_id=str(version.id),
        version=version.number or 0,
        beginning=begin(plan, execution_id=execution_id, priority=chosen),
        input=given,
        trigger=trigger or {"kind": "api"},
        workflow_key=workflow_key,
        on_conflict=plan.settings.on_conflict,
        tags=list(tags),
        priority=chosen,
        debug=debug,
        started_by=started_by,
        deadline_seconds=plan.settings.timeout_seconds,
        variables=dict(variables or {}),
        idempotency=None
        if idempotency is None
        else {"route": idempotency.route, "key": idempotency.key, "digest": idempotency.request_digest.hex()},
        room=rooms()(plan),
    )
    recorded = PostgresLedger().start(new)
    faultpoints.reached("after_start")
    _ring([ring for ring in recorded.rings if ring.execution_id == new.id], plan=plan)
    _ring([ring for ring in recorded.rings if ring.execution_id != new.id])
    faultpoints.reached("after_start_ring")
    if recorded.result == "recorded":
        _announce(new.id, str(workspace_id))
    [(status, number, created_at)] = run(
        "SELECT status, version, created_at FROM fermata_execution WHERE id = %s", [new.id]
    )
    return Started(
        UUID(new.id),
        status,
        replayed=recorded.result == "replayed",
        version=number,
        created_at=created_at,
    )


def _check_input(plan: Plan, given: Any) -> None:
    if len(wire.text(given)) > wire.LARGEST_BYTES:
        raise PayloadTooLarge(
            f"The input is larger than {wire.LARGEST_BYTES // 1024} KiB.",
            cure="Store it elsewhere and pass a reference.",
        )
    if plan.inputs:
        inputs.check(plan.inputs, given)


def _check_variables(plan: Plan, variables: Mapping[str, Any]) -> None:
    unknown = sorted(set(variables) - set(plan.variables))
    if unknown:
        raise InvalidInput(
            f"The workflow declares no variable {unknown[0]!r}.",
            problems=[
                {
                    "code": "unknown_variable",
                    "pointer": f"/variables/{name}",
                    "message": f"The workflow declares no variable {name!r}.",
                    "cure": "Declare it under `variables` in the document, or leave it out.",
                }
                for name in unknown
            ],
        )


def _ring(rings: Sequence[Ring], *, plan: Plan | None = None) -> None:
    owed = [ring for ring in rings if ring.rung]
    if not owed:
        return
    try:
        dispatcher().ring(owed, plan=plan)
    except ServerUnavailable as error:
        logger.warning("Recovery will ring %d steps: %s", len(owed), error.message)


def _announce(execution_id: UUID | str, workspace_id: UUID | str | None = None) -> None:
    if workspace_id is None:
        [(workspace_id,)] = run(
            "SELECT workspace_id FROM fermata_execution WHERE id = %s", [str(execution_id)]
        )
    try:
        stream.announce(str(execution_id), str(workspace_id))
    except ServerUnavailable as error:
        logger.warning("The stream of %s will be late: %s", execution_id, error.message)


def _refuse_final(status: str, verb: str) -> None:
    raise Conflict(
        f"The execution is {status}; it cannot be {verb} any more.",
        cure="Start a new execution.",
        status=status,
    )


def cancel(execution_id: UUID, *, by: str) -> str:
    """Begin to cancel; the status. Cancelling twice is once. Raises Conflict when final."""
    status, final, rings = PostgresLedger().end(str(execution_id), why="cancel", by=by)
    if final:
        _refuse_final(status, "cancelled")
    _ring(rings)
    _announce(execution_id)
    return status


def pause(execution_id: UUID, *, by: str) -> str:
    """Start nothing new; what runs may finish. Children pause too. Raises Conflict if final or cancelling."""
    answer = call("fermata_pause", str(execution_id), by)
    status: str = answer["status"]
    if not answer["moved"] and status not in ("pausing", "paused"):
        _refuse_final(status, "paused")
    for child in answer["children"]:
        with suppress(Conflict):  # it ended meanwhile
            pause(UUID(child), by=by)
    run("SELECT fermata_rest()")
    _announce(execution_id)
    [(status,)] = run("SELECT status FROM fermata_execution WHERE id = %s", [str(execution_id)])
    return status


def resume(execution_id: UUID, *, by: str) -> str:
    """Go on; relative times shift by the time held. Raises Conflict unless pausing, paused or running."""
    answer = call("fermata_resume", str(execution_id), by)
    status: str = answer["status"]
    if not answer["moved"] and status != "running":
        _refuse_final(status, "resumed")
    for child in answer["children"]:
        with suppress(Conflict):
            resume(UUID(child), by=by)
    _ring_unrung()
    _announce(execution_id)
    return status


def _ring_unrung() -> None:
    """Ring what has room now instead of waiting for recovery's next sweep."""
    for queue, room in rooms()().items():
        if room:
            _ring(wire.rings(call("fermata_fill", queue, room)))


def signal(
    execution_id: UUID,
    *,
    name: str,
    payload: Any,
    signal_id: UUID | None = None,
    by: str,
    transient: bool = False,
) -> None:
    """Send a signal; one with a known id is accepted once. Raises Conflict when final, PayloadTooLarge."""
    body = wire.text(payload)
    if len(body) > wire.LARGEST_BYTES:
        raise PayloadTooLarge(f"The payload is larger than {wire.LARGEST_BYTES // 1024} KiB.")
    answer = call("fermata_send", str(execution_id), str(signal_id or uuid4()), name, body, by, transient)
    if answer["result"] == "final":
        _refuse_final(answer["status"], "signalled")
    _ring(wire.rings(answer["rings"]))
    _announce(execution_id)


def decide(approval_id: UUID, *, decision: Literal["approve", "reject"], comment: str, by: str) -> Approval:
    """Record one person's decision.

    Raises Conflict with the decisions made when it is decided, or decided by them.
    """
    answer = call("fermata_decide", str(approval_id), decision, by, comment)
    if answer["result"] == "twice":
        raise Conflict("You have decided this already.", decisions=answer["decisions"])
    if answer["result"] == "decided":
        first = answer["decisions"][-1] if answer["decisions"] else None
        raise Conflict(f"This is {answer['state']} already.", decision=first, state=answer["state"])
    _ring(wire.rings(answer["rings"]))
    row = Approval.objects.get(id=approval_id)
    _announce(row.execution_id, row.workspace_id)
    return row


def resolve_held(
    step_id: UUID, *, action: Literal["retry", "fail", "succeed"], output: Any = None, by: str
) -> None:
    """Say what became of a step whose outcome is unknown. Raises NotFound, Conflict when it is not held."""
    rows = run("SELECT execution_id, workspace_id FROM fermata_step WHERE id = %s", [str(step_id)])
    if not rows:
        raise NotFound("There is no such step.")
    answer = call("fermata_resolve", str(step_id), action, wire.text(output), by)
    if answer["result"] == "not_held":
        raise Conflict(f"The step is {answer['state']}, not held.", state=answer["state"])
    _ring(wire.rings(answer["rings"]))
    _announce(rows[0][0], rows[0][1])
