"""Reads of the engine for the interface. Rows leave here as plain values; nothing here writes or rings.

- ``executions``: one, its status; ``listing``: filters, pages, counts; ``changes``: what changed lately
- ``latest``: workflows by their last execution
- ``steps``: rows, values by slice
- ``events``: the journal by cursor, snapshot, counts per node
- ``waiting``: why something does not move
- ``approvals``, ``idempotency``, ``queues``, ``overview``

A page is asked for with ``after``: sort key and id of the last row of the page before. Cursors of the journal
are :func:`cursor` texts.
"""

from __future__ import annotations

from fermata.engine.queries.approvals import (
    APPROVAL_STATES,
    Approvals,
    approval,
    approval_counts,
    approvals,
)
from fermata.engine.queries.approvals import origins as approval_origins
from fermata.engine.queries.approvals import shown as shown_approval
from fermata.engine.queries.changes import changed, executions_of, newest_change
from fermata.engine.queries.events import cursor, events, node_counts, parse_cursor, snapshot
from fermata.engine.queries.executions import (
    FINAL,
    STATUSES,
    execution,
    execution_status,
    recent,
    shown,
    workspace_of,
)
from fermata.engine.queries.idempotency import Replayed, replayed
from fermata.engine.queries.latest import LAST_STATUSES, last_went
from fermata.engine.queries.listing import Filters, counts, executions
from fermata.engine.queries.overview import MOST_COUNTED, overview
from fermata.engine.queries.queues import queues, under_way
from fermata.engine.queries.seen import Stand, last_of, stand
from fermata.engine.queries.steps import (
    INLINE_BYTES,
    Slice,
    StepFilters,
    one_step,
    slice_of,
    step,
    steps,
    value,
)
from fermata.engine.queries.variables import variable, variable_writes, variables
from fermata.engine.queries.waiting import why

__all__ = [
    "APPROVAL_STATES",
    "FINAL",
    "INLINE_BYTES",
    "LAST_STATUSES",
    "MOST_COUNTED",
    "STATUSES",
    "Approvals",
    "Filters",
    "Replayed",
    "Slice",
    "Stand",
    "StepFilters",
    "approval",
    "approval_counts",
    "approval_origins",
    "approvals",
    "changed",
    "counts",
    "cursor",
    "events",
    "execution",
    "execution_status",
    "executions",
    "executions_of",
    "last_of",
    "last_went",
    "newest_change",
    "node_counts",
    "one_step",
    "overview",
    "parse_cursor",
    "queues",
    "recent",
    "replayed",
    "shown",
    "shown_approval",
    "slice_of",
    "snapshot",
    "stand",
    "step",
    "steps",
    "under_way",
    "value",
    "variable",
    "variable_writes",
    "variables",
    "why",
    "workspace_of",
]
