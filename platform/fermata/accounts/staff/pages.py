"""The base of every page: read-only, walled by workspace, with actions that call operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from fermata.accounts.models import Membership, User, Workspace
from fermata.accounts.permissions import refusal
from fermata.accounts.staff.listing import Listing
from fermata.errors import FermataError

MOST_AT_ONCE = 100
SEALED = ("password", "secret_digest", "sealed", "wrapped")
"""Columns that no page shows, whatever it lists; columns of bytes are left out as well."""


def roles(request: HttpRequest) -> dict[UUID, str]:
    """Workspace id → role of whoever asks; one query a request."""
    known: dict[UUID, str] | None = getattr(request, "_fermata_roles", None)
    if known is None:
        rows = Membership.objects.filter(user=user_of(request)).values_list("workspace_id", "role")
        known = dict(rows)
        request._fermata_roles = known  # type: ignore[attr-defined]  # noqa: SLF001
    return known


def user_of(request: HttpRequest) -> User:
    """Whoever is signed in; every page has asked for staff before."""
    assert isinstance(request.user, User)
    return request.user


def visible(request: HttpRequest) -> list[UUID]:
    """The workspaces whose rows may be shown; for a superuser all (one query)."""
    if not user_of(request).is_superuser:
        return list(roles(request))
    return list(Workspace.objects.values_list("id", flat=True))


def refused(request: HttpRequest, workspace_id: UUID, action: str) -> str | None:
    """Why whoever asks may not do this in the workspace; a superuser may."""
    return None if user_of(request).is_superuser else refusal(roles(request).get(workspace_id), action)


class Page(admin.ModelAdmin[Any]):
    """Rows that staff look at. Subclasses name columns, filters, links and actions."""

    workspace_column: ClassVar[str | None] = "workspace_id"
    """Lookup of the workspace; None: rows beyond any workspace, for superusers."""
    narrow: ClassVar[tuple[str, ...]] = ()
    """Parameters by which the list can be narrowed, each with an index."""
    narrow_first: ClassVar[bool] = False
    """Whether whoever is no superuser must narrow: no index has the rows of one workspace in order."""
    find: ClassVar[tuple[str, ...]] = ("pk",)
    """Columns in which the search looks for exactly what was typed."""
    hint: ClassVar[str] = ""
    newest: ClassVar[tuple[str, ...]] = ("-pk",)
    newest_narrowed: ClassVar[tuple[str, ...] | None] = None
    list_defer: ClassVar[tuple[str, ...]] = ()
    """Wide columns that a list does not show."""
    buttons: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(action, text) of the actions offered on a row's own page."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    actions_selection_counter = True
    search_fields = ("pk",)
    sortable_by = ()
    change_list_template = "admin/fermata_list.html"
    change_form_template = "admin/fermata_row.html"
    view_on_site = False

    # --- who ---

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Staff see where they may look."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff; beyond any workspace superusers."""
        user = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return False
        return user.is_superuser or self.workspace_column is not None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the workspaces that whoever asks may see."""
        rows = super().get_queryset(request)
        if self.list_defer and request.resolver_match is not None:
            in_list = str(request.resolver_match.url_name).endswith("_changelist")
            rows = rows.defer(*self.list_defer) if in_list else rows
        if self.workspace_column is None or user_of(request).is_superuser:
            return rows
        return rows.filter(**{f"{self.workspace_column}__in": list(roles(request))})

    # --- what ---

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything that is shown, sealed columns apart."""
        if self.has_change_permission(request, obj):
            return self.readonly_fields
        shown = [name for _, options in self.fieldsets or () for name in _flat(options["fields"])]
        return [name for name in shown or self._columns() if name not in SEALED]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without an arrangement of its own a page shows every column that is no secret."""
        if self.has_change_permission(request, obj) or self.fields:
            return super().get_fields(request, obj)
        return self._columns()

    def _columns(self) -> list[str]:
        return [
            field.name
            for field in self.model._meta.concrete_fields  # noqa: SLF001 - Django's documented door
            if field.get_internal_type() != "BinaryField" and field.name not in SEALED
        ]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row; a key of bytes is read from hex."""
        if self._has_byte_key():
            try:
                key = bytes.fromhex(unquote(object_id))
            except ValueError:
                return None
            return self.get_queryset(request).filter(pk=key).first()
        return super().get_object(request, object_id, from_field)

    def address(self, row: Any) -> str:
        """The address of a row's page."""
        key = bytes(row.pk).hex() if self._has_byte_key() else row.pk
        return reverse(f"admin:{self._name()}_change", args=[quote(key)])

    def _has_byte_key(self) -> bool:
        pk = self.model._meta.pk  # noqa: SLF001
        return pk is not None and pk.get_internal_type() == "BinaryField"

    def _name(self) -> str:
        options = self.model._meta  # noqa: SLF001
        return f"{options.app_label}_{options.model_name}"

    # --- lists ---

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[Listing]:
        """One that does not count."""
        return Listing

    def order(self, request: HttpRequest, params: Mapping[str, Any]) -> Sequence[str]:
        """The list's order: always one that an index has."""
        narrowed = self.newest_narrowed is not None and self.is_narrowed(params)
        return (self.newest_narrowed or ()) if narrowed else self.newest

    def is_narrowed(self, params: Mapping[str, Any]) -> bool:
        """Whether the list stands for one execution, region or the like."""
        return any(params.get(name) for name in self.narrow)

    def lanes(self, request: HttpRequest, params: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Parts of the list whose rows an index has in order each; None: the list itself is one.

        No lane: an empty list.
        """
        if self.narrow_first and not self.is_narrowed(params) and not params.get("q"):
            return None if user_of(request).is_superuser else []
        return None

    def complete(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Put what the columns need from other tables on the rows, in a query for all of them."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what has an index: a foreign lookup could scan a table of millions."""
        filters = {getattr(entry, "parameter_name", entry) for entry in self.list_filter}
        return lookup in {*self.narrow, *filters} or any(
            isinstance(name, str) and lookup in {f"{name}__exact", f"{name}__id__exact"} for name in filters
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exactly what was typed, in the columns named by ``find``."""
        text = search_term.strip()
        if not text:
            return queryset, False
        for name in self.find:
            try:
                found = queryset.filter(**{name: self._key(name, text)})
            except (ValueError, TypeError, ValidationError):
                continue
            if found.exists():
                return found, False
        return queryset.none(), False

    def _key(self, name: str, text: str) -> Any:
        return bytes.fromhex(text) if name == "pk" and self._has_byte_key() else text

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's, with the hint of what to narrow by."""
        return super().changelist_view(request, {"hint": self.hint, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Django's, with a button for each action that the row's page offers."""
        row = options.get("obj")
        context |= {
            "buttons": [] if row is None else self.buttons_for(row),
            "buttons_address": reverse(f"admin:{self._name()}_changelist"),
            "buttons_key": None if row is None else row.pk,
            "has_history": not self._has_byte_key(),
        }
        return super().render_change_form(request, context, *args, **options)

    def buttons_for(self, row: Any) -> Sequence[tuple[str, str]]:
        """(action, text) of the actions that make sense for the row now."""
        return self.buttons

    # --- actions ---

    def act(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        *,
        action: str,
        operation: Callable[[Any], Any],
        done: str,
    ) -> HttpResponse | None:
        """Do ``operation`` to each row; every one gets a message, whatever becomes of the others.

        ``action``: of ``accounts.permissions``. ``done``: what is said behind the row's name.
        """
        rows = list(queryset[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            self.message_user(request, f"At most {MOST_AT_ONCE} at once.", messages.ERROR)
            return None
        for row in rows:
            why_not = refused(request, self.workspace_of(row), action)
            try:
                if why_not is None:
                    operation(row)
                    self.log_change(request, row, done)
                    self.message_user(request, f"{row}: {done}.", messages.SUCCESS)
            except FermataError as error:
                why_not = " ".join(filter(None, (error.message, error.cure)))
            if why_not is not None:
                self.message_user(request, f"{row}: {why_not}", messages.ERROR)
        back = request.POST.get("_back") == "1" and len(rows) == 1
        return HttpResponseRedirect(self.address(rows[0])) if back else None

    def workspace_of(self, row: Any) -> UUID:
        """The workspace a row belongs to."""
        found: UUID = row.workspace_id
        return found


def _flat(fields: Any) -> list[str]:
    return [name for entry in fields for name in (entry if isinstance(entry, tuple | list) else [entry])]
