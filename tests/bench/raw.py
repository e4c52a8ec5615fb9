"""Raw Celery canvas, tuned as a competent user would: the baseline.

JSON, no events, gossip, mingle or heartbeat, early acknowledgement, results only where somebody reads them.
`BROKER` names the address. The workers of a pool send what follows to the queue of their own, which `QUEUE`
names, so only the caller says which pool it wants. Nothing of Fermata is imported.

Results are kept in one of three ways: `needed` (those a chord's body consumes, and the last task's, by which
the caller sees the end), `kept` (every task's, Celery's default), `ignored` (as `needed`, but a chord's
header ignores its results too: Celery's documentation forbids it, its Redis backend can do it).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from celery import Celery, chain, chord, group

from tests.bench import shapes
from tests.bench.tasks import fibonacci

BROKER, QUEUE = "FERMATA_BENCH_RAW_URL", "FERMATA_BENCH_RAW_QUEUE"
POOLS = ("prefork", "preforks", "threads", "solo")
"""`prefork`, `threads`: one worker of the whole concurrency; `preforks`, `solo`: workers of one each."""
LONGEST_SECONDS = 120

app = Celery("bench", set_as_current=False)
app.conf.update(
    broker_url=os.environ.get(BROKER, "redis://127.0.0.1:9/1"),
    result_backend=os.environ.get(BROKER, "redis://127.0.0.1:9/1"),
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_default_queue=os.environ.get(QUEUE, POOLS[0]),
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
)


@app.task
def plus(value: int) -> int:
    return value + 1


@app.task(ignore_result=False)
def plus_kept(value: int) -> int:
    return value + 1


@app.task
def plus_three(values: Sequence[int]) -> int:
    return sum(values) + 1


@app.task(ignore_result=False)
def plus_three_kept(values: Sequence[int]) -> int:
    return sum(values) + 1


@app.task
def fib(of: int) -> int:
    return fibonacci(of)


@app.task(ignore_result=False)
def fib_kept(of: int) -> int:
    return fibonacci(of)


@app.task(ignore_result=False)
def count(values: Sequence[Any]) -> int:
    return len(values)


@app.task(ignore_result=False)
def total(values: Sequence[int]) -> int:
    return sum(values)


@app.task(ignore_result=False)
def total_of_lists(values: Sequence[Sequence[int]]) -> int:
    return sum(map(sum, values))


def _answer(answer_id: str, value: Any) -> None:
    """What the caller of a canvas that grows as it goes waits for."""
    app.backend.store_result(answer_id, value, "SUCCESS")


def _pass_through(value: int, left: int, answer_id: str, *, kept: bool, **how: Any) -> None:
    first, then = (plus_kept, passage_end_kept) if kept else (plus, passage_end)
    chain(first.s(value), then.s(left, answer_id)).apply_async(**how)


@app.task
def passage_end(value: int, left: int, answer_id: str) -> int:
    """The second node of a passage, and the condition: on with the next, or done."""
    if left:
        _pass_through(value + 1, left - 1, answer_id, kept=False)
    else:
        _answer(answer_id, value + 1)
    return value + 1


@app.task(ignore_result=False)
def passage_end_kept(value: int, left: int, answer_id: str) -> int:
    if left:
        _pass_through(value + 1, left - 1, answer_id, kept=True)
    else:
        _answer(answer_id, value + 1)
    return value + 1


LAYERS = shapes.layer_parents()


@app.task
def next_layer(values: Sequence[int], layer: int, answer_id: str, *, kept: bool) -> None:
    """The body of one layer's chord starts the next one's."""
    if layer == len(LAYERS):
        _answer(answer_id, sum(values))
        return
    node = plus_three_kept if kept else plus_three
    header = [node.s([values[parent] for parent in above]) for above in LAYERS[layer]]
    chord(header, next_layer.s(layer=layer + 1, answer_id=answer_id, kept=kept)).apply_async()


Form = Callable[[str, str], Any]
"""(queue, how results are kept) → the answer; starts the canvas and waits for its end."""


def _chain(length: int, results: str) -> Any:
    node = plus_kept if results == "kept" else plus
    return chain(node.s(0), *(node.s() for _ in range(length - 2)), plus_kept.s())


def run_chain(queue: str, results: str, *, length: int = shapes.LINKS) -> Any:
    return _chain(length, results).apply_async(queue=queue).get(timeout=LONGEST_SECONDS)


def run_chains(queue: str, results: str) -> Any:
    made = group(_chain(shapes.CHAIN_LINKS, results) for _ in range(shapes.CHAINS)).apply_async(queue=queue)
    return sum(made.get(timeout=LONGEST_SECONDS))


def run_single_chains(queue: str, results: str) -> Any:
    made = [_chain(shapes.CHAIN_LINKS, results).apply_async(queue=queue) for _ in range(shapes.CHAINS)]
    answers = {one.get(timeout=LONGEST_SECONDS) for one in made}
    return answers.pop() if len(answers) == 1 else answers


def run_fan(queue: str, results: str) -> Any:
    node = plus if results == "ignored" else plus_kept
    return _body_of(chord([node.s(1) for _ in range(shapes.FAN)], count.s()), queue)


def _body_of(made: Any, queue: str) -> Any:
    """What the body answers, asked for by its id: the result itself would look at all its parents."""
    return app.AsyncResult(made.apply_async(queue=queue).id).get(timeout=LONGEST_SECONDS)


def run_loop(queue: str, results: str) -> Any:
    """Each passage starts the next."""
    answer_id = str(uuid4())
    _pass_through(0, shapes.PASSAGES - 1, answer_id, kept=results == "kept", queue=queue)
    return app.AsyncResult(answer_id).get(timeout=LONGEST_SECONDS)


def run_unrolled(queue: str, results: str) -> Any:
    """The loop's nodes as one long chain, without its condition."""
    return run_chain(queue, results, length=shapes.PASSAGES * 2)


def run_fibs(queue: str, results: str) -> Any:
    node = fib_kept if results == "kept" else fib
    links = [*(node.si(shapes.FIB_OF) for _ in range(shapes.FIBS - 1)), fib_kept.si(shapes.FIB_OF)]
    return chain(*links).apply_async(queue=queue).get(timeout=LONGEST_SECONDS)


def run_layers(queue: str, results: str) -> Any:
    answer_id = str(uuid4())
    kept = results != "ignored"
    node = plus_kept if kept else plus
    body = next_layer.s(layer=0, answer_id=answer_id, kept=kept)
    chord([node.s(0) for _ in range(shapes.LAYER_NODES)], body).apply_async(queue=queue)
    return app.AsyncResult(answer_id).get(timeout=LONGEST_SECONDS)


def run_items(queue: str, results: str, *, items: int = shapes.ITEMS) -> Any:
    node = plus if results == "ignored" else plus_kept
    return _body_of(chord([node.s(item) for item in range(items)], total.s()), queue)


def run_chunks(queue: str, results: str, *, items: int = shapes.ITEMS, size: int = 100) -> Any:
    """A hundred items to a message: then an item is no task any more."""
    header = plus_kept.chunks([(item,) for item in range(items)], size).group()
    return _body_of(chord(header, total_of_lists.s()), queue)


FORMS: dict[str, dict[str, Form]] = {
    "W1": {"chain": run_chain},
    "W1b": {"group of chains": run_chains},
    "W1c": {"chains": run_single_chains},
    "W2b": {"chord": run_fan},
    "W3": {"each passage starts the next": run_loop, "one long chain": run_unrolled},
    "W4": {"chain": run_fibs},
    "W5": {"a chord each layer": run_layers},
    "foreach": {"chord": run_items},
}
"""Shape → what a user of Celery would write for it; of several the fastest is the baseline."""

CHORDS = {"W2b", "W5", "foreach"}
"""Where a body consumes results: there the other variant ignores them, elsewhere it keeps them all."""
