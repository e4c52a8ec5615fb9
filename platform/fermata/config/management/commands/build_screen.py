"""`manage.py build_screen`: builds the web UI when its sources changed."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fermata.config.screen.build import Builder
from fermata.config.stack.supervisor import say


class Command(BaseCommand):
    """`make run` starts it beside the platform; `make screen` waits for it."""

    help = "Builds webui/dist with Node from the PATH, or from a wheel when there is none."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Build; ends with 1 when there is no current build afterwards."""
        if not Builder(settings.FERMATA.home, say=say).run():
            sys.exit(1)
