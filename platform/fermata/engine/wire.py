"""Decisions as the text PostgreSQL gets, and its answers as values.

Payloads (outputs, inputs, items, variable values, resume values) travel as JSON *texts* inside the JSON
argument, so that numbers and keys arrive in the ``json`` columns as they were written; only the envelope is
``jsonb``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from fermata.engine.ledger import NewExecution, Recorded, Ring
from fermata.errors import InvalidInput, PayloadTooLarge
from fermata.machine.commands import Decision, NewStep, Stage
from fermata.machine.foreach import result_of
from fermata.machine.together import Batch, Claims, Ending, Passage, Sight, merged, opens_early
from fermata.machine.view import Claim, ExecutionView, Frame, Refusal, StepView

LARGEST_BYTES = 4 * 1024 * 1024
"""Of one payload: an input, an output, a signal."""
RING_FIELDS = tuple(name for name in Ring.__slots__ if name not in ("also", "carried"))


def text(value: Any) -> str:
    """The value's JSON text. Raises InvalidInput for what JSON cannot hold (NaN is refused at the border)."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError as error:
        raise InvalidInput(
            f"A value cannot be stored as JSON: {error}.", cure="Answer with JSON values only."
        ) from error


def kept(value: Any) -> str:
    """The text of a value that becomes a payload. Raises PayloadTooLarge, InvalidInput."""
    body = text(value)
    if len(body) > LARGEST_BYTES:
        raise PayloadTooLarge(
            f"The value has {len(body)} bytes; {LARGEST_BYTES} can be kept.",
            cure="Store it elsewhere and pass a reference.",
        )
    return body


def envelope(value: Any) -> str:
    """The envelope's text.

    NUL characters, which ``jsonb`` refuses, become U+FFFD in it; payload texts keep theirs.
    """
    dumped = orjson.dumps(value)
    if b"\\u0000" in dumped:
        dumped = orjson.dumps(_without_nul(orjson.loads(dumped)))
    return dumped.decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_without_nul(entry) for entry in value]
    return value


def _steps(steps: list[NewStep]) -> list[NewStep]:
    for step in steps:
        if step.data is not None and not isinstance(step.data, str):
            step.data = text(step.data)
    return steps


def _stage(stage: Stage) -> Stage:
    _steps(stage.steps)
    stage.arrivals.sort(key=lambda arrival: arrival.join)
    for region in stage.regions:
        if region.items is not None:
            region.items = [text(chunk) for chunk in region.items]  # type: ignore[misc]
    if stage.end_item is not None:
        stage.end_item.output = text(stage.end_item.output) if stage.end_item.state == "succeeded" else None
    if stage.wake is not None:
        stage.wake.resume = text(stage.wake.resume)  # type: ignore[assignment]
    if stage.finish is not None:
        stage.finish.output = text(stage.finish.output)
    return stage


def decision_text(decision: Decision) -> str:
    """The argument of ``fermata_record``; changes the decision's payload values into their texts."""
    own = decision.own
    own.output = kept(own.output) if own.has_output else None
    own.input = kept(own.input) if own.has_input else None
    for stage in decision.stages:
        _stage(stage)
    # Rows of variables are locked in one order; writes to one variable keep theirs.
    decision.writes.sort(key=lambda write: (write.scope, write.name))
    for write in decision.writes:
        write.value, write.default = text(write.value), text(write.default)
    for child in decision.spawn:
        child.input = None
        if child.bundle is not None:
            _start(child.bundle["execution"])
    return envelope(decision)


def _start(new: NewExecution) -> NewExecution:
    new.input = text(new.input)
    new.variables = {name: text(value) for name, value in new.variables.items()}
    _stage(new.beginning.stage)
    return new


def start_text(new: NewExecution) -> str:
    """The argument of ``fermata_start``."""
    return envelope(_start(new))


def array(values: Iterable[str]) -> str:
    """PostgreSQL's text of an array of texts."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def recorded(answer: dict[str, Any]) -> Recorded:
    """What ``fermata_record`` or ``fermata_start`` answered."""
    return Recorded(
        answer["result"],
        rings=rings(answer.get("rings")),
        finished=answer.get("finished"),
        paused=bool(answer.get("paused")),
        filled=rings(answer.get("filled")),
    )


def rings(rows: list[dict[str, Any]] | None) -> list[Ring]:
    """Rings from their JSON rows."""
    return [Ring(**{name: row[name] for name in RING_FIELDS}) for row in rows or ()]


def claim(answer: dict[str, Any]) -> Claim | Refusal:
    """What ``fermata_claim`` answered."""
    if answer["result"] != "claimed":
        return Refusal(answer["result"], answer.get("state"))
    context = answer["context"]
    frames = [Frame(**frame) for frame in answer["frames"]]
    step = StepView(frames=frames, **answer["step"])
    resume = step.resume
    if resume is not None and resume.get("kind") == "children" and "children" in resume:
        step.resume = {**resume, "children": resume["children"] or []}
    result = answer["region_result"]
    return Claim(
        step=step,
        execution=ExecutionView(**answer["execution"]),
        now=answer["now"],
        steps={**(context.get("steps") or {}), **(context.get("routes") or {})},
        previous=context.get("previous") or {},
        variables=context.get("variables") or {},
        arrivals=_arrivals(context.get("arrivals")),
        item=context.get("item"),
        has_item=bool(context.get("has_item")),
        input=context.get("input"),
        trigger=context.get("trigger"),
        remembered=answer["remembered"] or [],
        result=result and result_of(result.get("region") or {}, result.get("rows") or (), result["result"]),
    )


def _arrivals(rows: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
    if rows is None:
        return None
    return [{"edge": row["edge"], "node": row["node"], "path": row["path"], **row["shown"]} for row in rows]


def claims(answer: dict[str, Any]) -> Claims:
    """What ``fermata_claim_many`` answered."""
    found = Claims(alone=answer["alone"])
    execution = ExecutionView(**answer["execution"])
    for scope in answer["scopes"]:
        frames = [Frame(**frame) for frame in scope["frames"]]
        seen = sight(scope["context"], scope["reads"])
        made = [
            seen.claim(StepView(frames=frames, **row), execution, answer["now"], reads or ())
            for row, reads in ((row, row.pop("reads")) for row in scope["steps"])
        ]
        found.passages.append(Passage(made, seen))
    return found


def sight(context: dict[str, Any], reads: Iterable[str]) -> Sight:
    """What ``fermata_context`` answered to these reads."""
    return Sight(
        asked=set(reads),
        steps={**(context.get("steps") or {}), **(context.get("routes") or {})},
        previous=context.get("previous") or {},
        variables=context.get("variables") or {},
        item=context.get("item"),
        has_item=bool(context.get("has_item")),
        input=context.get("input"),
        trigger=context.get("trigger"),
    )


BORN = ("id", "node", "region", "iteration", "effect", "queue", "priority", "lane", "reads", "timeout")
JOIN = ("node", "region", "iteration", "total", "need", "eager", "opens")


def batch_text(batch: Batch) -> str:
    """The argument of ``fermata_record_many``; leaves the batch as it is."""
    whole = merged(batch)
    bodies: dict[str, str] = {}
    owns: list[dict[str, Any]] = []
    born: list[dict[str, Any]] = []
    for place, decision in enumerate(batch.decisions):
        own = decision.own
        body = kept(own.output)
        digest = digest_of(batch.execution.workspace_id, body)
        bodies[digest] = body
        row = {"place": place, "port": own.port, "digest": digest, "started_at": own.started_at}
        step = batch.born.get(own.id)
        if step is None:
            owns.append({**row, "id": own.id, "fence": own.fence})
        else:
            born.append({**row, **{name: getattr(step, name) for name in BORN}})
    joins = {
        arrival.join: {**{name: getattr(arrival, name) for name in JOIN}, "step": _readable(arrival.step)}
        for arrival in whole.arrivals
    }
    return envelope(
        {
            "execution": batch.execution.id,
            "queue": batch.queue,
            "worker": batch.worker,
            "room": batch.room,
            "owns": owns,
            "born": born,
            "bodies": [{"digest": digest, "body": body} for digest, body in sorted(bodies.items())],
            "regions": whole.regions,
            "steps": [_readable(step) for step in whole.steps],
            "joins": joins,
            "arrivals": [
                {"join": each.join, "edge": each.edge, "live": each.live, "source": each.source}
                for each in whole.arrivals
            ],
            "eager": any(opens_early(arrival) for arrival in whole.arrivals),
            "remember": whole.remember,
            "endings": [_ending(ending) for ending in whole.endings],
        }
    )


def digest_of(workspace_id: str, body: str) -> str:
    """The name of a payload in hex, as ``fermata_store`` gives it."""
    return sha256(UUID(workspace_id).bytes + body.encode()).hexdigest()


def _readable(step: NewStep) -> NewStep:
    return step if step.data is None or isinstance(step.data, str) else replace(step, data=text(step.data))


def _ending(ending: Ending) -> Ending:
    return replace(ending, stages=[_stage(_copied(stage)) for stage in ending.stages])


def _copied(stage: Stage) -> Stage:
    """As deep as ``_stage`` changes it."""
    return replace(
        stage,
        steps=[replace(step) for step in stage.steps],
        arrivals=list(stage.arrivals),
        regions=[replace(region) for region in stage.regions],
        end_item=stage.end_item and replace(stage.end_item),
        wake=stage.wake and replace(stage.wake),
        finish=stage.finish and replace(stage.finish),
    )
