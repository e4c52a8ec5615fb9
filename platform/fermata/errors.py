"""Every error of the house. The docstring is the message; ``code`` is stable and public.

FermataError
├── InputError            who must act: the user
│   ├── InvalidDocument       carries problems
│   ├── InvalidInput
│   ├── ExpressionError
│   │   └── TooCostly
│   ├── PayloadTooLarge
│   ├── NotFound
│   ├── Forbidden
│   ├── Conflict
│   │   ├── IllegalMove
│   │   ├── DraftOutOfDate
│   │   ├── OutOfDate
│   │   ├── VersionIsImmutable
│   │   └── IdempotencyKeyReused
│   └── LimitExceeded
├── OperatorError         who must act: the operator
│   ├── Misconfigured
│   │   └── WrongSealingKey
│   ├── SealBroken
│   ├── ServerUnavailable
│   ├── PreviewsBusy
│   └── UnknownFormat
└── EngineError           who must act: us
    ├── LeaseLost
    ├── StaleFence
    └── InvariantBroken
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

Actor = Literal["user", "operator", "us"]


class FermataError(Exception):
    """Something went wrong in Fermata."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    actor: ClassVar[Actor] = "us"

    def __init__(self, message: str | None = None, /, *, cure: str | None = None, **data: Any) -> None:
        """``message`` replaces the docstring's sentence, ``cure`` says what to do, clients see ``data``."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.cure = cure
        self.data = data
        super().__init__(self.message)


class InputError(FermataError):
    """The request cannot be carried out as it was sent."""

    code = "invalid_request"
    actor = "user"


class InvalidDocument(InputError):
    """The workflow document has problems."""

    code = "invalid_document"

    def __init__(self, message: str | None = None, /, *, problems: list[dict[str, Any]], **data: Any) -> None:
        """``problems`` are rows of {code, severity, pointer, node_id?, message, cure, fix?}."""
        super().__init__(message, **data)
        self.problems = problems


class InvalidInput(InputError):
    """The input does not fit the declared schema."""

    code = "invalid_input"

    def __init__(
        self, message: str | None = None, /, *, problems: list[dict[str, Any]] | None = None, **data: Any
    ) -> None:
        """``problems`` are rows of {code, pointer, message, cure}."""
        super().__init__(message, **data)
        self.problems = problems or []


class ExpressionError(InputError):
    """An expression could not be evaluated."""

    code = "expression_error"


class TooCostly(ExpressionError):
    """The expression takes more than a preview may."""

    code = "expression_too_costly"

    def __init__(self, *, time: bool) -> None:
        """``time``: it takes too long; otherwise it needs too much memory."""
        super().__init__(
            "The expression takes too long." if time else "The expression needs too much memory.",
            cure="Let it read or build less, or use a foreach node.",
        )


class PayloadTooLarge(InputError):
    """The payload is larger than the limit."""

    code = "payload_too_large"


class NotFound(InputError):
    """There is no such object."""

    code = "not_found"


class Forbidden(InputError):
    """Your role does not allow this."""

    code = "forbidden"


class Conflict(InputError):
    """The object is not in a state that allows this."""

    code = "conflict"


class IllegalMove(Conflict):
    """This state cannot be left that way."""

    code = "illegal_move"


class DraftOutOfDate(Conflict):
    """Somebody changed the draft since you read it."""

    code = "draft_out_of_date"


class OutOfDate(Conflict):
    """Somebody changed it since you read it."""

    code = "out_of_date"


class VersionIsImmutable(Conflict):
    """A published version never changes; publish a new one."""

    code = "version_is_immutable"


class IdempotencyKeyReused(Conflict):
    """This idempotency key was used for a different request."""

    code = "idempotency_key_reused"


class LimitExceeded(InputError):
    """A limit was reached."""

    code = "limit_exceeded"


class OperatorError(FermataError):
    """The installation needs an operator's hand."""

    code = "operator_needed"
    actor = "operator"


class Misconfigured(OperatorError):
    """A setting is missing or wrong."""

    code = "misconfigured"


class WrongSealingKey(Misconfigured):
    """The secrets of this workspace were sealed with a key that this process does not have."""

    code = "wrong_sealing_key"


class SealBroken(OperatorError):
    """A sealed value does not belong to its row, or was damaged; it cannot be opened."""

    code = "seal_broken"


class ServerUnavailable(OperatorError):
    """A server that Fermata needs does not answer."""

    code = "server_unavailable"
    retryable = True


class PreviewsBusy(OperatorError):
    """All previews are busy."""

    code = "previews_busy"
    retryable = True

    def __init__(self) -> None:
        super().__init__(cure="Ask again in a second.", retry_after_seconds=1)


class UnknownFormat(OperatorError):
    """A plan, event or message was written by a newer Fermata; upgrade this process."""

    code = "unknown_format"


class EngineError(FermataError):
    """The engine refused to go on."""

    code = "engine_error"


class LeaseLost(EngineError):
    """The lease of this step is held by somebody else."""

    code = "lease_lost"


class StaleFence(EngineError):
    """The step was recorded by somebody else."""

    code = "stale_fence"


class InvariantBroken(EngineError):
    """A promise of the engine does not hold; this is a bug."""

    code = "invariant_broken"
