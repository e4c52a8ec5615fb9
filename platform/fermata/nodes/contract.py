"""The contract of a node type: one file, one class, four things — Config, ports, effect, perform.

How to add a node type: (1) copy ``transform.py``; (2) write its ``Config`` and ``perform``; (3) name it in
``catalogue.BUILTIN`` (third parties: entry point group ``fermata.nodes``); (4) add it to
``tests/unit/nodes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import ValidationError

from fermata.graph.node_types import ConfigProblem
from fermata.graph.plan import Effect
from fermata.machine.outcomes import DEFAULT_PORT, Done, Fail, Failure, Outcome
from fermata.nodes.config_problems import locate, pointer_of, problems_of
from fermata.nodes.fields import NodeConfig


@dataclass(frozen=True, slots=True)
class Context:
    """What a node may know while it is performed. ``now`` is the database's clock (timezone-aware, UTC).

    ``resume``: None at the first performance, else why it goes on (see Sleep, Await, Spawn, FanOut:
    ``{"kind": "region", "result": …}`` when a container's region has ended). ``bindings``: the names
    expressions see here, for types that evaluate lazily. ``evaluate(text)`` renders one ``{{ }}`` text
    against them. ``call_task(name, args, kwargs, key)`` runs a registered Celery task in place (see
    :class:`fermata.nodes.celery_task.CallTask`). ``live()`` raises LeaseLost when this worker no longer holds
    the step; ask it before each outside effect and about every second in long ones. ``deadline``: when this
    attempt times out. ``secret_hosts``: secret → where it may be sent, for types that say ``checks_hosts``.
    """

    execution_id: str
    step_id: str
    node_id: str
    workspace_id: str
    attempt: int
    idempotency_key: str
    now: datetime
    path: tuple[tuple[str, int], ...] = ()
    index: int | None = None
    resume: Mapping[str, Any] | None = None
    deadline: datetime | None = None
    bindings: Mapping[str, Any] = field(default_factory=dict)
    evaluate: Callable[[Any], Any] = lambda template: template
    live: Callable[[], None] = lambda: None
    call_task: Callable[..., Any] | None = None
    allowed_hosts: tuple[str, ...] = ()
    secret_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class NodeType:
    """Base of all node types; subclasses set the class variables and write ``perform``.

    Satisfies :class:`fermata.graph.node_types.NodeTypeInfo`.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str] = ""
    description: ClassVar[str] = ""
    category: ClassVar[Literal["data", "control", "human", "integration", "loop", "time"]] = "data"
    container: ClassVar[Literal["foreach", "while"] | None] = None
    choosing: ClassVar[bool] = False
    runnable: ClassVar[bool] = True
    leaves_passage: ClassVar[bool] = False
    secrets_allowed: ClassVar[bool] = False
    """Its config may read secrets; what it answers is searched for them by the engine."""
    checks_hosts: ClassVar[bool] = False
    """It sends nothing to a host that ``Context.secret_hosts`` does not allow."""
    reads: ClassVar[tuple[str, ...]] = ()
    deferred: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[NodeConfig]]
    gives: ClassVar[str] = ""
    """What its output is, in a sentence."""
    failures: ClassVar[Mapping[str, str]] = {}
    """The error classes of its own, each with the sentence that explains it."""

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Its output ports; every performing type also has ``error``. Any config, faulty ones too, may come.

        A type with a port ``timeout`` answers ``Done(port="timeout")`` when time runs out; the engine takes
        that as a failure of class ``timeout`` where no edge is drawn from the port.
        """
        return (DEFAULT_PORT, "error")

    def effect(self, config: Mapping[str, Any]) -> Effect:
        """``pure`` unless the type says otherwise."""
        return "pure"

    def queue(self, config: Mapping[str, Any]) -> str:
        """The Celery queue that performs it."""
        return "default"

    def problems(self, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Every fault of the config, by pydantic; a text holding ``{{`` stands for a value of any type."""
        return problems_of(self.Config, config)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of ``Config``."""
        return self.Config.model_json_schema()

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """JSON Schema of the output for any config, faulty ones too; ``{}`` where only a run can tell.

        ``x-expression`` in it stands for what a template of the config gives.
        """
        return {}

    def read(self, rendered: Mapping[str, Any]) -> NodeConfig | Fail:
        """The config for ``perform``, once its expressions (but ``deferred`` keys) have been evaluated.

        A value that does not fit is a failure of class ``expression_error``: the document itself was judged
        when it was published, so it came from an expression. Values are never shown; they may be secret.
        """
        try:
            config = self.Config.model_validate(rendered)
        except ValidationError as error:
            faults = [
                {"pointer": pointer_of(locate(rendered, detail["loc"])[0]), "message": detail["msg"]}
                for detail in error.errors(include_url=False, include_input=False)
            ]
            return _misfit(faults)
        faults = [
            {"pointer": fault.pointer, "message": fault.message} for fault in self.Config.together(rendered)
        ]
        return _misfit(faults) if faults else config

    def perform(self, config: Any, context: Context) -> Outcome:
        """Do the work with what ``read`` gave.

        Expected failures are answered as ``Fail``; an exception that escapes counts as ``Fail`` of class
        ``node_crashed``.
        """
        raise TypeError(f"{type(self).__name__} has no perform")


def expression_failure(message: str, **data: Any) -> Fail:
    """The failure of a node whose expression gave a value it cannot use."""
    return Fail(Failure(kind="expression_error", message=message, data=data))


def failure_from(shown: Mapping[str, Any]) -> Failure:
    """The failure that ``Failure.to_json`` showed; the reverse of it."""
    return Failure(
        kind=str(shown.get("class") or "unknown"),
        message=str(shown.get("message") or ""),
        data=dict(shown.get("data") or {}),
        node=shown.get("node"),
        cause=shown.get("cause"),
    )


def region_outcome(result: Mapping[str, Any]) -> Done | Fail:
    """What a container answers when its region has ended with ``{"output": …}`` or ``{"failure": {…}}``."""
    if "failure" in result:
        return Fail(failure_from(result["failure"]))
    return Done(output=result.get("output"))


def _misfit(faults: list[dict[str, str]]) -> Fail:
    first = faults[0]
    return expression_failure(f"{first['pointer'] or 'config'}: {first['message']}", problems=faults[:20])
