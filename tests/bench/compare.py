"""Fermata beside raw Celery canvas: the same shape, the same servers, in turns."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.bench import raw, watch
from tests.bench.options import Options
from tests.bench.ours import Ours, Refused
from tests.bench.shapes import SHAPES, Json, Shape, foreach_document
from tests.bench.stack import BenchError, Stack, raw_url

FEWEST_ROUNDS, MOST_LATE_SECONDS = 3, 45.0
"""A shape that is under way when the time is over gets its three rounds, unless that takes too long."""
TRIAL_ITEMS = 1_000
"""Of a long foreach: enough to tell which pool is the fastest."""
TRIALS, LONG_TRIAL_SECONDS = 2, 0.5
"""So many, unless the first one was so long that warming up is nothing beside it."""


@dataclass
class Side:
    """One contestant: `once` runs the shape and answers the seconds it took; at most so many `rounds`."""

    name: str
    nodes: int
    once: Callable[[], float]
    pids: Callable[[], dict[str, list[int]]]
    how: str = ""
    rounds: int = 1_000
    walls: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    executed: int = 0

    def measure(self, foreign: watch.Foreign, *, repeats: int) -> None:
        """One measurement: so many runs in a row; the seconds of one are kept."""
        parts = self.pids() | {"caller": [os.getpid()]}
        before = {name: watch.cpu_seconds(pids) for name, pids in parts.items()}
        machine, began = watch.machine_seconds(), time.monotonic()
        self.walls.append(sum(self.once() for _ in range(repeats)) / repeats)
        seconds = time.monotonic() - began
        machine = watch.machine_seconds() - machine
        used = {name: watch.cpu_seconds(pids) - before[name] for name, pids in parts.items()}
        foreign.add(cpu=machine - sum(used.values()), seconds=seconds)
        self.executed += repeats
        for name, value in used.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + value

    def to_json(self) -> Json:
        """A row of the results."""
        done = self.executed * self.nodes
        return {
            "how": self.how,
            "walls": [round(wall, 5) for wall in self.walls],
            "cpu_microseconds": {
                name: round(value / done * 1e6) for name, value in sorted(self.cpu.items()) if done
            },
        }


class Comparison:
    """All shapes on one running stack."""

    def __init__(self, stack: Stack, options: Options, *, until: float) -> None:
        """`until`: monotonic seconds after which nothing new is begun."""
        self.stack, self.options, self.until = stack, options, until
        self.ours = Ours.at(stack)
        self.foreign = watch.Foreign()
        raw.app.conf.update(broker_url=raw_url(stack.redis_url), result_backend=raw_url(stack.redis_url))
        self.fastest: dict[str, str] = {}

    def run(self) -> Iterable[Json]:
        """One row a shape."""
        for name in self.options.shapes:
            if time.monotonic() > self.until:
                yield {"shape": name, "skipped": "out of time"}
            else:
                refuse_strangers(self.stack, self.ours)
                yield self._shape(SHAPES[name])

    def _shape(self, shape: Shape) -> Json:
        foreign = watch.Foreign()
        row: Json = {"shape": shape.name, "title": shape.title, "nodes": shape.nodes, "skips": []}
        sides: list[Side] = []
        once = shape.long and len(self.options.shapes) > 1
        for variant in self.options.variants:
            if once and variant == "raw-other":
                continue
            try:
                sides.append(self._side(shape, variant, row))
            except Refused as refusal:
                row["skips"].append(f"{variant}: this version refuses the document ({refusal})")
        if shape.name == "foreach" and "raw-other" in self.options.variants:
            sides.append(self._raw_side(shape, "raw-chunks", row))
        for at in range(1 if once else max(self.options.rounds, shape.rounds)):
            late = time.monotonic() - self.until
            if (late > 0 and at >= FEWEST_ROUNDS) or (late > MOST_LATE_SECONDS and at):
                row["skips"].append(f"out of time after {at} rounds")
                break
            for side in sides if at % 2 == 0 else reversed(sides):  # ABBA: neither has the warmer machine
                if at < side.rounds:
                    side.measure(foreign, repeats=shape.repeats)
            self.stack.check()
        self.stack.raw_broker().flushdb()
        row["sides"] = {side.name: side.to_json() for side in sides}
        row["foreign_cpu_share"] = round(foreign.share, 3)
        self.foreign.add(cpu=foreign.cpu, seconds=foreign.seconds)
        return row

    def _side(self, shape: Shape, variant: str, row: Json) -> Side:
        """A contestant, warmed up. Raises `Refused`."""
        if variant.startswith("raw"):
            return self._raw_side(shape, variant, row)
        document = with_dispatch(shape.document(), variant)
        version = self.ours.version(document)
        small = foreach_document(TRIAL_ITEMS) if shape.name == "foreach" else None
        if small is not None:
            self.ours.run(self.ours.version(with_dispatch(small, variant)))
        else:
            answers = self.ours.answers(self.ours.run(version, executions=shape.executions))
            check(variant, shape, set(answers))

        def once() -> float:
            began = time.perf_counter()
            ids = self.ours.run(version, executions=shape.executions)
            seconds = time.perf_counter() - began
            check(variant, shape, set(self.ours.answers(ids)))
            return seconds

        return Side(variant, shape.nodes, once, self.stack.parts)

    def _raw_side(self, shape: Shape, variant: str, row: Json) -> Side:
        results = "needed"
        if variant == "raw-other":
            results = "ignored" if shape.name in raw.CHORDS else "kept"
        pool, form = self._fastest(shape, row)
        run = raw.FORMS[shape.name][form]
        if variant == "raw-chunks":
            run, form = raw.run_chunks, "chunks of a hundred"

        def once() -> float:
            began = time.perf_counter()
            answer = run(pool, results)
            seconds = time.perf_counter() - began
            check(variant, shape, {answer})
            return seconds

        def pids() -> dict[str, list[int]]:
            return {"worker": self.stack.raw_parts(pool), "valkey": self.stack.parts()["valkey"]}

        how = f"{pool}, {form}, results {results}"
        if variant == "raw":
            return Side(variant, shape.nodes, once, pids, how)
        glance = 1 if shape.name == "foreach" else 2
        return Side(variant, shape.nodes, once, pids, how, rounds=glance)

    def _fastest(self, shape: Shape, row: Json) -> tuple[str, str]:
        """The pool and the way to write it that serve raw Celery best on this shape; tried once a shape."""
        candidates = [(pool, form) for pool in self.options.pools for form in raw.FORMS[shape.name]]
        if "trials" not in row:
            trials = {f"{pool}, {form}": self._trial(shape, pool, form) for pool, form in candidates}
            row["trials"] = {name: round(seconds, 5) for name, seconds in trials.items()}
        pool, _, form = min(row["trials"], key=row["trials"].get).partition(", ")
        return pool, form

    def _trial(self, shape: Shape, pool: str, form: str) -> float:
        """The better of a few runs, the first of which also warms up."""

        def once() -> float:
            began = time.perf_counter()
            if shape.name == "foreach":
                raw.run_items(pool, "needed", items=TRIAL_ITEMS)
            else:
                check(pool, shape, {raw.FORMS[shape.name][form](pool, "needed")})
            return time.perf_counter() - began

        seconds = [once()]
        while len(seconds) < TRIALS and seconds[0] < LONG_TRIAL_SECONDS:
            seconds.append(once())
        return min(seconds)


def with_dispatch(document: Json, variant: str) -> Json:
    """The document with the variant's setting."""
    return document if variant == "default" else {**document, "settings": {"dispatch": variant}}


def check(side: str, shape: Shape, answers: set[Any]) -> None:
    """Raises `BenchError` when a run answered something else: then it is no measurement."""
    if answers != {shape.answer}:
        raise BenchError(f"{side} answered {answers} to {shape.name}, which comes to {shape.answer}.")


def refuse_strangers(stack: Stack, ours: Ours) -> None:
    """Raises `BenchError` when processes that we did not start speak to our servers."""
    stack.check()
    found = _strangers(stack, ours)
    if found:
        time.sleep(0.2)  # a connection just opened or closed is no stranger
        again = _strangers(stack, ours)
        found = {port: words for port, words in found.items() if port in again}
    if found:
        raise BenchError(
            f"Processes that are not ours speak to our servers ({'; '.join(found.values())}): stray workers "
            "would do part of the work. End them and measure again."
        )


def _strangers(stack: Stack, ours: Ours) -> dict[int, str]:
    """Local port → what the server says of it, for connections that none of our processes holds."""
    clients: dict[int, str] = {}
    with stack.raw_broker() as broker:
        for client in broker.client_list():
            words = f"valkey: {client['addr']} db {client['db']} {client['cmd']} {client['age']} s"
            clients[int(client["addr"].rpartition(":")[2])] = words
    rows = ours.database.execute(
        "SELECT client_port, application_name FROM pg_stat_activity WHERE client_port > 0"
    ).fetchall()
    clients |= {int(port): f"postgres: port {port} {name}" for port, name in rows}
    return {port: clients[port] for port in watch.strangers(clients, stack.everybody())}
