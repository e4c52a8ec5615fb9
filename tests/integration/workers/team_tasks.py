"""Tasks as a team might have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from celery import Task, chain, chord, current_task, group, shared_task
from celery.exceptions import Ignore, Reject


class DeclinedError(Exception):
    """The team's own error."""


class Audited(Task):
    """A base class that knows nothing of Fermata."""

    abstract = True

    def note(self) -> str:
        return f"audited {self.request.id}"


@shared_task(name="team.add")
def add(left: int, right: int = 1) -> int:
    return left + right


@shared_task(name="team.asks", bind=True)
def asks(self: Task) -> dict[str, object]:
    request = self.request
    return {
        "key": request.headers["idempotency_key"],
        "id": request.id,
        "direct": request.called_directly,
        "current": current_task.name,
        "args": list(request.args),
        "retries": request.retries,
    }


@shared_task(name="team.audited", bind=True, base=Audited)
def audited(self: Audited, when: str) -> str:
    if when == "retry":
        raise self.retry(countdown=7)
    return self.note()


@shared_task(name="team.retries", bind=True, default_retry_delay=33)
def retries(self: Task, how: str) -> None:
    try:
        raise DeclinedError("no")
    except DeclinedError as error:
        if how == "countdown":
            raise self.retry(exc=error, countdown=12) from error
        if how == "eta":
            raise self.retry(eta=datetime.now(UTC) + timedelta(seconds=60)) from error
        if how == "default":
            self.retry()
        if how == "other":
            self.retry(args=["something else"])
        if how == "same":
            self.retry(args=[how], kwargs={}, countdown=1)
        raise


@shared_task(name="team.auto", autoretry_for=(Exception,), retry_backoff=4, retry_jitter=False)
def auto(how: str) -> None:
    if how == "fail":
        raise DeclinedError("again")
    if how == "canvas":
        chain(add.s(1), add.s(2)).apply_async()


@shared_task(name="team.auto_bound", bind=True, autoretry_for=(DeclinedError,))
def auto_bound(self: Task) -> None:
    self.retry(countdown=3)


@shared_task(name="team.leaves", bind=True)
def leaves(self: Task, how: str) -> object:
    ways = {
        "chain": lambda: chain(add.s(1), add.s(2)).apply_async(),
        "pipe": (add.s(1) | add.s(2)).delay,
        "group": lambda: group(add.s(1), add.s(2)).delay(),
        "chord": lambda: chord([add.s(1), add.s(2)])(add.s(3)),
        "replace": lambda: self.replace(add.s(1, 1)),
        "add_to_chord": lambda: self.add_to_chord(add.s(1, 1)),
        "get": lambda: add.delay(1).get(timeout=0.1),
        "result": lambda: add.delay(1),
        "signature": partial(add.s, 1, 1),
        "ignore": lambda: _raise(Ignore()),
        "reject": lambda: _raise(Reject("no")),
        "declined": lambda: _raise(DeclinedError("really no")),
        "runtime": lambda: _raise(RuntimeError("mine")),
    }
    return ways[how]()


@shared_task(name="team.sends")
def sends() -> str:
    add.delay(1, 2)
    return "sent"


def _raise(error: Exception) -> None:
    raise error


@shared_task(name="team.tells")
def tells(password: str, how: str) -> str:
    if how == "raise":
        raise DeclinedError(f"{password} is wrong")
    return password
