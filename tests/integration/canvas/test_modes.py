"""The canvas decides nothing: the same account whether it is on, off, or loses and doubles rings.

So it is for workflows that are performed step by step and for those performed together.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from hypothesis import Phase, given, seed, settings

from fermata.engine import operations
from fermata.engine.models import Execution
from fermata.graph.plan import Plan
from tests.contracts.harness import Memory, World, together
from tests.contracts.postgres import Postgres
from tests.factories import VersionFactory
from tests.integration.canvas.conftest import rung_again
from tests.integration.workers.conftest import Program
from tests.integration.workers.test_engine import finished
from tests.reference.contract_cases import Case, differences, load_cases
from tests.reference.documents import Sample, documents
from tests.reference.results import Result, equal

SLOW = ("wait", "signal", "approval", "celery_task", "http_request", "sub_workflow")
ALONE = [
    case
    for case in load_cases()
    if not any(node["type"] in SLOW or "retry" in node for node in case.document["nodes"])
]
SOME = ALONE[::4]


def drawn() -> list[Sample]:
    """Ten random documents, the same ones each time."""
    found: list[Sample] = []

    @seed(7)
    @settings(max_examples=10, database=None, phases=[Phase.generate], deadline=None)
    @given(sample=documents(max_nodes=15))
    def draw(sample: Sample) -> None:
        found.append(sample)

    draw()
    return found


def begin(case: Case) -> tuple[Execution, Plan]:
    """Start a case as the interface would."""
    version = VersionFactory(definition=case.document)
    started = operations.start(
        workspace_id=version.workspace_id, version=version, input=case.input, started_by="test"
    )
    return Execution.objects.get(id=started.id), Plan.from_json(version.plan)


def contradictions(case: Case, result: Result) -> list[str]:
    """How the result differs from what was worked out by hand, or else from the ledger in memory's."""
    if case.expect:
        return differences(case, result)
    plain = World(case, Memory()).run()
    same = result.status == plain.status and equal(result.output, plain.output)
    steps = {key: step.status for key, step in result.steps.items()}
    return [] if same and steps == {key: step.status for key, step in plain.steps.items()} else ["differs"]


@pytest.mark.parametrize("mode", ["on", "off", "chaos"])
def test_gives_the_same_account_in_every_mode(
    mode: str, launch: Callable[..., Program], quiet: redis.Redis
) -> None:
    worker = launch(mode, FERMATA_RERING_SECONDS="0.5" if mode == "chaos" else "10")
    cases = SOME + [Case("random", "random", one.document, one.input, expect={}) for one in drawn()]
    cases += [together(case) for case in cases[::3]]
    begun = [(case, *begin(case)) for case in cases]
    assert len(begun) >= 35
    for case, execution, plan in begun:
        finished(quiet, execution, seconds=60)
        said = contradictions(case, Postgres().account(str(execution.id), plan))
        assert said == [], f"{case.file}: {case.name}"
    repeated = sum(rung_again(execution) for _, execution, _ in begun)
    assert (repeated > 0) == (mode == "chaos")
    worker.stop()
