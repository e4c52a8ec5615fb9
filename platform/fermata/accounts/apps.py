"""Django's name plate for accounts."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, workspaces, memberships and API tokens."""

    name = "fermata.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
