"""The shapes that are measured: the same graph as a document for Fermata and as a canvas for raw Celery.

A node answers with its input + 1, the nodes of W4 with fib(10). Both sides are checked against `answer`, so a
run that lost or doubled a node is no measurement.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

LINKS = 100
CHAINS, CHAIN_LINKS = 50, 10
FAN = 1_000
PASSAGES = 100
FIBS, FIB_OF, FIB_IS = 40, 10, 55
LAYERS, LAYER_NODES, PARENTS = 10, 100, 3
ITEMS = 10_000
LANES = 20


@dataclass(frozen=True, slots=True)
class Shape:
    """`nodes`: how many both sides perform. `repeats`: runs to one measurement, so that it is long enough.

    `rounds`: at least so many, where a short shape feels each hiccup of the machine. `executions`: started
    together in a run. `long`: measured once beside the other shapes, by rounds when it is alone. `floors`:
    variant → the least ratio to raw Celery.
    """

    name: str
    title: str
    nodes: int
    document: Callable[[], Json]
    answer: Any
    repeats: int = 1
    rounds: int = 0
    executions: int = 1
    long: bool = False
    floors: dict[str, float] = field(default_factory=dict)


def plus(node: str, value: str, **more: Any) -> Json:
    """A node that answers `value` + 1."""
    return {"id": node, "type": "transform", "config": {"output": f"{{{{ {value} + 1 }}}}"}, **more}


def chained(names: list[str]) -> list[Json]:
    """Edges from each to the next."""
    return [{"from": left, "to": right} for left, right in pairwise(names)]


def chain(length: int, *, prefix: str = "n") -> tuple[list[Json], list[Json]]:
    """Nodes and edges of a straight run that begins with 0."""
    names = [f"{prefix}{at}" for at in range(length)]
    nodes = [plus(names[0], "0")]
    nodes += [plus(name, f"steps.{before}.output") for before, name in pairwise(names)]
    return nodes, chained(names)


def document(nodes: list[Json], edges: list[Json], output: str) -> Json:
    """A whole document that answers `output`."""
    return {
        "schema": "fermata/1",
        "name": "bench",
        "nodes": nodes,
        "edges": edges,
        "output": {"value": f"{{{{ {output} }}}}"},
    }


def _chain_document() -> Json:
    return document(*chain(LINKS), output=f"steps.n{LINKS - 1}.output")


def _short_chain_document() -> Json:
    return document(*chain(CHAIN_LINKS), output=f"steps.n{CHAIN_LINKS - 1}.output")


def _chains_document() -> Json:
    nodes: list[Json] = []
    edges: list[Json] = []
    for at in range(CHAINS):
        more_nodes, more_edges = chain(CHAIN_LINKS, prefix=f"c{at}_")
        nodes += more_nodes
        edges += more_edges
    last = [f"steps.c{at}_{CHAIN_LINKS - 1}.output" for at in range(CHAINS)]
    return document(nodes, edges, output=f"sum([{', '.join(last)}])")


def _fan_document() -> Json:
    names = [f"n{at}" for at in range(FAN)]
    nodes = [plus(name, "1") for name in names]
    nodes.append({"id": "total", "type": "transform", "config": {"output": "{{ size(arrivals) }}"}})
    return document(nodes, [{"from": name, "to": "total"} for name in names], output="steps.total.output")


def _while_document() -> Json:
    until = f"{{{{ index >= {PASSAGES - 1} }}}}"
    nodes = [
        {
            "id": "loop",
            "type": "while",
            "config": {"until": until, "output": "{{ steps.b.output }}", "max_iterations": PASSAGES},
        },
        plus("a", "(index == 0 ? 0 : previous.b.output)", parent="loop"),
        plus("b", "steps.a.output", parent="loop"),
    ]
    return document(nodes, chained(["a", "b"]), output="steps.loop.output")


def _fib_document() -> Json:
    names = [f"n{at}" for at in range(FIBS)]
    config = {"task": "bench.fib", "args": [FIB_OF], "effect": "pure"}
    nodes = [{"id": name, "type": "celery_task", "config": config} for name in names]
    return document(nodes, chained(names), output=f"steps.{names[-1]}.output")


def layer_parents() -> list[list[list[int]]]:
    """For each layer but the first, for each of its nodes: its parents in the layer before."""
    chance = random.Random(5)
    return [
        [sorted(chance.sample(range(LAYER_NODES), PARENTS)) for _ in range(LAYER_NODES)]
        for _ in range(LAYERS - 1)
    ]


def _layers_document() -> Json:
    nodes = [plus(f"l0_{at}", "0") for at in range(LAYER_NODES)]
    edges: list[Json] = []
    for layer, parents in enumerate(layer_parents(), start=1):
        for at, above in enumerate(parents):
            names = [f"l{layer - 1}_{parent}" for parent in above]
            nodes.append(plus(f"l{layer}_{at}", " + ".join(f"steps.{name}.output" for name in names)))
            edges += [{"from": name, "to": f"l{layer}_{at}"} for name in names]
    last = [f"steps.l{LAYERS - 1}_{at}.output" for at in range(LAYER_NODES)]
    return document(nodes, edges, output=f"sum([{', '.join(last)}])")


def _layers_answer() -> int:
    values = [1] * LAYER_NODES
    for parents in layer_parents():
        values = [sum(values[parent] for parent in above) + 1 for above in parents]
    return sum(values)


def foreach_document(items: int, *, lanes: int = LANES) -> Json:
    """A foreach whose items answer item + 1, summed."""
    config = {"items": {"range": items}, "concurrency": lanes, "collect": {"sum": "{{ steps.one.output }}"}}
    nodes = [{"id": "each", "type": "foreach", "config": config}, plus("one", "item", parent="each")]
    return document(nodes, [], output="steps.each.output.results")


def foreach_answer(items: int) -> int:
    """What `foreach_document` answers."""
    return items * (items + 1) // 2


TOGETHER = {"together": 3.0}
SHAPES = {
    shape.name: shape
    for shape in (
        Shape(
            "W1", "chain of 100, one at a time", LINKS, _chain_document, LINKS,
            repeats=4, rounds=5, floors={"default": 0.8} | TOGETHER,
        ),
        Shape(
            "W1b", "fifty chains of 10 at once", CHAINS * CHAIN_LINKS, _chains_document, CHAINS * CHAIN_LINKS,
            floors={"default": 0.6} | TOGETHER,
        ),
        Shape(
            "W1c", "fifty executions of a chain of 10", CHAINS * CHAIN_LINKS, _short_chain_document,
            CHAIN_LINKS, executions=CHAINS,
        ),
        Shape(
            "W2b", "fan-out 1,000, fan-in", FAN + 1, _fan_document, FAN, floors={"default": 0.8} | TOGETHER
        ),
        Shape(
            "W3", "loop of 100 × 2 nodes with a condition", PASSAGES * 2, _while_document, PASSAGES * 2,
            repeats=3, rounds=7, floors={"default": 0.8},
        ),
        Shape(
            "W4", "40 × fib(10) in sequence", FIBS, _fib_document, FIB_IS,
            repeats=8, rounds=7, floors={"default": 0.8},
        ),
        Shape(
            "W5", "layers, 10 × 100 nodes, three random parents each", LAYERS * LAYER_NODES, _layers_document,
            _layers_answer(), floors={"default": 0.6} | TOGETHER,
        ),
        Shape(
            "foreach", "foreach of 10,000 items", ITEMS, lambda: foreach_document(ITEMS),
            foreach_answer(ITEMS), long=True,
        ),
    )
}  # fmt: skip
