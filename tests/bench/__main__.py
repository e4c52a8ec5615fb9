"""`python -m tests.bench`: measure, print the tables, keep them; see docs/architecture/benches.md."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import FrameType

from fermata.config import env
from fermata.config.stack import processes
from tests.bench import floors, interface, page
from tests.bench import options as wanted
from tests.bench.options import Options
from tests.bench.shapes import Json

SHARES = {
    ("compare", "memory"): 0.4,
    ("costs", "memory"): 0.5,
    ("growth", "memory"): 1.0,
    ("compare", "disk"): 1.0,
}
"""What is measured, in this order, and by which share of all the time it must have begun its last shape."""
OF_COSTS = ("W1", "W5")
"""The shapes whose steps a whole run takes apart; `--profile` takes any."""


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


def measured(options: Options, *, whole: bool) -> tuple[Json, bool]:
    """The results, and whether every section could be measured. Only a `whole` run has all kinds of them."""
    began, sections, complete = time.monotonic(), [], True
    for (name, disk), share in SHARES.items():
        if disk not in options.disks or not (whole or name == "compare"):
            continue
        left = began + share * options.seconds - time.monotonic()
        shapes = options.shapes
        if whole and name == "costs":
            shapes = OF_COSTS
        print(f"\n{name}, data in {disk}:", flush=True)
        found = section(name, disk, replace(options, shapes=shapes, seconds=max(left, 1.0)))
        complete &= found is not None
        if found is not None:
            sections.append(found)
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _commit(),
        "machine": machine(),
        "sections": sections,
    }, complete


def machine() -> Json:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpus": os.cpu_count(),
        "model": models[0] if models else platform.machine(),
        "python": platform.python_version(),
        "celery": metadata.version("celery"),
    }


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=env.ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main() -> int:
    """Everything that was asked for; not 0 when a floor was missed or something could not be measured."""
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
    whole = options == Options()
    began = time.monotonic()
    results, complete = measured(options, whole=whole)
    code = _kept(results) if whole and complete else 0
    missed = list(floors.misses(results))
    print("\nFloors not reached:" if missed else "\nEvery floor that was measured is reached.")
    for miss in missed:
        print(f"  {miss}")
    print(f"{time.monotonic() - began:.0f} s")
    return code or (0 if complete else 3)


def _kept(results: Json) -> int:
    """Keep a whole run as JSON and page, then hold it to the floors; pytest's exit code."""
    page.KEPT.write_text(json.dumps(results, indent=1) + "\n")
    page.PAGE.write_text(page.page(results))
    code, results["interface"] = interface.measured(results=page.KEPT)
    page.KEPT.write_text(json.dumps(results, indent=1) + "\n")
    page.PAGE.write_text(page.page(results))
    print(f"Kept in {page.KEPT.relative_to(env.ROOT)} and {page.PAGE.relative_to(env.ROOT)}.")
    return code


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
