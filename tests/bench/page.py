"""The figures as a page of the documentation: written from the JSON beside it, never by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from fermata.config import env
from tests.bench import floors
from tests.bench.report import BASELINE, ratios, spread
from tests.bench.shapes import Json

KEPT = env.ROOT / "docs" / "architecture" / "benches.json"
PAGE = KEPT.with_suffix(".md")

HEAD = """\
# Benches

Written by `make bench` from [benches.json](benches.json); do not edit.

One running platform as `make run` starts it and raw Celery canvas beside it, on the same Valkey, with as
many processes; every shape in turns (ABBA), so that both meet the same machine. A node answers with its
input + 1, and both sides' answers are checked. The baseline (`tests/bench/raw.py`) is tuned: JSON, no events,
gossip, mingle or heartbeat, early acknowledgement; of its pools, and of the ways to write a shape, the one
that was fastest there; results kept where a chord's body consumes them. `raw-other` keeps all results, or
none where there is a chord; `raw-chunks` sends a hundred items to a message. Ratios are nodes per second,
Fermata's by raw Celery's, within each round: median (least to most).
"""


def page(results: Json) -> str:
    """The whole page."""
    return "\n".join(_lines(results)).rstrip() + "\n"


def _lines(results: Json) -> Iterator[str]:
    yield HEAD
    machine = results["machine"]
    yield (
        f"Measured {results['at']} at {results['commit']}: {machine['cpus']} cores ({machine['model']}), "
        f"Python {machine['python']}, Celery {machine['celery']}."
    )
    for section in results["sections"]:
        if "shapes" in section:
            yield from _shapes(section)
    for section in results["sections"]:
        yield from _waits(section.get("latency", []))
        yield from _growth(section.get("growth", []))
        yield from _costs(section.get("costs", []))
    yield from _interface(results.get("interface", []))
    missed = list(floors.misses(results))
    yield "\n## Floors not reached\n"
    yield from ([f"- {miss}" for miss in missed] or ["None."])


def _table(heads: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def _shapes(section: Json) -> Iterator[str]:
    held = " Floors are held here." if section["disk"] == floors.HELD_ON else ""
    flush = section["fsync_milliseconds"]
    yield f"\n## Beside raw Celery: data in {section['disk']}, a flush costs {flush} ms\n"
    yield f"{section['concurrency']} processes on each side.{held} {_noise(section['noise'])}\n"
    heads = ["shape", "variant", "ms", "nodes/s", "ratio", "how"]
    yield from _table(heads, _sides(section))
    skips = {skip for row in section["shapes"] for skip in row.get("skips", [])}
    for skip in sorted(skips):
        yield f"\n{skip}"


def _sides(section: Json) -> Iterator[Sequence[object]]:
    for row in section["shapes"]:
        title = f"{row['shape']}: {row.get('title', '')}"
        if "skipped" in row:
            yield row["shape"], "", "", "", "", row["skipped"]
            continue
        for variant, side in row["sides"].items():
            found = ratios(row, variant) if variant != BASELINE else []
            yield (
                title, variant, spread([wall * 1000 for wall in side["walls"]]),
                f"{median(row['nodes'] / wall for wall in side['walls']):,.0f}",
                f"**{spread(found, digits=2)}**" if found else "", side["how"],
            )  # fmt: skip
            title = ""


def _noise(noise: Json) -> str:
    meanwhile, before = noise["foreign_cpu_share"], noise["busy_before"]
    words = f"Others used {meanwhile:.0%} of the machine meanwhile, {before:.0%} before."
    return f"**Noisy.** {words}" if noise["noisy"] else words


def _waits(rows: Sequence[Json]) -> Iterator[str]:
    if not rows:
        return
    yield "\n## On an idle system, milliseconds\n"
    keys = {
        "start_request_milliseconds": "start request answered",
        "start_to_first_node_milliseconds": "start request to first node's start",
        "handover_milliseconds": "a node's finish to the next one's start",
    }
    found = (
        (row["variant"], words, row[key].get("p50"), row[key].get("p95"))
        for row in rows
        for key, words in keys.items()
    )
    yield from _table(["variant", "what", "p50", "p95"], found)


def _growth(rows: Sequence[Json]) -> Iterator[str]:
    for row in rows:
        yield f"\n## From few steps to many: foreach, {row['variant']}\n"
        yield (
            "The smallest has an item in each lane, so what one more item costs is a step's cost, without"
            " that of a start, an end or a lane (a place in a Celery chord).\n"
        )
        yield from _table(
            ["items", "CPU µs an item", "wall µs an item", "CPU µs of one more item"],
            (
                (
                    f"{size['items']:,}", f"{size['cpu_microseconds']:,}", f"{size['wall_microseconds']:,}",
                    row["marginal_cpu_microseconds"].get(str(size["items"]), ""),
                )
                for size in row["sizes"]
            ),
        )  # fmt: skip
        broker = row["broker"]
        yield (
            f"\nThe largest held at most {broker['most_messages']} messages at the broker"
            f" with {broker['concurrency']} lanes. Memory of each part's largest process, MB:\n"
        )
        yield from _table(
            ["part", "before", "most"],
            ((part, found["before"], found["most"]) for part, found in row["memory_megabytes"].items()),
        )


def _figures(row: Json) -> dict[str, object]:
    """Heading → figure of a step."""
    cpu, messages = row["cpu_microseconds"], row["messages"]
    return {
        "shape": row["shape"],
        "variant": row["variant"],
        "statements": row["statements"],
        "writing transactions": row["transactions_written"],
        "WAL bytes": row["wal_bytes"],
        "Redis round trips": row["redis_round_trips"],
        "Redis commands": row["redis_commands"],
        "messages": messages["per_step"],
        "bytes of a message": messages["bytes"],
        "CPU µs: worker": cpu["worker"],
        "postgres": cpu["postgres"],
        "valkey": cpu["valkey"],
    }


def _costs(rows: Sequence[Json]) -> Iterator[str]:
    if not rows:
        return
    yield "\n## What a step costs\n"
    yield from _table(list(_figures(rows[0])), (list(_figures(row).values()) for row in rows))
    yield "\nWhere the time of a step goes in the worker, microseconds of wall time:\n"
    phases = list(rows[0]["phases_microseconds"])
    yield from _table(
        ["shape", "variant", *phases],
        (
            (row["shape"], row["variant"], *(row["phases_microseconds"][phase] for phase in phases))
            for row in rows
        ),
    )


def _interface(rows: Sequence[Json]) -> Iterator[str]:
    if not rows:
        return
    yield "\n## The interface at a million executions\n"
    yield from _table(
        ["test", "outcome", "seconds", "figures"],
        (
            (row["test"].replace("_", " "), row["outcome"], row["seconds"],
             ", ".join(f"{name} {value}" for name, value in row["figures"].items()))
            for row in rows
        ),
    )  # fmt: skip
