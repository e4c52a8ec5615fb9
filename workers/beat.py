"""`python -m workers.beat`: the recovery loop as a process of its own.

It stands where Celery's beat would. Celery's beat keeps its schedule in a file, knows nothing of what was
missed, and two of them do everything twice; here every due time is a row in PostgreSQL, claimed by whoever
sweeps first. So any number of these may run. Workers sweep as well: this process matters while none is up
(an execution that was cancelled or timed out is closed then too), and keeps timers punctual while workers
are busy.
"""

from __future__ import annotations

import logging
import logging.config
import signal
import threading
from types import FrameType

from django.conf import settings

from workers.recovery import run_recovery

logger = logging.getLogger("fermata.beat")


def main() -> int:
    """Sweep until SIGTERM or SIGINT; the sweep under way is finished."""
    logging.config.dictConfig(settings.LOGGING)
    stop = threading.Event()

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        logger.info("%s: beat ends.", signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    logger.info("beat ready.")
    run_recovery(stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
