"""`python -m echo_fleet`: a fleet of workers that write down what they were given."""

from __future__ import annotations

import sys

from echo_worker import app

from workers import fleet

if __name__ == "__main__":
    fleet.app = app
    raise SystemExit(fleet.main(sys.argv[1:]))
