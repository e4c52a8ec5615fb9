"""Invoking a node type for one claimed step: config rendered and read, limits armed.

Whatever goes wrong in here is turned into a failure of the node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fermata.engine import faultpoints
from fermata.engine.context import Evaluator, node_context
from fermata.engine.dispatch import Dispatcher
from fermata.engine.ledger import Ledger
from fermata.engine.secrecy import Opener, Secrecy, secrecy_of
from fermata.engine.wire import kept
from fermata.errors import ExpressionError, FermataError, InvalidInput, LeaseLost, NotFound
from fermata.graph import inputs
from fermata.graph.plan import ROOT, Plan, PlanNode
from fermata.machine.outcomes import Done, Expired, Fail, Failure, Outcome, Rest, Spawn
from fermata.machine.view import Claim
from fermata.nodes.contract import Context, failure_from

DEEPEST = 20


class Plans(Protocol):
    """Compiled plans by version."""

    def plan(self, version_id: str) -> Plan:
        """The version's plan, cached."""
        ...

    def resolve(self, workspace_id: str, workflow: str, version: int | str) -> tuple[str, str, int]:
        """(workflow id, version id, number) a sub-workflow reference means now. Raises NotFound."""
        ...


class Parts(Protocol):
    """What an invocation needs of the performer's parts."""

    ledger: Ledger
    plans: Plans
    types: Any
    dispatcher: Dispatcher
    call_task: Callable[..., Any] | None
    allowed_hosts: tuple[str, ...]

    @property
    def open_secrets(self) -> Opener:
        """Gives the secrets of a workspace."""
        ...

    @property
    def time_limit(self) -> Callable[[float | None], AbstractContextManager[Any]]:
        """Raises TimeoutError inside after so many seconds."""
        ...


class Invocation:
    """Calls node types. One step at a time."""

    def __init__(self, parts: Parts) -> None:
        """``parts``: types, ledger, plans and limits."""
        self.parts = parts
        self._input: tuple[str, Any] | None = None

    def __call__(self, plan: Plan, claim: Claim, evaluator: Evaluator, live: Callable[[], None]) -> Outcome:
        """What the node answers; whatever goes wrong inside it is the node's failure, not the engine's."""
        self._input = None
        node = plan.nodes[claim.step.node]
        forced = self._forced(plan, node, claim)
        if forced is not None:
            return forced
        node_type = self.parts.types.find(node.type, node.type_version)
        if node_type is None:
            return Fail(Failure("unknown_type", f"This worker does not know the node type {node.type!r}."))
        secrecy = secrecy_of(
            node,
            claim.execution.workspace_id,
            opener=self.parts.open_secrets,
            checks_hosts=node_type.checks_hosts,
        )
        if isinstance(secrecy, Fail):
            return secrecy
        return secrecy.masked(self._attempt(plan, node_type, claim, evaluator, live=live, secrecy=secrecy))

    def _attempt(
        self,
        plan: Plan,
        node_type: Any,
        claim: Claim,
        evaluator: Evaluator,
        *,
        live: Callable[[], None],
        secrecy: Secrecy,
    ) -> Outcome:
        node = plan.nodes[claim.step.node]
        evaluator = secrecy.evaluator(evaluator)
        try:
            self._children_outputs(claim.step.resume)
            context = node_context(
                plan,
                node,
                claim,
                evaluator,
                live=live,
                call_task=self.parts.call_task,
                allowed_hosts=self.parts.allowed_hosts,
                secret_hosts=secrecy.hosts,
            )
            return self._resolved(claim, self._perform(node, node_type, claim, evaluator, context=context))
        except LeaseLost:
            raise
        except ExpressionError as error:
            return Fail(Failure("expression_error", error.message, data=_json_data(error.data), node=node.id))
        except TimeoutError:
            message = f"The node took longer than its timeout of {node.timeout_seconds} s."
            return Fail(Failure("timeout", message, retryable=True, node=node.id))
        except FermataError as error:
            return Fail(Failure(error.code, error.message, retryable=error.retryable, node=node.id))
        except Exception as error:  # noqa: BLE001 - whatever else a node raises is its own failure
            secrecy.log_crash(node)
            return Fail(Failure("node_crashed", f"{type(error).__name__}: {error}"[:500], node=node.id))

    def input_of(self, claim: Claim) -> tuple[Any, bool]:
        """What an effectful node was given, to be kept with its step; a pure one's can be worked out."""
        if self._input is None or self._input[0] != claim.step.id:
            return None, False
        return self._input[1], True

    def _perform(
        self, node: PlanNode, node_type: Any, claim: Claim, evaluator: Evaluator, *, context: Context
    ) -> Outcome:
        config = self._config(node_type, node, claim, evaluator)
        if isinstance(config, Fail):
            return config
        faultpoints.reached("before_effect")
        with self.parts.time_limit(node.timeout_seconds):
            return node_type.perform(config, context)  # type: ignore[no-any-return]

    def _forced(self, plan: Plan, node: PlanNode, claim: Claim) -> Outcome | None:
        """An outcome decided elsewhere: by a person, by recovery, by the timeout of what it waits for."""
        step = claim.step
        resume: Mapping[str, Any] = step.resume or {}
        kind = resume.get("kind")
        if kind == "failure":
            return Fail(failure_from(resume["failure"]))
        if kind == "output":
            return Done(resume["output"])
        late = Failure(
            "timeout", f"It was not done within its timeout of {node.timeout_seconds} s.", retryable=True
        )
        if kind == "timeout" and node.id in plan.regions:
            return Expired(late)
        if kind == "timeout" and node.type == "sub_workflow":
            ending = self.parts.ledger.end_children(step.id)
            self.parts.dispatcher.ring(ending.rings)
            return Rest(late) if ending.left else Fail(late)
        if kind == "children" and (step.error or {}).get("class") == "timeout":
            return Fail(late)
        return None

    def _children_outputs(self, resume: dict[str, Any] | None) -> None:
        """A child without a declared output answers with its sinks' outputs, by node id."""
        for child in (resume or {}).get("children") or ():
            if child["status"] == "succeeded" and not child.pop("has_output"):
                sinks = self.parts.plans.plan(child["version_id"]).regions[ROOT].sinks
                child["output"] = self.parts.ledger.outputs(child["id"], sinks)

    def _config(self, node_type: Any, node: PlanNode, claim: Claim, evaluator: Evaluator) -> Any:
        if (claim.step.resume or {}).get("kind") == "region":
            return node_type.Config.model_construct(**node.config)
        rendered = {
            key: value if key in node_type.deferred else evaluator(value)
            for key, value in node.config.items()
        }
        if node.effect != "pure":
            given = _without_secrets(node, rendered)
            kept(given)  # refused before the effect: afterwards it would stop the record
            self._input = (claim.step.id, given)
        return node_type.read(rendered)

    def _resolved(self, claim: Claim, outcome: Outcome) -> Outcome:
        """A Spawn whose workflows exist and that is not too deep; otherwise the failure that says so."""
        if not isinstance(outcome, Spawn):
            return outcome
        if claim.execution.depth + 1 > DEEPEST:
            message = f"Sub-workflows are nested more than {DEEPEST} deep."
            return Fail(Failure("recursion_limit", message, data={"limit": DEEPEST}))
        try:
            for child in outcome.children:
                _, version_id, _ = self.parts.plans.resolve(
                    claim.execution.workspace_id, child.workflow, child.version
                )
                schema = self.parts.plans.plan(version_id).inputs
                if schema:
                    inputs.check(schema, child.input if child.input is not None else {})
        except NotFound as error:
            return Fail(Failure("workflow_not_found", error.message))
        except InvalidInput as error:
            return Fail(Failure("invalid_input", error.message, data={"problems": error.problems[:5]}))
        return outcome


def _without_secrets(node: PlanNode, rendered: dict[str, Any]) -> dict[str, Any]:
    """The rendered config, with the template itself where it reads a secret (secrets are never stored)."""
    if not any(read.startswith("secret:") for read in node.reads):
        return rendered
    return {
        key: node.config[key] if "secrets" in str(node.config[key]) else value
        for key, value in rendered.items()
    }


def _json_data(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in data.items() if isinstance(value, (str, int, float, bool, type(None)))
    }
