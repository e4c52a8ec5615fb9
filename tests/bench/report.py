"""Figures for the terminal: medians, ranges, ratios."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.bench.shapes import Json

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
    pairs = zip(sides[BASELINE]["walls"], sides[variant]["walls"], strict=False)
    return [theirs / ours for theirs, ours in pairs]


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


def cost_lines(row: Json) -> str:
    """A shape's costs for the terminal."""
    cpu = ", ".join(f"{name} {value:,}" for name, value in row["cpu_microseconds"].items())
    wall, messages = row["wall_microseconds"], row["messages"]
    postgres = f"{row['statements']} statements, {row['transactions_written']} writing transactions"
    valkey = f"{row['redis_round_trips']} round trips, {row['redis_commands']} commands"
    traffic = f"{row['redis_bytes_in']:,} bytes in, {row['redis_bytes_out']:,} out"
    lines = [
        f"{row['shape']} {row['variant']}, per step of {row['steps']:,} (wall {wall:,} µs):",
        f"  PostgreSQL: {postgres}, {row['wal_bytes']:,} bytes of log",
        f"  Valkey: {valkey}, {traffic}",
        f"  messages: {messages['per_step']} of {messages['bytes']:,} bytes; {row['deliveries']} deliveries",
        f"  CPU, µs: {cpu}",
    ]
    if row["handover_milliseconds"]:
        found = row["handover_milliseconds"]
        lines.append(f"  finish to next start: p50 {found['p50']} ms, p95 {found['p95']} ms")
    phases = row["phases_microseconds"]
    whole = phases["task"] or 1
    lines.append("  in the worker, µs of wall time:")
    lines += [f"    {name:<20} {value:>7,}  {value / whole:>4.0%}" for name, value in phases.items()]
    return "\n".join(lines)


def latency_lines(row: Json) -> str:
    """How long people wait, for the terminal."""
    found = {
        "start request": row["start_request_milliseconds"],
        "start request to first node": row["start_to_first_node_milliseconds"],
        "finish to next start": row["handover_milliseconds"],
    }
    words = [f"{name} p50 {value['p50']} ms, p95 {value['p95']} ms" for name, value in found.items()]
    return f"idle, {row['variant']}: " + "; ".join(words)


def growth_lines(row: Json) -> str:
    """Costs by size, for the terminal."""
    lines = [f"foreach, {row['variant']}:"]
    for size in row["sizes"]:
        cpu, wall = size["cpu_microseconds"], size["wall_microseconds"]
        parts = ", ".join(f"{name} {value:,}" for name, value in size["cpu_by_part"].items() if value)
        lines.append(f"  {size['items']:>7,} items: CPU {cpu:,} µs ({parts}), wall {wall:,} µs an item")
    more = [f"{int(items):,}: {cost:,} µs" for items, cost in row["marginal_cpu_microseconds"].items()]
    lines.append(f"  CPU of one more item at {', '.join(more)}")
    broker = row["broker"]
    lines.append(f"  at most {broker['most_messages']} messages at the broker, {broker['concurrency']} lanes")
    memory = [
        f"{part} {found['before']:g} → {found['most']:g}" for part, found in row["memory_megabytes"].items()
    ]
    lines.append(f"  largest process, MB before → most: {', '.join(memory)}")
    return "\n".join(lines)
