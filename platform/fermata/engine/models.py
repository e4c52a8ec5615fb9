"""The engine's tables (engine.md §6).

Hot paths write them through ``sql/*.sql``; Django owns migrations and admin.

Conventions: every table carries ``workspace_id`` and ``execution_id`` so that partitions by execution range
can come; references between hot tables are plain ids without foreign keys (a foreign key would lock its
parent on every insert). JSON bodies are ``json``, not ``jsonb``: numbers and key order stay as written.
``*_digest`` point to :class:`Payload`.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Json(models.Field):  # type: ignore[type-arg]
    """A ``json`` column (text kept verbatim). Python side: any JSON value."""

    def db_type(self, connection: Any) -> str:
        """``json``."""
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """As the driver parsed it (Django asks for text of ``jsonb`` only): a JSON text stays that text."""
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django gives the signature
        """Serialised text."""
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


class TextArray(models.Field):  # type: ignore[type-arg]
    """A ``text[]`` column (django.contrib.postgres is not installed for one field)."""

    def db_type(self, connection: Any) -> str:
        """``text[]``."""
        return "text[]"


class JsonText(models.Func):
    """``JsonText("error", key="class")``: a member of a :class:`Json` column, as text."""

    template = "(%(expressions)s ->> '%(key)s')"
    arity = 1
    output_field = models.TextField()


class Row(models.Model):
    """Base of the tables: how a row is called where people read it."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        key = bytes(self.pk).hex() if isinstance(self.pk, bytes | memoryview) else self.pk
        return f"{self._meta.verbose_name} {key}"


class Payload(Row):
    """One JSON value, stored once per workspace. ``digest`` = sha-256(workspace id bytes ‖ UTF-8 text)."""

    digest = models.BinaryField(primary_key=True)
    workspace_id = models.UUIDField()
    size = models.IntegerField(help_text="bytes of the UTF-8 text")
    body = Json(null=True, help_text="the value, when stored in line")
    blob = models.TextField(null=True, help_text="where the value lies, when it does not")

    class Meta:
        db_table = "fermata_payload"


class Execution(Row):
    """One run of one version."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    workflow_id = models.UUIDField()
    version_id = models.UUIDField()
    version = models.IntegerField()
    status = models.TextField()
    input_digest = models.BinaryField(null=True)
    output_digest = models.BinaryField(null=True)
    error = Json(null=True)
    trigger = Json(null=True)
    workflow_key = models.TextField(null=True)
    root_id = models.UUIDField()
    parent_step_id = models.UUIDField(null=True)
    parent_ordinal = models.IntegerField(default=0)
    parent_attempt = models.IntegerField(default=1, help_text="every attempt has children of its own")
    depth = models.SmallIntegerField(default=0)
    tags = TextArray(null=True)
    priority = models.SmallIntegerField(default=5)
    debug = models.BooleanField(default=False)
    started_by = models.TextField(default="")
    clock_offset = models.DurationField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    rev = models.IntegerField(default=0)

    class Meta:
        db_table = "fermata_execution"
        indexes = (
            # Lists are walked newest first (engine/queries/listing.py): each filter that may be rare among a
            # million rows has an index of its own, partial where only some rows can fit. With the status in
            # it, counts read no rows.
            models.Index(
                fields=["workspace_id", "-created_at", "-id"],
                name="execution_of_workspace",
                include=["status"],
            ),
            models.Index(fields=["workspace_id", "status", "-created_at", "-id"], name="execution_by_state"),
            models.Index(
                fields=["workflow_id", "-created_at", "-id"], name="execution_of_workflow", include=["status"]
            ),
            models.Index(
                fields=["workflow_id", "status", "-created_at", "-id"], name="execution_workflow_state"
            ),
            models.Index(
                fields=["workflow_id", "version", "-created_at", "-id"],
                name="execution_of_version",
                include=["status"],
            ),
            models.Index(
                fields=["workspace_id", "started_by", "-created_at", "-id"],
                name="execution_started_by",
                include=["status"],
            ),
            models.Index(
                fields=["workspace_id", "-finished_at", "-id"],
                name="execution_finished",
                condition=models.Q(finished_at__isnull=False),
                include=["status"],
            ),
            models.Index(
                fields=["workspace_id", "workflow_key", "-created_at", "-id"],
                name="execution_by_key",
                condition=models.Q(workflow_key__isnull=False),
            ),
            models.Index(
                fields=["root_id", "-created_at", "-id"],
                name="execution_family",
                condition=models.Q(parent_step_id__isnull=False),
            ),
            models.Index(
                models.F("workspace_id"),
                JsonText("error", key="class"),
                models.F("created_at").desc(),
                models.F("id").desc(),
                name="execution_by_error",
                condition=models.Q(error__isnull=False),
                include=["status"],
            ),
            models.Index(
                fields=["workspace_id", "priority", "-created_at", "-id"],
                name="execution_by_priority",
                condition=~models.Q(priority=5),
                include=["status"],
            ),
            models.Index(
                fields=["workspace_id", "-created_at", "-id"],
                name="execution_debugged",
                condition=models.Q(debug=True),
                include=["status"],
            ),
            # Without the list of pending entries, which every search would have to read as well.
            GinIndex(fields=["tags"], name="execution_tags", fastupdate=False),
            models.Index(
                fields=["deadline_at"],
                name="execution_deadline",
                condition=models.Q(finished_at=None, deadline_at__isnull=False),
            ),
            models.Index(
                fields=["parent_step_id"],
                name="execution_parent",
                condition=models.Q(parent_step_id__isnull=False),
            ),
            models.Index(fields=["status"], name="execution_moving", condition=models.Q(finished_at=None)),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["workflow_id", "workflow_key"],
                name="execution_live_key",
                # One that is being cancelled may have a successor (`on_conflict: cancel_old`).
                condition=models.Q(finished_at=None, workflow_key__isnull=False)
                & ~models.Q(status="cancelling"),
            ),
            models.UniqueConstraint(
                fields=["parent_step_id", "parent_attempt", "parent_ordinal"],
                name="execution_child_once",
                condition=models.Q(parent_step_id__isnull=False),
            ),
        )


class Region(Row):
    """One run of a region: the root, an open container, a natural loop."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    name = models.TextField()
    kind = models.TextField(help_text="root | foreach | while | loop")
    parent_id = models.UUIDField(null=True)
    parent_iteration = models.IntegerField(default=0)
    step_id = models.UUIDField(null=True, help_text="the container's step")
    path = Json(help_text="[[region name, iteration], …] of the scope it stands in")
    state = models.TextField(help_text="open | draining | closing | closed")
    cause = Json(null=True, help_text="why it is closing: {why, failure?, step_id?, …}")
    passage = models.IntegerField(default=0, help_text="loop, while: the current passage")
    total = models.IntegerField(default=0, help_text="foreach: items")
    next = models.IntegerField(default=0, help_text="foreach: the next item to start")
    active = models.IntegerField(default=0, help_text="foreach: items under way")
    succeeded = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    failure_limit = models.IntegerField(
        null=True, help_text="foreach: failed items tolerated; null: any number"
    )
    mode = models.TextField(default="stop", help_text="foreach: stop | drain | continue")
    fan_out = Json(null=True, help_text="foreach: collect, ordered, concurrency")

    class Meta:
        db_table = "fermata_region"
        indexes = (models.Index(fields=["parent_id", "parent_iteration", "name"], name="region_by_parent"),)


class Item(Row):
    """A chunk of a foreach's items: a JSON array of up to 100."""

    region_id = models.UUIDField()
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    chunk = models.IntegerField()
    body = Json()

    class Meta:
        db_table = "fermata_item"
        constraints = (models.UniqueConstraint(fields=["region_id", "chunk"], name="item_chunk"),)


class Iteration(Row):
    """One finished or closing item of a foreach."""

    region_id = models.UUIDField()
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    index = models.IntegerField()
    state = models.TextField(help_text="closing | succeeded | failed | cancelled")
    cause = Json(null=True)
    output_digest = models.BinaryField(null=True)
    error = Json(null=True)

    class Meta:
        db_table = "fermata_iteration"
        constraints = (models.UniqueConstraint(fields=["region_id", "index"], name="iteration_index"),)


class Step(Row):
    """One run of one node in one scope; also the engine's own READY rows (skip, settle, turn)."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    node_id = models.TextField()
    kind = models.TextField(help_text="node | skip | settle | turn")
    region_id = models.UUIDField()
    iteration = models.IntegerField()
    run = models.SmallIntegerField(default=1)
    superseded = models.BooleanField(default=False)
    state = models.TextField()
    attempt = models.IntegerField(default=1)
    fence = models.BigIntegerField(default=1)
    losses = models.SmallIntegerField(default=0, help_text="attempts that ended with a lost worker")
    refusals = models.SmallIntegerField(
        default=0, help_text="definite refusals: they change the idempotency key"
    )
    effect = models.TextField(default="pure")
    queue = models.TextField(default="default")
    priority = models.SmallIntegerField(default=5)
    lane = models.IntegerField(null=True)
    reads = TextArray(null=True)
    sees = TextArray(null=True, help_text="ids of the ancestors visible, when frozen at READY")
    timeout_seconds = models.FloatField(null=True)
    data = Json(null=True, help_text="turn, settle, skip: what to do; join nodes: arrivals frozen at opening")
    resume = Json(null=True, help_text="why a suspended step goes on")
    input_digest = models.BinaryField(null=True)
    output_digest = models.BinaryField(null=True)
    port = models.TextField(null=True)
    error = Json(null=True)
    handled_by = models.TextField(null=True)
    reason = models.TextField(null=True, help_text="why it waits or is held")
    worker = models.TextField(null=True)
    token = models.TextField(null=True, help_text="of the claim that its first ring may carry")
    ready_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    due_kind = models.TextField(null=True, help_text="timer | timeout | retry")
    due_absolute = models.BooleanField(default=False)
    rung_at = models.DateTimeField(null=True, help_text="null while READY: beyond the ring window")
    rings = models.SmallIntegerField(default=0, help_text="rings by recovery")
    rev = models.IntegerField(default=1)

    class Meta:
        db_table = "fermata_step"
        indexes = (
            models.Index(fields=["execution_id", "node_id"], name="step_by_execution"),
            models.Index(
                fields=["execution_id", "region_id", "iteration"],
                name="step_live",
                condition=models.Q(state__in=["ready", "running", "waiting", "held", "retrying"]),
            ),
            # What tells a running execution from a waiting one. Rows leave both with the step's end.
            models.Index(
                fields=["execution_id"],
                name="step_moving",
                condition=models.Q(state__in=["ready", "running", "retrying"], superseded=False),
            ),
            models.Index(
                fields=["execution_id"],
                name="step_resting",
                condition=models.Q(state__in=["waiting", "held"], superseded=False),
            ),
            models.Index(
                fields=["queue", "priority", "ready_at"],
                name="step_unrung",
                condition=models.Q(state="ready", rung_at=None),
            ),
            models.Index(
                fields=["queue", "rung_at"],
                name="step_rung",
                condition=models.Q(state="ready", rung_at__isnull=False),
            ),
            models.Index(fields=["started_at"], name="step_running", condition=models.Q(state="running")),
            models.Index(
                fields=["due_at"],
                name="step_due",
                condition=models.Q(state__in=["waiting", "retrying"], due_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["region_id", "iteration", "node_id", "kind", "run"], name="step_identity"
            ),
        )


class Join(Row):
    """A counter join of a scope."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    region_id = models.UUIDField()
    iteration = models.IntegerField()
    node_id = models.TextField()
    total = models.IntegerField()
    need = models.IntegerField()
    eager = models.BooleanField()
    settled = models.IntegerField(default=0)
    live = models.IntegerField(default=0)
    state = models.TextField(default="waiting", help_text="waiting | open | skipped")
    opened_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fermata_join"
        indexes = (models.Index(fields=["region_id", "iteration"], name="join_by_scope"),)


class Arrival(Row):
    """An edge that settled at a join, or a live exit or back edge remembered by a loop (owner = region)."""

    owner_id = models.UUIDField(help_text="join or loop region")
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    edge = models.IntegerField()
    live = models.BooleanField()
    passage = models.IntegerField(default=0)
    step_id = models.UUIDField(null=True)

    class Meta:
        db_table = "fermata_arrival"
        constraints = (models.UniqueConstraint(fields=["owner_id", "edge"], name="arrival_once"),)


class Event(Row):
    """The journal: append only. ``seq`` is given later by the sequencer, in an order that respects cause."""

    execution_id = models.UUIDField()
    workspace_id = models.UUIDField()
    seq = models.BigIntegerField(null=True)
    type = models.TextField()
    at = models.DateTimeField()
    step_id = models.UUIDField(null=True)
    node_id = models.TextField(null=True)
    path = Json(null=True)
    run = models.SmallIntegerField(null=True)
    attempt = models.IntegerField(null=True)
    status = models.TextField(null=True)
    rev = models.IntegerField(null=True)
    data = Json(null=True)
    format = models.SmallIntegerField(default=1)

    class Meta:
        db_table = "fermata_event"
        indexes = (
            models.Index(fields=["execution_id", "seq"], name="event_order"),
            models.Index(
                fields=["execution_id", "id"], name="event_unnumbered", condition=models.Q(seq=None)
            ),
        )


class Variable(Row):
    """The current value of one variable in one scope."""

    workspace_id = models.UUIDField()
    scope = models.TextField(help_text="iteration | execution | workflow | workspace")
    scope_id = models.UUIDField()
    iteration = models.IntegerField(default=0)
    name = models.TextField()
    value_digest = models.BinaryField()
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "fermata_variable"
        constraints = (
            models.UniqueConstraint(fields=["scope_id", "iteration", "name"], name="variable_once"),
        )


class VariableWrite(Row):
    """The ledger of variables that outlive executions: each write, by a node or from outside; append only.

    Those of executions and iterations stand in the journal alone.
    """

    workspace_id = models.UUIDField()
    scope = models.TextField(help_text="workflow | workspace")
    scope_id = models.UUIDField()
    name = models.TextField()
    version = models.IntegerField(help_text="the variable's, after the write")
    operation = models.TextField(help_text="set | increment | append | merge | delete")
    old_digest = models.BinaryField(null=True)
    new_digest = models.BinaryField(null=True, help_text="null: deleted")
    by = models.TextField(help_text="who wrote it, or started the execution that did")
    execution_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "fermata_variable_write"
        indexes = (models.Index(fields=["scope_id", "name", "-id"], name="variable_history"),)


class Signal(Row):
    """A signal kept until one step takes it."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    name = models.TextField()
    payload_digest = models.BinaryField(null=True)
    sent_at = models.DateTimeField()
    sent_by = models.TextField(default="")
    taken_by = models.UUIDField(null=True)

    class Meta:
        db_table = "fermata_signal"
        indexes = (
            models.Index(
                fields=["execution_id", "name", "sent_at"],
                name="signal_queue",
                condition=models.Q(taken_by=None),
            ),
        )


class Approval(Row):
    """A question to people, asked by an approval step."""

    id = models.UUIDField(primary_key=True)
    workspace_id = models.UUIDField()
    execution_id = models.UUIDField()
    step_id = models.UUIDField()
    run = models.SmallIntegerField(default=1)
    title = models.TextField()
    description = models.TextField(default="")
    assignees = TextArray(null=True)
    quorum = models.SmallIntegerField(default=1)
    state = models.TextField(
        default="pending", help_text="pending | approved | rejected | expired | cancelled"
    )
    decisions = Json(null=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "fermata_approval"
        constraints = (models.UniqueConstraint(fields=["step_id", "run"], name="approval_once"),)
        indexes = (
            models.Index(fields=["workspace_id", "state", "-created_at", "-id"], name="approval_newest"),
            models.Index(fields=["execution_id", "-created_at"], name="approval_of_execution"),
        )


class IdempotencyKey(Row):
    """The answer given to a start request, kept seven days."""

    workspace_id = models.UUIDField()
    route = models.TextField()
    key = models.TextField()
    request_digest = models.BinaryField()
    execution_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "fermata_idempotency_key"
        constraints = (
            models.UniqueConstraint(fields=["workspace_id", "route", "key"], name="idempotency_once"),
        )
