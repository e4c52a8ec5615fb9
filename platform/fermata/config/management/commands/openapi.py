"""`manage.py openapi`: writes the OpenAPI document; with `--check` it fails when that has drifted."""

from __future__ import annotations

from fermata.api import openapi
from fermata.config.generated import GeneratedFile


class Command(GeneratedFile):
    """Clients generate their types from this file."""

    help = "Writes platform/fermata/api/openapi.yaml from the views."
    path = openapi.PATH

    def render(self) -> str:
        """See :func:`fermata.api.openapi.render`."""
        return openapi.render()
