"""Accounts in Django's admin."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from fermata.accounts.models import ApiToken, Membership, User, Workspace

admin.site.register(User, UserAdmin)


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    """The members of a workspace on its page."""

    model = Membership
    extra = 0


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Workspaces with their members."""

    list_display = ("slug", "name", "created_at")
    search_fields = ("slug", "name")
    inlines = (MembershipInline,)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens can be looked at and revoked, never made or read here."""

    list_display = ("name", "user", "workspace", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("workspace",)
    readonly_fields = ("user", "workspace", "name", "scopes", "created_at", "expires_at", "last_used_at")
    exclude = ("secret_digest",)

    def has_add_permission(self, request: object) -> bool:
        """Never: a token's text is shown to its owner alone."""
        return False
