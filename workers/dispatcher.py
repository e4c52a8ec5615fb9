"""The engine's doorbell on Celery: rings become messages on queues, all of a batch in one round trip."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from fermata.coordination import broker
from fermata.coordination.keys import is_reserved_queue
from fermata.coordination.pipeline import Pipeline
from fermata.engine.dispatch import together
from fermata.engine.ledger import Ring
from fermata.errors import ServerUnavailable
from fermata.graph.plan import Plan
from workers import canvas
from workers.app import CHORD_SECONDS, app
from workers.messages import template

logger = logging.getLogger("fermata.dispatcher")


def chord_size_key(group: str) -> str:
    """Where Celery's backend looks up how many places a chord has."""
    return str(app.backend.get_key_for_group(group, ".s").decode())


class CeleryDispatcher:
    """Rings workers through Celery's broker. The order inside a queue is the order of the rings.

    Which steps are rung, and how many at a time, is the ledger's choice (priority, window); Redis only
    carries.
    """

    def __init__(self, *, mode: canvas.Mode | None = None, seed: int | None = None) -> None:
        """`mode` replaces FERMATA_CANVAS; `seed` makes chaos repeatable."""
        self._mode: canvas.Mode = mode or settings.FERMATA_CANVAS
        self._chance = random.Random(seed)  # noqa: S311 - chaos is no secret

    def ring(
        self, rings: Sequence[Ring], *, pipeline: Pipeline | None = None, plan: Plan | None = None
    ) -> None:
        """Put a message for every ring on its queue.

        With a `pipeline` the messages are only added to it, and its owner executes it; without one they are
        sent in one round trip, and `ServerUnavailable` is raised when Redis does not answer (recovery rings
        then).
        """
        target = pipeline if pipeline is not None else Pipeline()
        self.ahead(rings, plan=plan)(target)
        if pipeline is None:
            target.execute()

    def ahead(self, rings: Sequence[Ring], *, plan: Plan | None = None) -> Callable[[Pipeline], None]:
        """Make the messages for these rings; what is answered adds them to a pipeline, if they are owed."""
        sent = together(self._sendable(rings), plan)
        score = canvas.composed(
            [ring for ring in sent if ring.also is None], plan if self._mode == "on" else None
        )
        score.sendings += (canvas.Sending(ring) for ring in sent if ring.also is not None)
        messages = [
            (sending.ring.queue, template(sending.ring.queue).sent(sending)) for sending in score.sendings
        ]

        def send(target: Pipeline) -> None:
            canvas.sent(score)
            for group, places in score.chords.items():
                target.keep(chord_size_key(group), str(places), seconds=CHORD_SECONDS)
            for queue, message in messages:
                target.push(queue, message)

        return send

    def _sendable(self, rings: Sequence[Ring]) -> list[Ring]:
        found = []
        for ring in canvas.chaotic(rings, chance=self._chance) if self._mode == "chaos" else rings:
            if is_reserved_queue(ring.queue):
                logger.error("Step %s names the queue %r, which is no queue.", ring.step_id, ring.queue)
            else:
                found.append(ring)
        return found

    def send_task(
        self,
        name: str,
        *,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        queue: str,
        task_id: str,
        headers: Mapping[str, Any],
    ) -> None:
        """Send a team's own task to workers that do not have Fermata; its answer comes by callback.

        `headers` reach the task as `self.request.headers`; a stable `task_id` lets a repeat be recognised.
        Raises `ServerUnavailable` when Redis does not answer, ValueError for a reserved queue.
        """
        if is_reserved_queue(queue):
            raise ValueError(f"{queue!r} is no queue.")
        target = Queue(queue, Exchange(queue, type="direct"), routing_key=queue)
        try:
            app.send_task(
                name,
                args=list(args),
                kwargs=dict(kwargs),
                task_id=task_id,
                queue=target,
                headers=dict(headers),
                ignore_result=True,
                add_to_parent=False,
                root_id=task_id,
                parent_id="",
            )
        except (OperationalError, OSError) as error:
            raise ServerUnavailable(
                f"Redis did not answer while the task {name} was sent: {error}"
            ) from error

    def depth(self, queues: Iterable[str]) -> dict[str, int]:
        """Messages waiting on each queue.

        Those that workers hold are not counted. Raises `ServerUnavailable`.
        """
        return broker.depth(queues)
