"""`manage.py npm …`: npm in the screen's folder, with the Node and the packages the screen is built with."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from fermata.config.screen.build import Builder
from fermata.config.stack.supervisor import say
from fermata.errors import OperatorError


class Command(BaseCommand):
    """So that the Makefile needs no Node on the PATH."""

    help = "Runs npm in webui/, fetching Node and packages first where they are missing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Everything behind the name goes to npm."""
        parser.add_argument("words", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends with npm's exit code."""
        try:
            code = Builder(settings.FERMATA.home, say=say).npm(*options["words"])
        except OperatorError as problem:
            raise CommandError("\n".join(filter(None, [problem.message, problem.cure]))) from None
        sys.exit(code)
