"""`manage.py document_schema`: writes the JSON Schema of workflow documents; ``--check`` fails on drift."""

from __future__ import annotations

import json

from fermata.api.reference import document_schema
from fermata.config import env
from fermata.config.generated import GeneratedFile


class Command(GeneratedFile):
    """Editors and the screen check and complete documents by this file."""

    help = "Writes docs/reference/document.schema.json from the graph's own schema and the node types."
    path = env.ROOT / "docs" / "reference" / "document.schema.json"

    def render(self) -> str:
        """Indented, as people read it."""
        return json.dumps(document_schema(), indent=2, ensure_ascii=False) + "\n"
