"""celery_task: run one of the team's own registered Celery tasks as a step.

The step itself is routed to the task's queue; the worker there calls the task's code in place, through the
context's ``call_task``. This file knows no Celery: it says what it wants and what may come back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Annotated, Any, Literal, Protocol, get_args

from pydantic import Field, StringConstraints

from fermata.errors import EngineError
from fermata.graph.durations import seconds_of
from fermata.graph.node_types import ConfigProblem
from fermata.graph.plan import Effect
from fermata.machine.outcomes import Await, Done, Fail, Failure
from fermata.nodes.contract import Context, NodeType, failure_from
from fermata.nodes.fields import KNOWN, Duration, NodeConfig
from fermata.nodes.json_values import fault_in

_LONGEST_MESSAGE = 2000


class RetryRequested(Exception):
    """The task asked to be tried again (``self.retry``)."""

    def __init__(self, *, delay_seconds: float | None, cause: BaseException | None) -> None:
        """``delay_seconds``: at least so long from now; None leaves it to the retry policy."""
        super().__init__("The task asked to be tried again.")
        self.delay_seconds = delay_seconds
        self.cause = cause


class TaskUnknown(Exception):
    """No task of this name is registered with the worker."""


class TaskRefused(Exception):
    """The task did what a step may not do, such as ``replace``, calling a canvas or waiting for a result."""


class CallTask(Protocol):
    """What a worker offers as ``Context.call_task``."""

    def __call__(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], key: str) -> Any:
        """Run the task's code in place and give what it returned.

        ``key`` is the idempotency key, which a bound task finds in its request headers. Raises
        RetryRequested, TaskUnknown, TaskRefused, or whatever the task raised.
        """
        ...


TaskName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=200)]
QueueName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)]


class CeleryTaskConfig(NodeConfig):
    """Which task, with what."""

    task: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", max_length=200), KNOWN] = (
        Field(description="The registered name, such as `shop.tasks.charge`.")
    )
    args: list[Any] = Field(default=[], description="Positional arguments.")
    kwargs: dict[str, Any] = Field(default={}, description="Named arguments.")
    effect: Annotated[Literal["unsafe", "idempotent", "pure"], KNOWN] = Field(
        default="unsafe",
        description=(
            "What a repeat does: `unsafe` may do harm, so a lost worker holds the step for a person; "
            "`idempotent` is harmless under the same key; `pure` may be repeated at will."
        ),
    )
    queue: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100), KNOWN] | None = (
        Field(default=None, description="The queue whose workers have the task; `default` without it.")
    )
    remote: bool = Field(
        default=False,
        description=(
            "The task's workers do not have Fermata: send the task and wait for its callback, whose payload "
            "is the result, or `{error: {class, message, data}}`."
        ),
    )
    timeout: Duration | None = Field(
        default=None, description="With `remote`: how long to wait for the callback."
    )


class CeleryTask(NodeType):
    """A registered Celery task; the step's lease, timeout and cancel hold for it."""

    name = "celery_task"
    title = "Celery task"
    description = "Runs one of your own registered Celery tasks."
    category = "integration"
    secrets_allowed = True
    Config = CeleryTaskConfig
    gives = "What the task returned, which must be JSON; tuples become lists."
    failures = {
        "task_failed": "The task raised an exception; the cause's class is its name in snake_case.",
        "task_retry": "The task asked to be tried again and no attempt was left.",
        "task_unknown": "No task of this name is registered with the worker.",
        "task_refused": "The task replaced itself, called a canvas or waited for a result.",
        "result_not_json": "The task returned something that is not JSON.",
        "timeout": "The callback of a remote task did not come in time.",
    }

    def effect(self, config: Mapping[str, Any]) -> Effect:
        """As declared; ``unsafe`` unless it says otherwise."""
        declared = config.get("effect")
        return next((effect for effect in get_args(Effect) if effect == declared), "unsafe")

    def queue(self, config: Mapping[str, Any]) -> str:
        """The task's own queue."""
        queue = config.get("queue")
        return queue if isinstance(queue, str) and queue else "default"

    def problems(self, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """As always; remote tasks wait for the callback's route."""
        yield from super().problems(config)
        given: Any = config  # a draft's config may be anything
        if isinstance(given, Mapping) and given.get("remote") is True:
            yield ConfigProblem(
                "/remote",
                "Tasks of workers without Fermata are not in this release.",
                "Register the task with Fermata's workers (FERMATA_TASK_MODULES), and leave remote out.",
                code="not_in_this_release",
            )

    def perform(self, config: CeleryTaskConfig, context: Context) -> Done | Fail | Await:
        """Run the task here, or send it and wait for its callback."""
        if config.remote:
            return _remote(config, context)
        if context.call_task is None:
            return _failed("task_unknown", f"This worker runs no Celery tasks, so it has no {config.task!r}.")
        context.live()
        started = monotonic()
        try:
            result = context.call_task(config.task, config.args, config.kwargs, context.idempotency_key)
        except EngineError:
            raise
        except Exception as error:
            if isinstance(error, TimeoutError) and _is_over(context, started):
                raise  # the step's own timeout, not one of the task's
            return _raised(config.task, error)
        return _done(config.task, result)


def error_class_of(exception: BaseException) -> str:
    """``ConnectionResetError`` → ``connection_reset_error``: the error class of a task's exception."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(exception).__name__)
    return words.lower()


def _is_over(context: Context, started: float) -> bool:
    """Whether this attempt's time is up; a tenth of a second is left for clocks that differ."""
    if context.deadline is None:
        return False
    return monotonic() - started >= (context.deadline - context.now).total_seconds() - 0.1


def _raised(task: str, error: Exception) -> Fail:
    if isinstance(error, TaskUnknown):
        return _failed("task_unknown", f"No task {task!r} is registered with this worker.")
    if isinstance(error, TaskRefused):
        return _failed("task_refused", _message(error))
    if isinstance(error, RetryRequested):
        cause = None if error.cause is None else _shown(error.cause)
        failure = Failure(kind="task_retry", message=_message(error), retryable=True, cause=cause)
        return Fail(failure, delay_seconds=error.delay_seconds)
    cause = _shown(error)
    message = f"{type(error).__name__}: {cause['message']}"[:_LONGEST_MESSAGE]
    return Fail(Failure(kind="task_failed", message=message, retryable=True, cause=cause))


def _remote(config: CeleryTaskConfig, context: Context) -> Done | Fail | Await:
    resume = context.resume
    if resume is None:
        due = seconds_of(config.timeout) if config.timeout is not None else None
        sent = {"task": config.task, "args": config.args, "kwargs": config.kwargs, "queue": config.queue}
        return Await(kind="callback", name=config.task, data=sent, due_seconds=due)
    if resume["kind"] == "timeout":
        return Fail(
            Failure(kind="timeout", message="The task's callback did not come in time.", retryable=True)
        )
    payload = resume.get("payload")
    if isinstance(payload, Mapping) and set(payload) == {"error"} and isinstance(payload["error"], Mapping):
        cause = failure_from(payload["error"]).to_json()
        message = f"The task answered with an error: {cause['message']}"[:_LONGEST_MESSAGE]
        return Fail(Failure(kind="task_failed", message=message, retryable=True, cause=cause))
    return _done(config.task, payload)


def _done(task: str, result: Any) -> Done | Fail:
    fault = fault_in(result)
    if fault:
        return Fail(Failure(kind="result_not_json", message=f"{task} returned what cannot be kept: {fault}."))
    return Done(output=json.loads(json.dumps(result)))


def _failed(kind: str, message: str) -> Fail:
    return Fail(Failure(kind=kind, message=message, definite=True))


def _shown(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    data = {"exception": f"{kind.__module__}.{kind.__qualname__}"}
    return {"class": error_class_of(error), "message": _message(error), "data": data}


def _message(error: BaseException) -> str:
    """The exception's text, if it can be printed, without characters that a database refuses."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception that cannot be printed is still one
        text = "(the exception has no printable text)"
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:_LONGEST_MESSAGE]
