"""``manage.py rewrap_secrets``: after a change of FERMATA_SEALING_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fermata.accounts import vault


class Command(BaseCommand):
    """Wrap every workspace's data key with the first sealing key; the sealed values stay as they are."""

    help = "Wrap the workspaces' data keys with the first of FERMATA_SEALING_KEYS; then the old ones can go."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--discard-lost",
            action="store_true",
            help="give up data keys that no sealing key opens; their secrets must be set anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was done. Fails when a data key could not be unwrapped and was not given up."""
        done, lost = vault.rewrap()
        self.stdout.write(f"Wrapped {done} data keys with the first sealing key.")
        for workspace_id in lost:
            if options["discard_lost"]:
                count = vault.discard(workspace_id)
                self.stdout.write(f"Gave up the key of {workspace_id}: set its {count} secrets anew.")
        if lost and not options["discard_lost"]:
            ids = ", ".join(str(workspace_id) for workspace_id in lost)
            raise CommandError(
                f"No sealing key opens the data keys of these workspaces: {ids}. Put the key that wrapped "
                "them back into FERMATA_SEALING_KEYS; if it is lost, add --discard-lost."
            )
