"""`manage.py demo`: a real job on a real file, on the platform that runs here or on one started for it.

Exit codes: 0 the audit succeeded, 1 it failed or was not accepted, 2 the file or a request was refused,
3 a question waits for an answer, 130 interrupted.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from fermata.cli.interface import Interface, Refused, Unreachable
from fermata.cli.licence_audit import Audit
from fermata.cli.terminal import Terminal
from fermata.cli.workflows import UnusableFile, text_of
from fermata.config import env
from fermata.config.first_start import EXAMPLE
from fermata.config.stack import lent
from fermata.errors import OperatorError, ServerUnavailable

REFUSED, INTERRUPTED = 2, 130


class Command(BaseCommand):
    """Audit the licences of a requirements file with the example workflow."""

    help = "Publishes the example workflow licence-audit and runs it on a requirements file."
    requires_system_checks: list[str] = []  # the checks look at the database, which may not be up yet

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--file", type=Path, default=env.ROOT / "requirements.txt", help="default: %(default)s"
        )
        parser.add_argument("--yes", action="store_true", help="accept what is unknown without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and end with the exit code."""
        logging.getLogger("httpx").setLevel(
            logging.WARNING
        )  # every request would be a line between the steps
        try:
            code = audited(options["file"], says_yes=options["yes"])
        except KeyboardInterrupt:
            code = INTERRUPTED
        except (UnusableFile, Unreachable) as error:
            code = self._complain(str(error))
        except Refused as refused:
            code = self._complain(*refused.lines())
        except OperatorError as problem:
            code = self._complain(problem.message, problem.cure or "")
        sys.exit(code)

    def _complain(self, *lines: str) -> int:
        for line in lines:
            self.stderr.write(line)
        return REFUSED


def audited(file: Path, *, says_yes: bool) -> int:
    """Audit one file; the exit code. The token made for it is revoked in the end."""
    text = text_of(file)
    environment = env.load()
    with lent.platform(environment) as address:
        interface = Interface(address, token=_token())
        try:
            audit = Audit(
                interface=interface,
                terminal=Terminal(),
                says_yes=says_yes,
                reports=environment.home / "demo",
                documents=EXAMPLE,
            )
            return audit.run(text, source=file.name)
        finally:
            with suppress(Refused, Unreachable):  # what went wrong before says more
                interface.delete(f"/tokens/{interface.get('/me')['token']}")
            interface.close()


def _token() -> str:
    """A new token, made by a process of its own: this one read its settings before the servers were up."""
    command = [sys.executable, str(env.ROOT / "manage.py"), "create_token", "--name", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        raise ServerUnavailable("No token could be made.", cure=done.stderr.strip())
    return done.stdout.strip()
