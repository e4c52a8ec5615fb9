"""`python -m tests.bench`: measure, print the tables, keep them; see docs/architecture/benches.md."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import FrameType

from fermata.config import env
from fermata.config.stack import processes
from tests.bench import options as wanted
from tests.bench import report
from tests.bench.options import Options
from tests.bench.shapes import Json


def section(name: str, disk: str, options: Options) -> Json | None:
    """Measure a section in a process of its own; None when it could not be measured (it said why)."""
    with tempfile.NamedTemporaryFile(prefix="fermata-bench-", suffix=".json") as out:
        command = [
            sys.executable, "-m", "tests.bench.section", name, disk, out.name, json.dumps(options.to_json())
        ]  # fmt: skip
        process = processes.spawn(command, folder=env.ROOT, environ=os.environ)
        try:
            code = process.wait()
        except KeyboardInterrupt:
            print("\nStopping …", flush=True)
            processes.stop(process, signal.SIGTERM, seconds=60)
            raise
        found: Json | None = json.loads(Path(out.name).read_text()) if code == 0 else None
    return found


def main() -> int:
    """Everything that was asked for; 1 when a floor was missed, 3 when something could not be measured."""
    parser = ArgumentParser(prog="python -m tests.bench", description=__doc__)
    wanted.add_to(parser)
    parser.add_argument("--profile", metavar="SHAPE", help="say where a step's time goes, and nothing else")
    parser.add_argument("--cprofile", action="store_true", help="with --profile: Python's figures, too")
    given = parser.parse_args()
    if given.profile:
        given.shapes = given.profile
        options = replace(wanted.read(parser, given), profile=given.cprofile)
        return 0 if section("costs", options.disks[0], options) else 3
    options = wanted.read(parser, given)
    began, sections, failed = time.monotonic(), [], False
    for disk in options.disks:
        found = section("compare", disk, options)
        failed |= found is None
        if found is not None:
            sections.append(found)
    for found in sections:
        for miss in report.misses(found["shapes"]):
            print(f"{found['disk']}: {miss}")
    print(f"{time.monotonic() - began:.0f} s")
    return 3 if failed else 0


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """A request to end is the same as Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    raise SystemExit(code)
