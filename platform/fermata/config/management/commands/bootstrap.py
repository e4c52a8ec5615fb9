"""``manage.py bootstrap``: the default workspace, the first administrator and the example, once."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fermata.config import first_start


class Command(BaseCommand):
    """Make the default workspace, the first administrator and the example; again changes nothing."""

    help = "Make the default workspace, the administrator admin and an example; again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--password",
            default=None,
            help="default: FERMATA_ADMIN_PASSWORD, else one is generated and printed once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was made."""
        password = options["password"] or os.environ.get("FERMATA_ADMIN_PASSWORD") or None
        created = first_start.begin(password)
        if created is None:
            self.stdout.write("There is an administrator already.")
        elif created.password is None:
            self.stdout.write(f"Made the administrator {created.username} with the password given.")
        else:
            self.stdout.write(
                f"Made the administrator {created.username}; password, shown once: {created.password}"
            )
