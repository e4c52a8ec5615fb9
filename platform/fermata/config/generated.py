"""Files that are generated and committed: a command writes them, and with ``--check`` compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser


class GeneratedFile(BaseCommand):
    """Subclasses name the file (``path``) and say what should stand in it (``render``)."""

    path: ClassVar[Path]
    requires_system_checks: list[str] = []

    def render(self) -> str:
        """The text that should stand in the file."""
        raise CommandError(f"{type(self).__module__} does not say what stands in {self.path}.")

    def add_arguments(self, parser: CommandParser) -> None:
        """``--check``."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when it is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or compare. Raises CommandError when the committed file is not what would be written."""
        text = self.render()
        if not options["check"]:
            self.path.write_text(text, encoding="utf-8")
            return
        if not self.path.exists() or self.path.read_text(encoding="utf-8") != text:
            command = type(self).__module__.rpartition(".")[2]
            raise CommandError(f"{self.path.name} is out of date; run: python manage.py {command}")
