"""What clients may say on the stream of an execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from fermata.accounts.queries import Principal
from fermata.api.frames import StreamCommand
from fermata.engine import operations
from fermata.errors import FermataError

COMMANDS: dict[str, tuple[str, Callable[..., str]]] = {
    "pause": ("execution.pause", operations.pause),
    "resume": ("execution.resume", operations.resume),
}
"""Name → the action it needs, and the operation."""


def understood(text: str | bytes) -> StreamCommand | dict[str, Any]:
    """The command that a message is, or the problem frame that says why it is none."""
    try:
        given = orjson.loads(text)
    except ValueError:
        return problem("invalid_message", "This message is not JSON.", cure='Send {"type": "pause"}.')
    try:
        command = StreamCommand.model_validate(given)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"/{part}" for part in detail["loc"])
        return problem(
            "invalid_message",
            f"This message is not understood: {place or 'it'}: {detail['msg']}.",
            cure=f"Send an object with `type`, one of {', '.join(COMMANDS)}, and perhaps `id`.",
        )
    if command.type not in COMMANDS:
        return problem(
            "unknown_message",
            f"There is no command {command.type!r}.",
            cure=f"Known are: {', '.join(COMMANDS)}.",
            ref=command.id,
        )
    return command


def carried_out(
    command: StreamCommand, principal: Principal, *, execution_id: UUID, workspace_id: UUID
) -> Any:
    """Carry a command out; the frame that answers it."""
    action, operation = COMMANDS[command.type]
    refusal = principal.refusal(workspace_id, action)
    if refusal is not None:
        return problem("forbidden", refusal, cure="Ask an administrator of the workspace.", ref=command.id)
    try:
        status = operation(execution_id, by=principal.name)
    except FermataError as error:
        return problem(error.code, error.message, cure=error.cure, ref=command.id)
    return {"type": "answer", "id": command.id, "command": command.type, "status": status}


def problem(code: str, detail: str, *, cure: str | None = None, ref: str | None = None) -> dict[str, Any]:
    """A problem frame."""
    return {"type": "problem", "id": ref, "code": code, "detail": detail, "cure": cure}
