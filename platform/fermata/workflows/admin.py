"""Workflows in Django's admin: read-only, except that workflows are archived and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from fermata.accounts.staff import values
from fermata.accounts.staff.filters import WorkspaceFilter
from fermata.accounts.staff.pages import Page
from fermata.workflows import operations
from fermata.workflows.models import Draft, Version, Workflow

SHOWN = 20_000


class ArchivedFilter(SimpleListFilter):
    """Live or archived."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two."""
        return [("no", "live"), ("yes", "archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrowed."""
        if self.value() is None:
            return queryset
        return queryset.filter(archived_at__isnull=self.value() == "no")


@admin.register(Workflow)
class WorkflowPage(Page):
    """Workflows, the last edited first."""

    list_display = ("name", "workspace", "updated_at", "archived_at")
    list_filter = (ArchivedFilter, WorkspaceFilter)
    list_select_related = ("workspace",)
    list_defer = ("description",)
    find = ("pk", "name__icontains")
    search_help_text = "id, or part of the name"
    newest = ("-updated_at", "-id")
    actions = ("archive", "unarchive")
    buttons = (("archive", "Archive"), ("unarchive", "Take back"))
    fieldsets = (
        (None, {"fields": ("name", "workspace", "description", "look_inside")}),
        ("Dates", {"fields": ("created_by", "created_at", "updated_at", "archived_at")}),
    )

    def buttons_for(self, row: Any) -> Sequence[tuple[str, str]]:
        """One way or the other."""
        return self.buttons[:1] if row.archived_at is None else self.buttons[1:]

    @admin.display(description="look inside")
    def look_inside(self, row: Workflow) -> Any:
        """Draft, versions, executions."""
        return values.several(
            [
                values.link("workflows_draft_change", row.id, "draft"),
                values.listed("workflows_version", "versions", workflow_id=row.id),
                values.listed("engine_execution", "executions", workflow_id=row.id),
            ]
        )

    @admin.action(description="Archive")
    def archive(self, request: HttpRequest, queryset: QuerySet[Workflow]) -> Any:
        """Out of lists and references."""
        return self.act(
            request,
            queryset,
            action="workflow.archive",
            operation=lambda row: operations.archive(row.id),
            done="archived",
        )

    @admin.action(description="Take back from the archive")
    def unarchive(self, request: HttpRequest, queryset: QuerySet[Workflow]) -> Any:
        """Under its name, if that is free."""
        return self.act(
            request,
            queryset,
            action="workflow.archive",
            operation=lambda row: operations.unarchive(row.id),
            done="taken back",
        )


@admin.register(Draft)
class DraftPage(Page):
    """What is being edited."""

    workspace_column = "workflow__workspace_id"
    list_display = ("workflow", "rev", "updated_by", "updated_at")
    list_select_related = ("workflow", "updated_by")
    list_defer = ("definition", "source", "editor")
    newest = ("-pk",)
    fieldsets = (
        (None, {"fields": ("workflow", "rev", "updated_by", "updated_at")}),
        ("Document", {"fields": ("document", "yaml")}),
    )

    @admin.display(description="definition")
    def document(self, row: Draft) -> Any:
        """Indented."""
        return values.pretty(row.definition, shown=SHOWN)

    @admin.display(description="source")
    def yaml(self, row: Draft) -> Any:
        """The YAML text, while there is one."""
        return values.NONE if row.source is None else values.block(row.source[:SHOWN])


@admin.register(Version)
class VersionPage(Page):
    """Immutable versions; the database refuses to change one."""

    list_display = ("workflow", "number", "listed", "short_digest", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workflow",)
    list_defer = ("definition", "plan")
    narrow = ("workflow_id",)
    find = ("pk", "digest")
    search_help_text = "id, or digest"
    newest = ("-pk",)
    newest_narrowed = ("-number", "-created_at")
    fieldsets = (
        (
            None,
            {"fields": ("workflow", "number", "listed", "draft_rev", "digest", "created_by", "created_at")},
        ),
        ("Document", {"fields": ("document", "compiled")}),
    )

    @admin.display(description="digest")
    def short_digest(self, row: Version) -> str:
        """Its beginning."""
        return row.digest[:12]

    @admin.display(description="definition")
    def document(self, row: Version) -> Any:
        """Indented."""
        return values.pretty(row.definition, shown=SHOWN)

    @admin.display(description="plan")
    def compiled(self, row: Version) -> Any:
        """What executions pin."""
        return values.pretty(row.plan)
