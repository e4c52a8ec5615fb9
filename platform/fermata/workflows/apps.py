"""Django's name plate for workflows."""

from __future__ import annotations

from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    """Workflows, drafts and versions."""

    name = "fermata.workflows"
    label = "workflows"
    default_auto_field = "django.db.models.BigAutoField"
