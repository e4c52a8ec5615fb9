"""Accounts in Django's admin: users for superusers, workspaces with members, tokens, names of secrets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from fermata.accounts import audit, members, operations, users
from fermata.accounts.models import (
    ApiToken,
    DataKey,
    Membership,
    Secret,
    SignInAttempt,
    Ticket,
    User,
    Workspace,
)
from fermata.accounts.permissions import Role
from fermata.accounts.staff import values
from fermata.accounts.staff.filters import WorkspaceFilter
from fermata.accounts.staff.pages import Page, user_of
from fermata.errors import FermataError

MEMBERS_SHOWN = 100


class Operated:
    """Mixin: forms of superusers that write through operations; a refusal is a message, nothing is saved."""

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Django's, in which the operation may refuse."""
        return self._told(request, partial(super().changeform_view, request, *args, **options))  # type: ignore[misc]

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Django's, in which the operation may refuse."""
        return self._told(request, partial(super().delete_view, request, *args, **options))  # type: ignore[misc]

    def _told(self, request: HttpRequest, view: Any) -> HttpResponse:
        try:
            answer: HttpResponse = view()
        except FermataError as error:
            text = " ".join(filter(None, (error.message, error.cure)))
            messages.error(request, text)
            return HttpResponseRedirect(request.get_full_path())
        return answer


@admin.register(User)
class UserPage(Operated, UserAdmin[User]):
    """Users, for superusers. They are deactivated, never deleted: journals name them."""

    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "locale")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    actions = ("deactivate", "activate")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return request.user.is_active and request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Flags go through the operation; a new user is noted."""
        by = user_of(request)
        if not change:
            obj.save()
            audit.note("user.created", by=f"user:{by.get_username()}", user=obj.get_username())
            return
        flags = {name: form.cleaned_data[name] for name in form.changed_data if name in users.FLAGS}
        if flags:
            users.change(obj.id, changes=flags, by=by)
        others = [name for name in form.changed_data if name not in {*users.FLAGS, "groups", "password"}]
        if others:
            obj.save(update_fields=others)

    @admin.action(description="Deactivate: end sessions, tokens and streams now")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Each by the operation."""
        self._flag(request, queryset, is_active=False)

    @admin.action(description="Activate")
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Each by the operation."""
        self._flag(request, queryset, is_active=True)

    def _flag(self, request: HttpRequest, queryset: QuerySet[User], *, is_active: bool) -> None:
        for row in queryset:
            try:
                users.change(row.id, changes={"is_active": is_active}, by=user_of(request))
                done = "activated" if is_active else "deactivated"
                self.message_user(request, f"{row}: {done}.", messages.SUCCESS)
            except FermataError as error:
                self.message_user(request, f"{row}: {error.message} {error.cure or ''}", messages.ERROR)


class SuperusersForm(Operated, Page):
    """Base of pages that superusers may write to, through operations."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return user_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return user_of(request).is_superuser


@admin.register(Workspace)
class WorkspacePage(SuperusersForm):
    """Workspaces with their members."""

    workspace_column = "id"
    list_display = ("slug", "name", "created_at")
    find = ("slug", "pk", "name__icontains")
    search_help_text = "slug, id, or part of the name"
    newest = ("slug",)
    readonly_fields = ("created_at", "member_list")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one has no members yet."""
        return ("slug", "name") if obj is None else ("slug", "name", "created_at", "member_list")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The slug never changes."""
        if obj is None:
            return ()
        fixed = ("slug", "created_at", "member_list")
        return fixed if self.has_change_permission(request, obj) else (*fixed, "name")

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: Any) -> None:
        """Made for, or renamed by, whoever is signed in."""
        if change:
            name, stored = obj.name, Workspace.objects.get(id=obj.id)
            operations.rename_workspace(stored, name=name, by=user_of(request))
            return
        made = operations.create_workspace(slug=obj.slug, name=obj.name, owner=user_of(request))
        obj.id, obj._state.adding = made.id, False  # noqa: SLF001 - the form's object stands for the row now

    @admin.display(description="members")
    def member_list(self, row: Workspace) -> Any:
        """The first hundred, and where the others are."""
        rows = row.memberships.select_related("user").order_by("user__username")[:MEMBERS_SHOWN]
        shown = [
            (
                values.link("accounts_membership_change", member.pk, member.user.get_username()),
                member.role,
                "" if member.user.is_active else "deactivated",
            )
            for member in rows
        ]
        more = values.listed("accounts_membership", "all members", workspace_id=row.id)
        return values.table(("user", "role", ""), shown, more=more)

    def workspace_of(self, row: Workspace) -> Any:
        """Itself."""
        return row.id


@admin.register(Membership)
class MembershipPage(SuperusersForm):
    """Who may do what where; the last owner stays."""

    list_display = ("user", "workspace", "role", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("user", "workspace")
    find = ("user__username",)
    search_help_text = "exact username"
    raw_id_fields = ("user", "workspace")
    fields = ("user", "workspace", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only the role changes."""
        if obj is None:
            return ()
        return ("user", "workspace") if self.has_change_permission(request, obj) else self.fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return user_of(request).is_superuser

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: Any) -> None:
        """By the operation, with the rights of a superuser."""
        role, by = Role(obj.role), user_of(request)
        if change:
            members.change(obj.workspace_id, user_id=obj.user_id, role=role, by=by, everywhere=True)
            return
        added = members.add(
            obj.workspace_id, username=obj.user.get_username(), role=role, by=by, everywhere=True
        )
        obj.pk, obj._state.adding = added.pk, False  # noqa: SLF001 - the form's object stands for the row now

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """By the operation."""
        members.remove(obj.workspace_id, user_id=obj.user_id, by=user_of(request), everywhere=True)

    def get_actions(self, request: HttpRequest) -> Any:
        """One by one: a refusal among many would be hard to read."""
        return {}


@admin.register(ApiToken)
class ApiTokenPage(Page):
    """Tokens can be looked at and revoked, never made or read here."""

    list_display = ("name", "user", "workspace", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("user", "workspace")
    find = ("pk", "user__username")
    search_help_text = "id, or exact username"
    newest = ("-created_at", "-id")
    actions = ("revoke",)
    buttons = (("revoke", "Revoke"),)

    def buttons_for(self, row: Any) -> Sequence[tuple[str, str]]:
        """Once."""
        return self.buttons if row.revoked_at is None else ()

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> Any:
        """Admins of the workspace revoke its tokens."""
        by = user_of(request)
        return self.act(
            request,
            queryset.select_related("user"),
            action="member.remove",
            operation=lambda row: operations.revoke_token(row, by=by),
            done="revoked",
        )


@admin.register(Secret)
class SecretPage(Page):
    """Names of secrets and their use; values are sealed and shown nowhere."""

    list_display = ("name", "workspace", "version", "updated_at", "last_used_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    find = ("pk", "name")
    search_help_text = "id, or exact name"
    newest = ("name", "id")


@admin.register(DataKey)
class DataKeyPage(Page):
    """When each workspace's key was made and wrapped anew; the key itself is shown nowhere."""

    workspace_column = None
    list_display = ("workspace", "created_at", "wrapped_at")
    list_select_related = ("workspace",)


@admin.register(SignInAttempt)
class SignInAttemptPage(Page):
    """Attempts to sign in within five minutes, by a digest of name and address."""

    workspace_column = None
    list_display = ("digest", "attempts", "since")
    newest = ("-since",)
    fields = ("digest", "attempts", "since")
    readonly_fields = fields

    @admin.display(description="sha-256 of address and name")
    def digest(self, row: SignInAttempt) -> str:
        """In hex."""
        return bytes(row.key).hex()


@admin.register(Ticket)
class TicketPage(Page):
    """Rights to open one stream, good for half a minute."""

    workspace_column = None
    list_display = ("id", "user", "purpose", "expires_at")
    list_select_related = ("user",)
    newest = ("-expires_at",)
