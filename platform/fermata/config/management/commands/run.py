"""`manage.py run`: the whole platform on this machine until Ctrl-C."""

from __future__ import annotations

import errno
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from fermata.accounts.models import User
from fermata.config import env
from fermata.config.screen.build import Builder
from fermata.config.stack.supervisor import Supervisor, say
from fermata.errors import OperatorError

FIRST_START = "fermata.config.first_start.begin"
"""By name: every later start would wait a second for what only the first one needs."""


def prepare(database_url: str, *, admin_password: str | None) -> None:
    """Bring the tables up to date and make what a fresh platform begins with; says what it did."""
    # The servers' ports are known only now, after Django has read its settings; no connection is open yet.
    target = settings.DATABASES["default"]
    target.update({**env.database_parts(database_url), "OPTIONS": target["OPTIONS"] | {"options": ""}})
    target["OPTIONS"].update(env.database_parts(database_url)["OPTIONS"])
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            say("Bringing the tables up to date …")
            call_command("migrate", verbosity=0, interactive=False)
        created = None
        if not User.objects.filter(is_superuser=True).exists():
            created = import_string(FIRST_START)(admin_password)
    finally:
        connections.close_all()
    if created is not None:
        shown = created.password or "(the one from FERMATA_ADMIN_PASSWORD)"
        say(f"\nFirst administrator: {created.username}   password: {shown}\nThis is shown once.\n")


class Command(BaseCommand):
    """Start PostgreSQL, Valkey, web, worker and beat; stop them together."""

    help = "Runs the whole platform here until Ctrl-C; servers given by address are used, not started."
    requires_system_checks: list[str] = []  # the checks look at the database, which is not up yet

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; each thing an operator can put right ends it with a sentence."""
        environment = env.load()
        wants_screen = environment.screen and Builder(environment.home, say=say).is_wanted()
        supervisor = Supervisor(
            environment,
            prepare=lambda url: prepare(url, admin_password=environment.admin_password),
            job=("manage.py", "build_screen") if wants_screen else None,
        )
        try:
            supervisor.run()
        except OperatorError as problem:
            raise CommandError("\n".join(filter(None, [problem.message, problem.cure]))) from None
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS}:
                raise
            raise CommandError(
                f"{environment.home} cannot be written: {error.strerror}.\n"
                "Free some space, or choose a folder on another disk with FERMATA_HOME."
            ) from None
