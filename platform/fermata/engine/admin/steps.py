"""Steps: the live ones of all executions, or all of one execution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from fermata.accounts.staff import values
from fermata.accounts.staff.pages import Page, user_of
from fermata.engine import operations
from fermata.engine.admin import previews
from fermata.engine.admin.executions import LIVE_STEPS, state
from fermata.engine.models import Step

ENDED = ("succeeded", "failed", "skipped", "cancelled", "timed_out")


class StateFilter(SimpleListFilter):
    """Live states have an index of their own; ended ones are looked for within one execution."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Those that can be asked for here."""
        narrowed = model_admin.is_narrowed(request.GET)
        return [(name, name) for name in (*LIVE_STEPS, *(ENDED if narrowed else ()))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Without an execution and a state: whatever lives."""
        if self.value() is not None:
            return queryset.filter(state=self.value())
        if request.method == "POST":  # an action names its rows
            return queryset
        narrowed = "execution_id" in request.GET or "region_id" in request.GET or "q" in request.GET
        return queryset if narrowed else queryset.filter(state__in=LIVE_STEPS)


@admin.register(Step)
class StepPage(Page):
    """Steps."""

    list_display = (
        "node",
        "kind",
        "state_word",
        "execution",
        "iteration",
        "run",
        "attempt",
        "queue",
        "worker",
        "ready_at",
        "finished_at",
    )
    list_filter = (StateFilter,)
    list_defer = ("data", "resume", "error", "reads", "sees")
    narrow = ("execution_id", "region_id")
    find = ("pk", "execution_id")
    search_help_text = "id of a step or an execution"
    hint = "The live steps of all executions. Open an execution to see all of its steps."
    newest = ("-execution_id",)
    newest_narrowed = ("execution_id", "node_id")
    actions = ("retry", "fail", "succeed")
    buttons = (("retry", "Retry"), ("fail", "Fail"), ("succeed", "Succeed"))
    fieldsets = (
        (None, {"fields": ("id", "node_id", "kind", "state_word", "execution", "region", "look_inside")}),
        ("Values", {"fields": ("input", "output", "port", "failure", "handled_by", "reason")}),
        ("Times", {"fields": ("ready_at", "started_at", "finished_at", "due_at", "due_kind")}),
        (
            "Attempts",
            {
                "fields": (
                    "iteration",
                    "run",
                    "superseded",
                    "attempt",
                    "fence",
                    "losses",
                    "refusals",
                    "worker",
                )
            },
        ),
        ("Ring", {"fields": ("queue", "priority", "rung_at", "rings")}),
        ("More", {"fields": ("effect", "lane", "timeout_seconds", "reads", "data_value", "rev")}),
    )

    def buttons_for(self, row: Any) -> Sequence[tuple[str, str]]:
        """For held ones."""
        return self.buttons if row.state == "held" else ()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With the beginning of its values."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.previews = previews.previews([row.input_digest, row.output_digest])
        return row

    @admin.display(description="step")
    def node(self, row: Step) -> str:
        """The node; the engine's own rows have a kind only."""
        return row.node_id or row.kind

    @admin.display(description="state")
    def state_word(self, row: Any) -> Any:
        """Coloured."""
        return state(row.state)

    @admin.display(description="execution")
    def execution(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_execution_change", row.execution_id, values.short(row.execution_id))

    @admin.display(description="region")
    def region(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_region_change", row.region_id)

    @admin.display(description="look inside")
    def look_inside(self, row: Any) -> Any:
        """What belongs to it."""
        return values.several(
            [
                values.listed("engine_event", "journal", execution_id=row.execution_id, step_id=row.id),
                values.listed("engine_execution", "executions it started", parent_step_id=row.id),
                values.listed("engine_approval", "approvals", step_id=row.id),
            ]
        )

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

    @admin.display(description="data")
    def data_value(self, row: Any) -> Any:
        """What the engine keeps on the row."""
        return values.pretty(row.data)

    @admin.action(description="Retry (held steps)")
    def retry(self, request: HttpRequest, queryset: QuerySet[Step]) -> Any:
        """Do it again."""
        return self._resolve(request, queryset, "retry", "is tried again")

    @admin.action(description="Fail (held steps)")
    def fail(self, request: HttpRequest, queryset: QuerySet[Step]) -> Any:
        """It did not happen."""
        return self._resolve(request, queryset, "fail", "counts as failed")

    @admin.action(description="Succeed without output (held steps)")
    def succeed(self, request: HttpRequest, queryset: QuerySet[Step]) -> Any:
        """It happened."""
        return self._resolve(request, queryset, "succeed", "counts as done")

    def _resolve(self, request: HttpRequest, queryset: QuerySet[Any], action: Any, done: str) -> Any:
        by = f"user:{user_of(request).get_username()}"
        return self.act(
            request,
            queryset,
            action="execution.resolve",
            operation=lambda row: operations.resolve_held(row.id, action=action, by=by),
            done=done,
        )
