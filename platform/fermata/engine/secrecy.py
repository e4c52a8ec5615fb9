"""Secrets while one node is performed: opened for it alone, and taken out of whatever it answers.

They are bound in an evaluator of the node's own; the one that decides edges and joins never sees them.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from fermata.accounts.sealing import Opened
from fermata.engine.context import Evaluator
from fermata.errors import SealBroken, WrongSealingKey
from fermata.graph.plan import PlanNode
from fermata.machine.outcomes import Fail, Failure, Outcome
from fermata.nodes.redaction import redact, secret_forms

logger = logging.getLogger(__name__)

Opener = Callable[[str, Sequence[str]], Mapping[str, Opened]]
"""(workspace id, names) → those of the secrets that exist. Raises WrongSealingKey, SealBroken."""
READ = "secret:"
CARRIERS = frozenset(
    {"output", "message", "data", "cause", "failure", "writes", "value", "children", "input", "items"}
)
"""The parts of an outcome that hold what came from the node; names and ports choose the way and stay."""


def held(values: Mapping[str, str | Opened]) -> Opener:
    """An opener that knows these secrets, in every workspace: for one process alone."""
    known = {name: value if isinstance(value, Opened) else Opened(value) for name, value in values.items()}
    return lambda _workspace, names: {name: known[name] for name in names if name in known}


@dataclass(frozen=True, slots=True)
class Secrecy:
    """The secrets of one performance, and every form in which they may turn up."""

    opened: Mapping[str, Opened]
    forms: tuple[str, ...] = ()

    @property
    def hosts(self) -> dict[str, tuple[str, ...]]:
        """Name → where it may be sent, of those that may not be sent everywhere."""
        return {name: secret.hosts for name, secret in self.opened.items() if secret.hosts}

    def evaluator(self, evaluator: Evaluator) -> Evaluator:
        """One that sees the secrets too."""
        if not self.opened:
            return evaluator
        values = {name: secret.value for name, secret in self.opened.items()}
        return evaluator.with_bound(secrets=values)

    def masked(self, outcome: Outcome) -> Outcome:
        """The outcome without any form of a secret."""
        return _masked(outcome, self.forms) if self.forms else outcome

    def log_crash(self, node: PlanNode) -> None:
        """The traceback of the exception being handled, without any form of a secret."""
        shown = redact(traceback.format_exc(), self.forms)
        logger.error("Node %s of type %s crashed\n%s", node.id, node.type, shown)


NOTHING_SECRET = Secrecy({})


def secrecy_of(node: PlanNode, workspace_id: str, *, opener: Opener, checks_hosts: bool) -> Secrecy | Fail:
    """The secrets the node reads, opened; or the failure that says what is in the way.

    ``checks_hosts``: the node's type keeps to the lists of hosts; others may use only secrets without one.
    """
    names = [read.removeprefix(READ) for read in node.reads if read.startswith(READ)]
    if not names:
        return NOTHING_SECRET
    try:
        opened = opener(workspace_id, names)
    except (WrongSealingKey, SealBroken) as error:
        return Fail(Failure(error.code, f"{error.message} {error.cure or ''}".strip(), node=node.id))
    missing = [name for name in names if name not in opened]
    if missing:
        listed = ", ".join(missing)
        message = f"The workspace has no secret {listed}; add it under secrets, then run this again."
        return Fail(Failure("secret_missing", message, data={"secrets": missing}, node=node.id))
    bound = next((name for name in names if opened[name].hosts), None)
    if bound is not None and not checks_hosts:
        message = (
            f"The secret {bound} may be sent to its hosts only, which a {node.type} node cannot promise."
        )
        return Fail(Failure("host_not_allowed", message, data={"secret": bound}, node=node.id))
    return Secrecy(opened, secret_forms([secret.value for secret in opened.values()]))


def _masked(value: Any, forms: tuple[str, ...]) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        carried = [each.name for each in fields(value) if each.name in CARRIERS]
        return replace(value, **{name: _masked(getattr(value, name), forms) for name in carried})
    if isinstance(value, tuple):
        return tuple(_masked(part, forms) for part in value)
    return redact(value, forms)
