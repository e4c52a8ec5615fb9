"""Figures as tables: medians, ranges, ratios, and the floors they are held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from tests.bench.shapes import SHAPES, Json

BASELINE = "raw"


def spread(values: Sequence[float], *, digits: int = 0) -> str:
    """`median (least–most)`."""
    low, high = min(values), max(values)
    return f"{median(values):,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def ratios(row: Json, variant: str) -> list[float]:
    """Per round: nodes per second of the variant by those of raw Celery; [] without both."""
    sides = row.get("sides", {})
    if variant not in sides or BASELINE not in sides:
        return []
    pairs = zip(sides[BASELINE]["walls"], sides[variant]["walls"], strict=True)
    return [theirs / ours for theirs, ours in pairs]


def misses(rows: Iterable[Json]) -> Iterator[str]:
    """One sentence for each floor that was not reached."""
    for row in rows:
        for variant, floor in SHAPES[row["shape"]].floors.items():
            found = ratios(row, variant)
            if found and median(found) < floor:
                yield (
                    f"{row['shape']} {variant}: {median(found):.2f} × raw Celery, "
                    f"{floor - median(found):.2f} below the floor of {floor:g}."
                )


def shape_line(row: Json) -> str:
    """A shape's figures for the terminal."""
    if "skipped" in row:
        return f"{row['shape']:<8} skipped: {row['skipped']}"
    lines = [f"{row['shape']:<8} {row['title']}: {row['nodes']:,} nodes"]
    for name, side in row["sides"].items():
        rates = [row["nodes"] / wall for wall in side["walls"]]
        found = ratios(row, name)
        ratio = f"  ratio {spread(found, digits=2)}" if found and name != BASELINE else ""
        how = f"  [{side['how']}]" if side["how"] else ""
        walls = [wall * 1000 for wall in side["walls"]]
        lines.append(f"  {name:<10} {spread(walls)} ms, {median(rates):,.0f} nodes/s{ratio}{how}")
    lines += [f"  {skip}" for skip in row["skips"]]
    if row["foreign_cpu_share"] > 0.15:
        lines.append(f"  noisy: others used {row['foreign_cpu_share']:.0%} of the machine meanwhile")
    return "\n".join(lines)
