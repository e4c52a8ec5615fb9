"""The interface's own benches (tests marked `bench`): run as they are, their outcomes taken over."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from fermata.config import env
from fermata.config.stack import processes
from tests.bench.shapes import Json


def measured(*, results: Path) -> tuple[int, list[Json]]:
    """Run the tests against these results; pytest's exit code, and a row for each test.

    What a test tells pytest by `record_property` becomes its figures.
    """
    with tempfile.NamedTemporaryFile(prefix="fermata-bench-", suffix=".xml") as report:
        command = [
            sys.executable, "-m", "pytest", "-q", "-m", "bench", "-o", "timeout=300", "-o",
            "junit_family=xunit1", "tests/bench", f"--junitxml={report.name}",
        ]  # fmt: skip
        environ = os.environ | {"FERMATA_BENCH_RESULTS": str(results)}
        process = processes.spawn(command, environ=environ, folder=env.ROOT)
        code = process.wait()
        text = Path(report.name).read_text()
    return code, rows(text) if text else []


def rows(report: str) -> list[Json]:
    """The tests of pytest's report, without those of the floors."""
    found = []
    for case in ET.fromstring(report).iter("testcase"):
        if "test_floors" in case.get("classname", ""):
            continue
        outcome = next(
            (child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed"
        )
        figures = {
            each.get("name", ""): each.get("value", "") for each in case.iterfind("properties/property")
        }
        found.append(
            {
                "test": case.get("name", "").removeprefix("test_"),
                "outcome": outcome,
                "seconds": round(float(case.get("time", 0)), 1),
                "figures": figures,
            }
        )
    return found
