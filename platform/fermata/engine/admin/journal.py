"""The journal, what people and programs said, and the values all rows refer to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from fermata.accounts.staff import values
from fermata.accounts.staff.filters import choice
from fermata.accounts.staff.pages import Page, visible
from fermata.engine.admin import previews
from fermata.engine.admin.executions import state
from fermata.engine.admin.regions import Inside
from fermata.engine.models import Approval, Event, IdempotencyKey, Payload, Signal, Variable, VariableWrite

APPROVAL_STATES = ("pending", "approved", "rejected", "expired", "cancelled")
PAYLOAD_SHOWN = 64 * 1024


@admin.register(Event)
class EventPage(Inside):
    """The journal: of one execution in its order, or the newest rows of all."""

    list_display = ("seq", "type", "at", "node_id", "status", "attempt", "execution", "step")
    list_display_links = ("type",)
    list_defer = ("data", "path")
    narrow = ("execution_id", "step_id")
    hint = "Open an execution to see its journal in order."
    newest_narrowed = ("-execution_id", "-seq")
    fieldsets = (
        (None, {"fields": ("id", "seq", "type", "at", "execution", "step", "node_id", "path_value")}),
        ("What", {"fields": ("run", "attempt", "status", "rev", "data_value", "format")}),
    )

    def is_narrowed(self, params: Mapping[str, Any]) -> bool:
        """A step alone has no index here."""
        return bool(params.get("execution_id"))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """A step only together with its execution."""
        if lookup == "step_id" and request is not None and not self.is_narrowed(request.GET):
            return False
        return super().lookup_allowed(lookup, value, request)

    @admin.display(description="step")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.step_id, values.short(row.step_id))

    @admin.display(description="path")
    def path_value(self, row: Any) -> Any:
        """The regions around it."""
        return values.pretty(row.path)

    @admin.display(description="data")
    def data_value(self, row: Any) -> Any:
        """What the event carries."""
        return values.pretty(row.data)


@admin.register(Variable)
class VariablePage(Inside):
    """Current values of variables."""

    list_display = ("name", "scope", "iteration", "version", "scope_id")
    narrow = ("scope_id",)
    newest_narrowed = ("scope_id", "iteration", "name")
    fieldsets = (
        (None, {"fields": ("name", "scope", "scope_id", "iteration", "version", "current", "writes")}),
    )

    @admin.display(description="value")
    def current(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(previews.previews([row.value_digest]), row.value_digest)

    @admin.display(description="history")
    def writes(self, row: Any) -> Any:
        """Of those that outlive executions."""
        return values.listed("engine_variablewrite", "writes in this scope", scope_id=row.scope_id)


@admin.register(VariableWrite)
class VariableWritePage(Inside):
    """Each write of a variable that outlives executions."""

    list_display = ("name", "scope", "version", "operation", "by", "at", "execution", "scope_id")
    narrow = ("scope_id",)
    newest_narrowed = ("scope_id", "name", "-id")
    hint = "Open a variable to see how it came to its value."
    fieldsets = (
        (None, {"fields": ("name", "scope", "scope_id", "version", "operation", "by", "at")}),
        ("From", {"fields": ("execution", "step")}),
        ("Values", {"fields": ("old", "new")}),
    )

    @admin.display(description="step")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.step_id)

    @admin.display(description="before")
    def old(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(previews.previews([row.old_digest]), row.old_digest)

    @admin.display(description="after")
    def new(self, row: Any) -> Any:
        """Its beginning; none when it was deleted."""
        return previews.shown(previews.previews([row.new_digest]), row.new_digest)


@admin.register(Signal)
class SignalPage(Inside):
    """Signals that no step has taken yet, by execution; the others by id."""

    list_display = ("name", "execution", "sent_at", "sent_by", "step")
    narrow = ("execution_id",)
    newest_narrowed = ("execution_id", "name", "sent_at")
    fieldsets = ((None, {"fields": ("id", "name", "execution", "sent_at", "sent_by", "step", "payload")}),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of one execution those that wait: only these have an index."""
        rows = super().get_queryset(request)
        return rows.filter(taken_by=None) if self.is_narrowed(request.GET) else rows

    @admin.display(description="taken by")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.taken_by, values.short(row.taken_by))

    @admin.display(description="payload")
    def payload(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(previews.previews([row.payload_digest]), row.payload_digest)


@admin.register(Approval)
class ApprovalPage(Page):
    """Questions to people, the newest first."""

    list_display = ("title", "state_word", "execution", "created_at", "due_at", "decided_at")
    list_filter = (choice("state", APPROVAL_STATES),)
    list_defer = ("description", "decisions", "assignees")
    narrow = ("execution_id", "step_id")
    search_help_text = "id"
    newest = ("-created_at", "-id")
    newest_narrowed = ("-created_at",)
    fieldsets = (
        (None, {"fields": ("id", "title", "description", "state_word", "execution", "step", "run")}),
        ("Who", {"fields": ("assignees", "quorum", "decisions_value")}),
        ("Times", {"fields": ("created_at", "due_at", "decided_at")}),
    )

    def lanes(self, request: HttpRequest, params: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """One a workspace and state: the index has each in order."""
        if self.is_narrowed(params) or params.get("q"):
            return None
        asked = params.get("state")
        states = tuple(asked) if isinstance(asked, list) else APPROVAL_STATES
        return [
            {"workspace_id": workspace_id, "state": name}
            for workspace_id in visible(request)
            for name in states
        ]

    @admin.display(description="state")
    def state_word(self, row: Any) -> Any:
        """Coloured."""
        return state(row.state)

    @admin.display(description="execution")
    def execution(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_execution_change", row.execution_id, values.short(row.execution_id))

    @admin.display(description="step")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.step_id)

    @admin.display(description="decisions")
    def decisions_value(self, row: Any) -> Any:
        """Who said what."""
        return values.pretty(row.decisions)


@admin.register(Payload)
class PayloadPage(Page):
    """Values, found by digest."""

    narrow_first = True
    list_display = ("digest_text", "size", "workspace_id")
    list_defer = ("body",)
    search_help_text = "digest in hex"
    hint = "Values are reached from the rows that refer to them."
    fieldsets = ((None, {"fields": ("digest_text", "workspace_id", "size", "blob", "value")}),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the body, of which the page shows the beginning."""
        return super().get_queryset(request).defer("body")

    @admin.display(description="digest")
    def digest_text(self, row: Any) -> str:
        """In hex."""
        return bytes(row.digest).hex()

    @admin.display(description="value")
    def value(self, row: Any) -> Any:
        """Its first 64 KiB."""
        return previews.shown(previews.previews([row.digest], shown=PAYLOAD_SHOWN), row.digest)


@admin.register(IdempotencyKey)
class IdempotencyKeyPage(Page):
    """Answers given to start requests."""

    narrow_first = True
    list_display = ("key", "route", "execution", "created_at")
    find = ("key",)
    hint = "Search for the exact key."
    search_help_text = "exact key"
    fieldsets = ((None, {"fields": ("key", "route", "workspace_id", "execution", "created_at")}),)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """By workspace and route, as the index has it."""
        text = search_term.strip()
        if not text:
            return queryset, False
        routes = queryset.filter(workspace_id__in=visible(request), key=text)
        return routes, False

    @admin.display(description="execution")
    def execution(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_execution_change", row.execution_id)
