"""What an expression would see of an execution from a node in one passage, by the claim's rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from fermata.engine import plans, wire
from fermata.engine.context import bound_to
from fermata.engine.models import Execution, Step
from fermata.engine.queries.steps import path_of
from fermata.engine.store import run, statement
from fermata.errors import InvalidInput
from fermata.graph.plan import ROOT
from fermata.machine.identity import root_id
from fermata.machine.view import Claim

Pairs = Sequence[tuple[str, int]]


@dataclass(slots=True)
class Stand:
    """A passage of a region in an execution; the lists go from the innermost region to the root."""

    execution: Execution
    regions: list[str]
    names: list[str] = field(default_factory=lambda: [ROOT])
    kinds: list[str] = field(default_factory=lambda: ["root"])
    iterations: list[int] = field(default_factory=lambda: [0])
    step_id: UUID | None = None

    @property
    def path(self) -> list[dict[str, Any]]:
        """As steps show it: from the outermost region inwards, without the root."""
        return path_of(list(zip(self.names, self.iterations, strict=True))[-2::-1])

    @property
    def origin(self) -> dict[str, Any]:
        """Where in which execution this is."""
        return {"execution_id": self.execution.id, "step_id": self.step_id, "path": self.path}


def stand(execution: Execution, *, node: str | None, chain: Sequence[str], path: Pairs | None) -> Stand:
    """Where ``node`` stands in the execution.

    ``path``: which passage, as steps show it. Without it the node's regions (``chain``, innermost first) are
    followed as far as they were entered: the first item of a foreach, the last passage of a loop. Raises
    InvalidInput for a path that leads nowhere.
    """
    found = Stand(execution, [root_id(str(execution.id))])
    wanted: Pairs = path if path is not None else [(name, -1) for name in reversed(chain)]
    for at, (name, iteration) in enumerate(wanted):
        rows = run(statement("inner_region"), [found.regions[0], found.iterations[0], name])
        if not rows and path is None:
            break
        if not rows or iteration >= _passages(rows[0]):
            raise _nowhere(at, name, iteration)
        region_id, kind, passage, _ = rows[0]
        found.regions.insert(0, str(region_id))
        found.names.insert(0, name)
        found.kinds.insert(0, kind)
        found.iterations.insert(0, iteration if iteration >= 0 else 0 if kind == "foreach" else passage)
    if node is not None:
        row = Step.objects.filter(
            region_id=found.regions[0], iteration=found.iterations[0], node_id=node, kind="node"
        )
        found.step_id = row.filter(superseded=False).values_list("id", flat=True).first()
    return found


def last_of(workflow_id: UUID) -> Execution | None:
    """The workflow's newest execution."""
    return Execution.objects.filter(workflow_id=workflow_id).order_by("-created_at").first()


def seen(at: Stand, *, reads: Collection[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Root name → value, as the claim of a step with these ``reads`` would bind them.

    ``variables``: declared defaults. Raises NotFound when the execution's version is gone.
    """
    answer = orjson.loads(run(statement("seen"), _arguments(at, reads))[0][0])
    answer["frames"] = [
        {"id": region, "name": name, "kind": kind, "iteration": iteration}
        for region, name, kind, iteration in zip(at.regions, at.names, at.kinds, at.iterations, strict=True)
    ]
    claim = wire.claim(answer)
    assert isinstance(claim, Claim)
    return bound_to(claim, plan=plans.plan(at.execution.version_id), reads=reads, variables=variables)


def seen_sizes(at: Stand, *, reads: Collection[str]) -> dict[str, int]:
    """How many bytes ``seen`` would load for each read; for absent ones there is no entry."""
    rows = run(statement("seen_sizes"), _arguments(at, reads))
    return {read: int(size) for read, size in rows}


def _arguments(at: Stand, reads: Collection[str]) -> dict[str, Any]:
    return {
        "execution": at.execution.id,
        "step": at.step_id,
        "reads": sorted(reads),
        "regions": at.regions,
        "iterations": at.iterations,
        "kinds": at.kinds,
    }


def _passages(region: tuple[Any, ...]) -> int:
    _, kind, passage, total = region
    return int(total if kind == "foreach" else passage + 1)


def _nowhere(at: int, name: str, iteration: int) -> InvalidInput:
    row = {
        "code": "no_such_passage",
        "pointer": f"/path/{at}",
        "message": f"The execution has no passage {iteration} of {name[:100]!r} there.",
        "cure": "Take the path of one of its steps.",
    }
    return InvalidInput(row["message"], problems=[row])
