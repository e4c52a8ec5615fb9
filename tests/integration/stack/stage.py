"""A supervisor on a stage: real servers and guard, and stand-ins for web, worker and beat. Run by the tests.

The worker stands for Celery: it starts children of its own that would outlive it.
"""

from __future__ import annotations

import sys

from fermata.config import env
from fermata.config.stack.supervisor import Supervisor
from fermata.errors import OperatorError

WORKER = """
import os, pathlib, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
folder = pathlib.Path(os.environ['FERMATA_HOME'])
(folder / 'worker.new').write_text(f'{os.getpid()} {child.pid}')
(folder / 'worker.new').replace(folder / 'worker.pids')
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(600)
"""


def main() -> int:
    try:
        environment = env.load()
        commands = {
            "web": ["-m", "http.server", "--bind", "127.0.0.1", str(environment.port)],
            "worker": ["-c", WORKER],
        }
        Supervisor(environment, prepare=lambda _url: None, commands=commands).run()
    except OperatorError as problem:
        sys.stderr.write(f"{problem.message}\n{problem.cure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
