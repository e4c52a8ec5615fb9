"""`python -m tests.bench.section NAME DISK OUT OPTIONS`: one part of a measurement, in a process of its own.

Django is told where the servers are before it reads its settings, so every running stack has its process.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

from tests.bench import report, watch
from tests.bench.options import Options
from tests.bench.ours import connect
from tests.bench.shapes import SHAPES, Json
from tests.bench.stack import BenchError, Stack, folder, running

BUSY_SHARE = 0.15
"""Others' use of the machine from which on figures are called noisy."""


def compare(disk: str, options: Options) -> Json:
    """The shapes, beside raw Celery."""
    pools = options.pools if any(variant.startswith("raw") for variant in options.variants) else ()
    busy = watch.busy_share()
    with running(disk=disk, pools=pools) as stack:
        connect(stack)
        from tests.bench.compare import Comparison  # noqa: PLC0415 - after Django is set up

        comparison = Comparison(stack, options, until=time.monotonic() + options.seconds)
        rows = []
        for row in comparison.run():
            rows.append(row)
            print(report.shape_line(row), flush=True)
        return {"shapes": rows, "noise": noise(busy, comparison.foreign), **facts(stack, disk)}


def facts(stack: Stack, disk: str) -> Json:
    """What the figures of a section depend on."""
    return {
        "disk": disk,
        "fsync_milliseconds": round(watch.fsync_milliseconds(stack.home), 3),
        "concurrency": stack.concurrency,
    }


def noise(busy: float, foreign: watch.Foreign) -> Json:
    """How busy others kept the machine before and meanwhile."""
    return {
        "busy_before": round(busy, 3),
        "foreign_cpu_share": round(foreign.share, 3),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "noisy": max(busy, foreign.share) > BUSY_SHARE,
    }


def costs(disk: str, options: Options) -> Json:
    """What a step costs, shape by shape; with `profile` also Python's own figures of the children."""
    rows = []
    with TemporaryDirectory(prefix="fermata-bench-", dir=folder(disk)) as scratch:
        probe = {
            "FERMATA_TASK_MODULES": "tests.bench.tasks,tests.bench.probe",
            "FERMATA_BENCH_METERS": scratch,
        }
        if options.profile:
            probe["FERMATA_BENCH_PROFILES"] = scratch
        with running(disk=disk, **probe) as stack:
            connect(stack)
            from tests.bench.costs import Costs, profiled  # noqa: PLC0415 - after Django is set up
            from tests.bench.ours import Refused  # noqa: PLC0415

            looking = Costs(stack, Path(scratch))
            for name in options.shapes:
                for variant in ("default", "together"):
                    if variant not in options.variants or name == "foreach":
                        continue
                    try:
                        rows.append(looking.of(SHAPES[name], variant))
                    except Refused as refusal:
                        print(f"{name} {variant}: this version refuses the document ({refusal})", flush=True)
                        continue
                    print(report.cost_lines(rows[-1]), flush=True)
            if options.profile:
                print(profiled(Path(scratch)))
            return {"costs": rows, **facts(stack, disk)}


def growth(disk: str, options: Options) -> Json:
    """How long people wait on the idle system; costs by size, and what the largest foreach takes."""
    found: Json = {"growth": [], "latency": []}
    busy = watch.busy_share()
    until = time.monotonic() + options.seconds
    with running(disk=disk) as stack:
        connect(stack)
        from tests.bench.growth import Growth  # noqa: PLC0415 - after Django is set up
        from tests.bench.latency import measured  # noqa: PLC0415
        from tests.bench.ours import Refused  # noqa: PLC0415

        growing = Growth(stack, items=options.items, until=until)
        variants = [variant for variant in ("default", "together") if variant in options.variants]
        # The latencies of all variants before the system is busy.
        parts: list[tuple[str, Callable[[str], Json], Callable[[Json], str]]] = [
            ("latency", partial(measured, stack), report.latency_lines),
            ("growth", growing.of, report.growth_lines),
        ]
        for (part, measure, lines), variant in product(parts, variants):
            try:
                found[part].append(measure(variant))
                print(lines(found[part][-1]), flush=True)
            except Refused as refusal:
                print(f"{variant}: this version refuses the document ({refusal})", flush=True)
            except BenchError as error:
                print(f"{variant}: {error}", flush=True)
        return found | {"noise": noise(busy, watch.Foreign()), **facts(stack, disk)}


SECTIONS = {"compare": compare, "costs": costs, "growth": growth}


def main(name: str, disk: str, out: str, options: str) -> int:
    """Measure; the results go to `out`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        result = SECTIONS[name](disk, Options.from_json(json.loads(options)))
    except BenchError as error:
        print(f"{name} ({disk}): {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    Path(out).write_text(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
