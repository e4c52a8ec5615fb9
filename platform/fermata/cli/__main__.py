"""`python -m fermata.cli`: the same as the command `fermata`."""

from __future__ import annotations

import sys

from fermata.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
