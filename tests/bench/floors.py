"""What `make bench` holds Fermata to. Each miss is a sentence that says which figure, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from tests.bench.report import ratios
from tests.bench.shapes import SHAPES, Json

HELD_ON = "memory"
"""The data folder on which ratios are asserted: where a flush costs next to nothing. Others are printed."""

HANDOVER_MILLISECONDS = 5.0
START_TO_FIRST_NODE_MILLISECONDS = 25.0
FLAT = 0.20
MORE_MEGABYTES = 200.0
MORE_MESSAGES = 10
"""Messages at the broker beyond a foreach's concurrency."""


def misses(results: Json) -> Iterator[str]:
    """Every floor that was measured and not reached."""
    for section in results["sections"]:
        if section["disk"] == HELD_ON:
            yield from of_shapes(section.get("shapes", []))
        yield from of_latency(section.get("latency", []))
        yield from of_growth(section.get("growth", []))


def of_shapes(rows: Iterable[Json]) -> Iterator[str]:
    """Nodes per second beside raw Celery."""
    for row in rows:
        for variant, floor in SHAPES[row["shape"]].floors.items():
            found = ratios(row, variant)
            if found and median(found) < floor:
                yield (
                    f"{row['shape']} {variant}: {median(found):.2f} × raw Celery, "
                    f"{floor - median(found):.2f} below the floor of {floor:g}."
                )


def of_latency(rows: Iterable[Json]) -> Iterator[str]:
    """What people wait for on an idle system."""
    for row in rows:
        for name, key, most in (
            ("a node's finish to the next one's start", "handover_milliseconds", HANDOVER_MILLISECONDS),
            (
                "start request to first node",
                "start_to_first_node_milliseconds",
                START_TO_FIRST_NODE_MILLISECONDS,
            ),
        ):
            found = row[key].get("p50", 0.0)
            if found > most:
                yield (
                    f"{row['variant']}, {name}: p50 {found:.1f} ms, {found - most:.1f} above the {most:g} ms."
                )


def of_growth(rows: Iterable[Json]) -> Iterator[str]:
    """Costs that stay flat, memory and messages that stay few."""
    for row in rows:
        costs = row["marginal_cpu_microseconds"]
        middle = costs["1000"]
        for items, cost in costs.items():
            if abs(cost - middle) > FLAT * middle:
                yield (
                    f"{row['variant']}, CPU of one more item at {int(items):,}: {cost:,} µs, "
                    f"{cost / middle - 1:+.0%} of the {middle:,} µs at 1,000; {FLAT:.0%} are allowed."
                )
        for part, memory in row["memory_megabytes"].items():
            more = memory["most"] - memory["before"]
            if more > MORE_MEGABYTES:
                allowed = f"{MORE_MEGABYTES:g} are allowed"
                yield f"{row['variant']}, foreach: {part} grew by {more:.0f} MB; {allowed}."
        broker = row["broker"]
        most = broker["concurrency"] + MORE_MESSAGES
        if broker["most_messages"] > most:
            yield (
                f"{row['variant']}, foreach: {broker['most_messages']} messages at the broker; "
                f"{most} are allowed."
            )
