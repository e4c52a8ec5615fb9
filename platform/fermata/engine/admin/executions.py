"""Executions: the newest first, with their steps, journal and values a click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from fermata.accounts.staff import values
from fermata.accounts.staff.filters import WorkspaceFilter, choice
from fermata.accounts.staff.pages import Page, user_of, visible
from fermata.engine import operations
from fermata.engine.admin import previews
from fermata.engine.models import Event, Execution, Step
from fermata.machine import identity
from fermata.workflows import queries as workflows

STORED = (
    "queued",
    "running",
    "pausing",
    "paused",
    "cancelling",
    "succeeded",
    "failed",
    "cancelled",
    "timed_out",
)
LIVE_STEPS = ("ready", "running", "waiting", "held", "retrying")
ROWS_SHOWN = 20


def state(text: str) -> Any:
    """A state as a coloured word."""
    return format_html('<span class="fermata-state fermata-state-{}">{}</span>', text, text)


@admin.register(Execution)
class ExecutionPage(Page):
    """Executions."""

    list_display = ("key", "workflow", "version", "status_word", "created_at", "finished_at", "started_by")
    list_filter = (choice("status", STORED), WorkspaceFilter)
    list_defer = ("trigger", "error", "tags")
    narrow = ("workflow_id", "parent_step_id", "root_id")
    search_help_text = "id of an execution or a workflow, or an execution's exact key"
    newest = ("-created_at", "-id")
    actions = ("cancel", "pause", "resume")
    buttons = (("cancel", "Cancel"), ("pause", "Pause"), ("resume", "Resume"))
    fieldsets = (
        (None, {"fields": ("id", "status_word", "workflow", "version_link", "workspace_id", "look_inside")}),
        ("Now", {"fields": ("live_steps", "last_events")}),
        ("Values", {"fields": ("input", "output", "failure", "trigger_value")}),
        (
            "Times",
            {"fields": ("created_at", "started_at", "finished_at", "deadline_at", "paused_at")},
        ),
        (
            "More",
            {
                "fields": (
                    "workflow_key",
                    "started_by",
                    "tags",
                    "priority",
                    "debug",
                    "root",
                    "parent",
                    "depth",
                    "rev",
                )
            },
        ),
    )

    def buttons_for(self, row: Any) -> Sequence[tuple[str, str]]:
        """Until it has ended."""
        return self.buttons if row.finished_at is None else ()

    def lanes(self, request: HttpRequest, params: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """One a workspace: the index has each in order, not all together."""
        if self.is_narrowed(params) or params.get("q") or params.get("workspace_id"):
            return None
        return [{"workspace_id": workspace_id} for workspace_id in visible(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Below a root its descendants: only these have an index."""
        rows = super().get_queryset(request)
        return rows.filter(parent_step_id__isnull=False) if request.GET.get("root_id") else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Columns that have an index."""
        text = search_term.strip()
        if not text:
            return queryset, False
        try:
            found = queryset.filter(Q(id=UUID(text)) | Q(workflow_id=UUID(text)))
        except ValueError:
            found = queryset.filter(workspace_id__in=visible(request), workflow_key=text)
        return found, False

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Names of workflows."""
        names = workflows.names({row.workflow_id for row in rows})
        for row in rows:
            row.workflow_name = names.get(row.workflow_id)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With what the page shows of other tables."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.complete(request, [row])
            row.previews = previews.previews([row.input_digest, row.output_digest])
        return row

    @admin.display(description="execution")
    def key(self, row: Any) -> Any:
        """The end of the id: the beginning is the time."""
        return values.short(row.id)

    @admin.display(description="workflow")
    def workflow(self, row: Any) -> Any:
        """By name."""
        return values.link("workflows_workflow_change", row.workflow_id, row.workflow_name)

    @admin.display(description="version")
    def version_link(self, row: Any) -> Any:
        """The pinned one."""
        return values.link("workflows_version_change", row.version_id, row.version or "draft")

    @admin.display(description="status")
    def status_word(self, row: Any) -> Any:
        """As stored; whether a running one waits, its steps say."""
        return state(row.status)

    @admin.display(description="look inside")
    def look_inside(self, row: Any) -> Any:
        """Lists of what belongs to it."""
        root = identity.root_id(str(row.id))
        return values.several(
            [
                values.listed("engine_step", "steps", execution_id=row.id),
                values.listed("engine_event", "journal", execution_id=row.id),
                values.link("engine_region_change", root, "root region"),
                values.listed("engine_approval", "approvals", execution_id=row.id),
                values.listed("engine_execution", "executions it started", root_id=row.id),
                values.listed("engine_signal", "signals", execution_id=row.id),
                values.listed("engine_variable", "variables", scope_id=row.id),
            ]
        )

    @admin.display(description="live steps")
    def live_steps(self, row: Any) -> Any:
        """The first few."""
        rows = Step.objects.filter(execution_id=row.id, state__in=LIVE_STEPS).only(
            "id", "node_id", "kind", "state", "reason", "worker", "due_at"
        )
        shown = [
            (
                values.link("engine_step_change", step.id, step.node_id or step.kind),
                state(step.state),
                step.reason,
                step.worker,
                values.moment(step.due_at),
            )
            for step in rows[:ROWS_SHOWN]
        ]
        return values.table(("step", "state", "reason", "worker", "due"), shown)

    @admin.display(description="last events")
    def last_events(self, row: Any) -> Any:
        """The last few that are numbered or newer."""
        rows = Event.objects.filter(execution_id=row.id).only("id", "type", "at", "node_id", "status")
        shown = [
            (
                values.link("engine_event_change", event.id, event.type),
                values.moment(event.at),
                event.node_id,
                event.status,
            )
            for event in rows.order_by("-seq")[:ROWS_SHOWN]
        ]
        return values.table(("event", "at", "node", "status"), shown)

    @admin.display(description="input")
    def input(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(row.previews, row.input_digest)

    @admin.display(description="output")
    def output(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(row.previews, row.output_digest)

    @admin.display(description="error")
    def failure(self, row: Any) -> Any:
        """Class, message, where."""
        return values.pretty(row.error)

    @admin.display(description="trigger")
    def trigger_value(self, row: Any) -> Any:
        """What started it."""
        return values.pretty(row.trigger)

    @admin.display(description="root")
    def root(self, row: Any) -> Any:
        """The execution at the top."""
        return values.link("engine_execution_change", row.root_id)

    @admin.display(description="parent step")
    def parent(self, row: Any) -> Any:
        """The step that started it."""
        return values.link("engine_step_change", row.parent_step_id)

    @admin.action(description="Cancel")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Execution]) -> Any:
        """By the engine."""
        return self._engine(request, queryset, "cancel", "is being cancelled")

    @admin.action(description="Pause")
    def pause(self, request: HttpRequest, queryset: QuerySet[Execution]) -> Any:
        """By the engine."""
        return self._engine(request, queryset, "pause", "is being paused")

    @admin.action(description="Resume")
    def resume(self, request: HttpRequest, queryset: QuerySet[Execution]) -> Any:
        """By the engine."""
        return self._engine(request, queryset, "resume", "goes on")

    def _engine(self, request: HttpRequest, queryset: QuerySet[Any], verb: str, done: str) -> Any:
        operation = partial(getattr(operations, verb), by=f"user:{user_of(request).get_username()}")
        return self.act(
            request,
            queryset,
            action=f"execution.{verb}",
            operation=lambda row: operation(row.id),
            done=done,
        )
