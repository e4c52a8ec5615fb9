"""Django's name plate for the engine."""

from __future__ import annotations

from django.apps import AppConfig


class EngineConfig(AppConfig):
    """The engine's tables and SQL functions."""

    name = "fermata.engine"
    label = "engine"
    default_auto_field = "django.db.models.BigAutoField"
