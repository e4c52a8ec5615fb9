"""Claims known before they are asked for: what a pure step reads, as the record that makes it READY knows it.

Only what can change no more by the time of the claim is known ahead: the output of the step just performed,
and what its own claim had found. Variables may be written in between, results of parallel branches may come;
a step that reads such a thing is claimed as usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fermata.graph.plan import Plan
from fermata.machine.commands import Decision, NewStep
from fermata.machine.together import goes_together, view_of
from fermata.machine.view import Claim, Frame

PASSING = frozenset({"loop", "while"})
"""Kinds of regions whose next passage follows from the end of one."""


def claims_ahead(plan: Plan, claim: Claim, decision: Decision, output: Any) -> Iterator[Claim]:
    """The claims, known already, of those steps with a token that recording this decision makes READY.

    ``output``: the step's own, in the form in which it is read. They hold if the execution is neither paused
    nor debugged when they are used: that is for the record to ask.
    """
    frames = claim.step.frames
    if claim.step.kind != "node" or decision.own.state != "succeeded":
        return
    if any(frame.state != "open" or frame.cause for frame in frames):
        return
    for stage in decision.stages:
        for new in stage.steps:
            if new.token is not None and new.region == frames[0].id:
                known = _known(plan, claim, new, output)
                if known is not None:
                    yield known


def may_be_known(plan: Plan, new: NewStep) -> bool:
    """Whether the claim of a new step may be known ahead, as far as the step itself tells."""
    return (
        new.state == "ready"
        and new.kind == "node"
        and new.data is None
        and not new.freeze
        and goes_together(plan, plan.nodes[new.node])
    )


def _known(plan: Plan, claim: Claim, new: NewStep, output: Any) -> Claim | None:
    """What the new step reads; None as soon as anything of it is not known."""
    here, *around = claim.step.frames
    passes = new.iteration == here.iteration + 1 and here.kind in PASSING
    if not passes and new.iteration != here.iteration:
        return None
    frame = Frame(here.id, here.name, here.kind, new.iteration, step_id=here.step_id, path=here.path)
    view = view_of(claim, new)
    view.frames = [frame, *around]
    known = Claim(step=view, execution=claim.execution, now=claim.now, ahead=new.token)
    own = {**claim.steps, claim.step.node: {"output": output}}
    for read in new.reads:
        kind, _, name = read.partition(":")
        if kind == "step" and name in own and name in plan.nodes:
            if passes and plan.nodes[name].region == here.name:
                return None
            known.steps[name] = own[name]
        elif kind == "previous" and name in plan.nodes:
            found = own if passes and plan.nodes[name].region == here.name else claim.previous
            if name not in found:
                return None
            known.previous[name] = found[name]
        elif read == "item" and claim.has_item:
            known.item, known.has_item = claim.item, True
        elif read == "inputs" and claim.input is not None:
            known.input = claim.input
        elif read == "trigger" and claim.trigger is not None:
            known.trigger = claim.trigger
        else:
            return None
    return known
