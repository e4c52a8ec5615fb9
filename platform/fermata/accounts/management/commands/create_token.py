"""``manage.py create_token``: print a new API token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fermata.accounts import operations
from fermata.accounts.models import User, Workspace
from fermata.errors import FermataError


class Command(BaseCommand):
    """Print a new API token; it is shown this once."""

    help = "Print a new API token of a user for a workspace; it is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--workspace", default=operations.DEFAULT_WORKSPACE, help="slug; default: %(default)s"
        )
        parser.add_argument("--user", default=None, help="username; default: the first administrator")
        parser.add_argument(
            "--name", default="cli", help="what the list of tokens calls it; default: %(default)s"
        )
        parser.add_argument(
            "--scope", action="append", default=[], help="narrow it; may be given several times"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find user and workspace, make the token, print its text alone on standard output."""
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(
                f"There is no workspace {options['workspace']}; `manage.py bootstrap` makes the first."
            )
        user = _user(options["user"])
        try:
            issued = operations.create_token(
                user, workspace_id=workspace.id, name=options["name"], scopes=options["scope"]
            )
        except FermataError as error:
            raise CommandError(error.message) from error
        self.stdout.write(issued.text)


def _user(username: str | None) -> User:
    if username is None:
        user = User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined", "id").first()
        if user is None:
            raise CommandError("There is no administrator yet; `manage.py bootstrap` makes one.")
        return user
    named = User.objects.filter(username=username, is_active=True).first()
    if named is None:
        raise CommandError(f"There is no active user {username}.")
    return named
