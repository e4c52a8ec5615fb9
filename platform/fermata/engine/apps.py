"""Django's name plate for the engine."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from fermata.engine.functions import after_migrations


class EngineConfig(AppConfig):
    """The engine's tables and SQL functions."""

    name = "fermata.engine"
    label = "engine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Install the functions after every `migrate`."""
        post_migrate.connect(after_migrations, sender=self)
