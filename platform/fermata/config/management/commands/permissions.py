"""`manage.py permissions`: writes the page of rights; with `--check` it fails when that has drifted."""

from __future__ import annotations

from fermata.api import matrix
from fermata.config import env
from fermata.config.generated import GeneratedFile


class Command(GeneratedFile):
    """No address without a line that says who may call it."""

    help = "Writes docs/reference/permissions.md from the addresses and the table of rights."
    path = env.ROOT / "docs" / "reference" / "permissions.md"

    def render(self) -> str:
        """See :func:`fermata.api.matrix.render`."""
        return matrix.render()
