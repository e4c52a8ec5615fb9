"""Filters of lists: a choice of columns that an index knows."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from fermata.accounts.models import Workspace
from fermata.accounts.staff.pages import roles, user_of

MOST_WORKSPACES = 200


class WorkspaceFilter(SimpleListFilter):
    """One of the workspaces that whoever asks may see."""

    title = "workspace"
    parameter_name = "workspace_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The first two hundred by slug."""
        rows = Workspace.objects.order_by("slug")
        if not user_of(request).is_superuser:
            rows = rows.filter(id__in=list(roles(request)))
        found = list(rows.values_list("id", "name")[:MOST_WORKSPACES])
        return [(str(key), name) for key, name in found] if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrowed."""
        return queryset if self.value() is None else queryset.filter(workspace_id=self.value())


def choice(column: str, values: tuple[str, ...], *, title: str | None = None) -> type[SimpleListFilter]:
    """A filter by one of these texts; anything else finds nothing."""

    class Choice(SimpleListFilter):
        parameter_name = column

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in values]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset if self.value() is None else queryset.filter(**{column: self.value()})

    Choice.title = title or column
    return Choice
