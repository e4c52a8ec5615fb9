#!/usr/bin/env python3
"""Django's command line for Fermata: `python manage.py help`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Run one management command; what an operator can put right is one sentence, not a traceback."""
    # The source root. As it is no package itself, it does not hide the standard library's `platform`.
    sys.path.insert(0, str(Path(__file__).resolve().parent / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fermata.config.settings")
    if sys.argv[1:2] == ["migrate"]:
        os.environ.setdefault("FERMATA_PROCESS", "migrate")

    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    from fermata.config import env
    from fermata.errors import OperatorError

    for name, value in env.read_file(env.ROOT / ".env").items():
        os.environ.setdefault(name, value)
    try:
        execute_from_command_line(sys.argv)
    except OperatorError as problem:
        print(problem.message, problem.cure or "", sep="\n", file=sys.stderr)
        return 1
    except OperationalError as problem:
        first = str(problem).strip().splitlines()[0]
        print(
            f"PostgreSQL does not answer: {first}\n"
            "Start the platform with `make run` in another terminal, or set DATABASE_URL.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
