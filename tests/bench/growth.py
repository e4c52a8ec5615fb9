"""What a step costs as executions grow, and what a very wide foreach takes: memory and broker."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any, Self

import redis

from fermata.coordination import keys
from tests.bench import watch
from tests.bench.compare import with_dispatch
from tests.bench.ours import Ours
from tests.bench.shapes import LANES, Json, foreach_document
from tests.bench.stack import BenchError, Stack

BLOCKS = {LANES: 12, LANES + 10: 12, 1_000: 1}
"""Items → executions in a block. The smallest has an item in each lane, so that ten more are ten more steps:
lanes are places of a Celery chord, which counts them. Blocks come in turn, since what tells them apart is
less than the machine's moods within a minute, and half of them after the largest execution. One block's
executions start at once: a large foreach has many items under way, too, and the wake-ups of an idle system
are no cost of a small one."""
TURNS = 3
"""Before the largest execution, and again after it."""
DEPTH_EVERY_SECONDS = 0.02
MEMORY_EVERY = 25
"""Looks at the broker to one at memory."""


@dataclass
class Sampler:
    """Looks at queues and memory while something runs. Most seen: `depth`; part → pid → bytes in `memory`."""

    stack: Stack
    depth: int = 0
    memory: dict[str, dict[int, int]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        with redis.Redis.from_url(self.stack.redis_url) as link:
            at = 0
            while not self._stop.wait(DEPTH_EVERY_SECONDS):
                pipe = link.pipeline(transaction=False)
                pipe.llen(keys.queue("default"))
                self.depth = max(self.depth, sum(pipe.execute()))
                if at % MEMORY_EVERY == 0:
                    for part, pids in resident(self.stack).items():
                        seen = self.memory.setdefault(part, {})
                        for pid, size in pids.items():
                            seen[pid] = max(size, seen.get(pid, 0))
                at += 1


def resident(stack: Stack) -> dict[str, dict[int, int]]:
    """Part → pid → memory of its own."""
    return {part: {pid: watch.resident_bytes(pid) for pid in pids} for part, pids in stack.parts().items()}


@dataclass
class Used:
    """By so many executions, seconds."""

    executions: int = 0
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)

    def by(self, items: int) -> Json:
        """For each item."""
        return {
            "items": items,
            "executions": self.executions,
            "wall_microseconds": round(self.wall / self.executions / items * 1e6),
            "cpu_microseconds": round(sum(self.cpu.values()) / self.executions / items * 1e6),
            "cpu_by_part": {
                part: round(cpu / self.executions / items * 1e6) for part, cpu in sorted(self.cpu.items())
            },
        }


class Growth:
    """One variant, from few items to very many."""

    def __init__(self, stack: Stack, *, items: int, until: float) -> None:
        self.stack, self.items, self.until = stack, items, until
        self.ours = Ours.at(stack)

    def of(self, variant: str) -> Json:
        """Costs by size, and what the largest took. Raises `Refused`."""
        versions = {
            size: self.ours.version(with_dispatch(foreach_document(size), variant))
            for size in (*BLOCKS, self.items)
        }
        self.ours.vacuum()  # else autovacuum does it during this variant, for the rows of the one before
        self.ours.run(versions[max(BLOCKS)])
        used = {size: Used() for size in versions}

        def turns() -> None:
            for _, (size, executions) in product(range(TURNS), BLOCKS.items()):
                self._run(versions[size], executions, used[size])

        turns()
        before = {part: max(pids.values()) for part, pids in resident(self.stack).items()}
        with Sampler(self.stack) as seen:
            self._run(versions[self.items], 1, used[self.items])
        turns()
        sizes = [one.by(size) for size, one in used.items()]
        return {
            "variant": variant,
            "sizes": sizes,
            "marginal_cpu_microseconds": marginal(sizes),
            "broker": {"most_messages": seen.depth, "concurrency": LANES},
            "memory_megabytes": {
                part: {
                    "before": round(before[part] / 1e6, 1),
                    "most": round(max(pids.values()) / 1e6, 1),
                }
                for part, pids in sorted(seen.memory.items())
                if part in before
            },
        }

    def _run(self, version: Any, executions: int, used: Used) -> None:
        """So many executions at once, added to what was used."""
        if time.monotonic() > self.until:
            raise BenchError("Out of time before the costs by size were measured.")
        parts = self.stack.parts()
        before, began = {part: watch.cpu_seconds(pids) for part, pids in parts.items()}, time.perf_counter()
        started = [self.ours.start(version) for _ in range(executions)]
        self.ours.wait(started, seconds=max(30.0, self.until - time.monotonic()))
        used.executions += executions
        used.wall += time.perf_counter() - began
        for part, pids in parts.items():
            used.cpu[part] = used.cpu.get(part, 0.0) + watch.cpu_seconds(pids) - before[part]


def marginal(sizes: list[Json]) -> dict[str, int]:
    """Items → CPU microseconds of one more item there: what starting and ending cost is left out."""
    found = {}
    for smaller, larger in pairwise(sizes):
        more = larger["items"] - smaller["items"]
        used = larger["cpu_microseconds"] * larger["items"] - smaller["cpu_microseconds"] * smaller["items"]
        found[str(larger["items"])] = round(used / more)
    return found
