"""Executions that really ran, in this process."""

from __future__ import annotations

import uuid
from typing import Any

from fermata.engine import plans
from fermata.engine.dispatch import InProcessDispatcher
from fermata.engine.ledger import NewExecution
from fermata.engine.models import Execution
from fermata.engine.perform import Parts, Performer
from fermata.engine.store import PostgresLedger
from fermata.machine.decide import begin
from fermata.nodes.catalogue import catalogue
from fermata.workflows.models import Version


def executed(version: Version, given: Any = None, **variables: Any) -> Execution:
    """An execution of the version, performed until nothing is ready any more."""
    ledger, dispatcher = PostgresLedger(), InProcessDispatcher()
    execution_id = str(uuid.uuid4())
    started = ledger.start(
        NewExecution(
            id=execution_id,
            workspace_id=str(version.workspace_id),
            workflow_id=str(version.workflow_id),
            version_id=str(version.id),
            version=version.number,
            beginning=begin(plans.plan(version.id), execution_id=execution_id, priority=5),
            input=given or {},
            variables=variables,
            started_by="user:ada",
        )
    )
    performer = Performer(Parts(ledger, plans, catalogue(), dispatcher))
    dispatcher.ring(started.rings)
    while dispatcher.rings:
        performer.perform(dispatcher.rings.popleft().step_id)
    return Execution.objects.get(id=execution_id)
