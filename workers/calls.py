"""A team's own Celery task performed in place, inside a step: lease, fence, timeout and cancel hold for it.

The task finds a request as in a delivery of its own: its id is stable over the attempts of a step, and the
idempotency key stands in `self.request.headers["idempotency_key"]`. What would leave the step is answered
here: `self.retry` becomes `RetryRequested`; `replace`, canvas calls and waiting for results become
`TaskRefused`. A plain `other.delay()` is allowed: it is an outside effect like any other.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import NAMESPACE_URL, uuid5

from celery import Task, canvas, result
from celery._state import _task_stack
from celery.exceptions import Ignore as CeleryIgnore
from celery.exceptions import Reject, Retry
from django.db import close_old_connections

from fermata.engine.limits import wall_time_at_most
from fermata.nodes.celery_task import RetryRequested, TaskRefused, TaskUnknown
from workers.app import TASK_TIME_LIMIT_SECONDS, app

_in_place: ContextVar[str | None] = ContextVar("fermata_task_in_place", default=None)
"""The name of the task performed in place by this thread, if any."""


def call_task(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], key: str) -> Any:
    """Run a registered task's code here and give what it returned.

    Raises `TaskUnknown` when this worker has no such task, `RetryRequested` when it asked to be tried again,
    `TaskRefused` when it did what a step may not do, else whatever the task raised.
    """
    task = app.tasks.get(name)
    if task is None or name.startswith("celery."):
        raise TaskUnknown(name)
    _guard(task)
    close_old_connections()  # the team's code expects what a delivery of its own would give
    with _request(task, args, kwargs, key), _place(name), wall_time_at_most(TASK_TIME_LIMIT_SECONDS):
        try:
            answer = task.run(*args, **kwargs)
        except Retry as asked:
            raise RetryRequested(delay_seconds=_seconds_until(asked.when), cause=asked.exc) from asked
        except (CeleryIgnore, Reject) as refusal:
            raise TaskRefused(
                f"{name} raised {type(refusal).__name__}: a step must have an outcome."
            ) from refusal
    if isinstance(answer, result.ResultBase | canvas.Signature):
        raise TaskRefused(f"{name} returned a {type(answer).__name__}; it must return the value itself.")
    return answer


@contextmanager
def _request(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any], key: str) -> Iterator[None]:
    """The request the task sees as `self.request` (and the task as `current_task`)."""
    outer = app.current_worker_task
    delivery = getattr(outer, "request", None)
    _task_stack.push(task)
    task.push_request(
        id=str(uuid5(NAMESPACE_URL, key)),
        task=task.name,
        args=list(args),
        kwargs=dict(kwargs),
        headers={"idempotency_key": key},
        idempotency_key=key,
        hostname=getattr(delivery, "hostname", None),
        delivery_info=getattr(delivery, "delivery_info", None),
        called_directly=False,
        is_eager=False,
        ignore_result=True,
        retries=0,
        chain=None,
        chord=None,
        group=None,
        callbacks=None,
        errbacks=None,
    )
    try:
        yield
    finally:
        task.pop_request()
        _task_stack.pop()


@contextmanager
def _place(name: str) -> Iterator[None]:
    token = _in_place.set(name)
    try:
        yield
    finally:
        _in_place.reset(token)


def _guard(task: Task) -> None:
    """Give the task's instance methods that know when it is performed in place; elsewhere they do as before.

    On the instance, because a task may have any base class, and because `autoretry_for` calls the instance.
    """
    if "retry" not in vars(task):
        task.retry = _aware(task.retry, _retry_in_place(task))
        task.replace = _aware(task.replace, _refusal("replaces itself (self.replace)"))
        task.add_to_chord = _aware(task.add_to_chord, _refusal("extends its chord (self.add_to_chord)"))


def _aware(usual: Callable[..., Any], in_place: Callable[..., Any]) -> Callable[..., Any]:
    """A method that does as usual, but otherwise while a task is performed in place."""

    @functools.wraps(usual)
    def method(*args: Any, **kwargs: Any) -> Any:
        return usual(*args, **kwargs) if _in_place.get() is None else in_place(*args, **kwargs)

    return method


def _refusal(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise TaskRefused(f"{_in_place.get()} {what}; in a workflow draw the nodes instead.")

    return refuse


def _retry_in_place(task: Task) -> Callable[..., NoReturn]:
    """`Task.retry` with Celery's own signature, for a task performed in place."""

    def retry(
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        exc: BaseException | None = None,
        *_: Any,
        **options: Any,
    ) -> NoReturn:
        request = task.request
        changed = (args is not None and list(args) != list(request.args)) or (
            kwargs is not None and dict(kwargs) != dict(request.kwargs)
        )
        if changed:
            raise TaskRefused(f"{task.name} retries with other arguments; a step is retried with its own.")
        cause = exc or sys.exc_info()[1]
        if isinstance(cause, RetryRequested | TaskRefused):
            raise cause  # `autoretry_for=(Exception,)` caught our own answer
        asked = options.get("countdown"), _seconds_until(options.get("eta")), task.default_retry_delay
        delay = next((seconds for seconds in asked if seconds is not None), None)
        raise RetryRequested(delay_seconds=delay, cause=cause)

    return retry


def _seconds_until(moment: datetime | float | None) -> float | None:
    """Seconds from now; a number counts as such already."""
    if moment is None or isinstance(moment, int | float):
        return moment
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _guard_celery() -> None:
    """Make canvas calls and results refuse a task performed in place; the classes are shared, so once."""
    for kind in (canvas._chain, canvas.group, canvas._chord):  # noqa: SLF001 - the classes have no other name
        kind.apply_async = _aware_method(kind.apply_async, f"calls a {kind.__name__.strip('_')}")
    waiting = "waits for another task's result"
    result.AsyncResult.get = _aware_method(result.AsyncResult.get, waiting)
    for name in ("get", "join", "join_native"):
        setattr(result.ResultSet, name, _aware_method(getattr(result.ResultSet, name), waiting))


def _aware_method(usual: Callable[..., Any], what: str) -> Callable[..., Any]:
    refuse = _refusal(what)

    @functools.wraps(usual)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return usual(self, *args, **kwargs) if _in_place.get() is None else refuse()

    return method


_guard_celery()
