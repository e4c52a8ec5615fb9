"""Fermata on Celery: `python -m workers.fleet`. The only package that imports Celery.

What lives here: `app` (the Celery application and its settings), `tasks` (`run_step`, the one task), `calls`
(a team's own task performed in place), `messages` (Celery messages built by hand), `dispatcher` (the engine's
doorbell), `canvas` (which rings are sent how), `shapes` (what it sees in a plan), `recovery` (the engine's
loop as a thread), `heartbeat` (the worker announces itself), `acknowledging` (deliveries need none),
`strategy` (a message is performed when read), `watchdog` (a worker that no longer consumes), `lifecycle`
(what a worker process does beside tasks), `fleet` (some workers, kept alive), `beat` (the loop as a process).
What it may use: everything of `fermata`. Nothing of `fermata` imports it: the dispatcher is chosen in
settings by its dotted path. Where to start: `tasks.run_step`, then `dispatcher.CeleryDispatcher`.

A common confusion: a message decides nothing. It says "look at this step"; PostgreSQL says what is to be
done.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Celery and Django read the environment when they are imported: the path and the settings come first.
_ROOT = Path(__file__).resolve().parents[1]
for _folder in (_ROOT, _ROOT / "platform"):
    if _folder.is_dir() and str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fermata.config.settings")

from workers.app import app as celery  # noqa: E402 - see above

__all__ = ["celery"]
