"""Names of workflows: which are names, and which are free among the live ones of a workspace."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError

from fermata.errors import Conflict, InvalidInput
from fermata.workflows.models import Workflow

LONGEST_NAME = 200
CONSTRAINT = "workflow_live_name"


def checked(name: str) -> str:
    """The name without white space around it. Raises InvalidInput for what is no name."""
    trimmed = name.strip()
    if not 0 < len(trimmed) <= LONGEST_NAME or not trimmed.isprintable():
        row = {
            "code": "invalid_name",
            "pointer": "/name",
            "message": "This is no name for a workflow.",
            "cure": f"Give it a name of 1 to {LONGEST_NAME} characters.",
        }
        raise InvalidInput(row["message"], problems=[row])
    return trimmed


def refusal(name: str, workspace_id: UUID, error: IntegrityError) -> Exception:
    """What to raise when the database refused a workflow: Conflict naming the one that has the name."""
    if CONSTRAINT not in str(error):
        return error
    rows = Workflow.objects.filter(workspace_id=workspace_id, name=name, archived_at=None)
    holder = rows.values_list("id", flat=True).first()
    return Conflict(
        f"There is a workflow {name} already.",
        cure="Choose another name.",
        pointer="/name",
        workflow_id=None if holder is None else str(holder),
    )


def free_copy(original: Workflow) -> str:
    """The first free name of "… copy", "… copy 2" and so on."""
    live = Workflow.objects.filter(workspace_id=original.workspace_id, archived_at=None)
    stem = f"{original.name[: LONGEST_NAME - 12]} copy"
    taken = set(live.filter(name__startswith=stem).values_list("name", flat=True))
    number = 1
    while (candidate := stem if number == 1 else f"{stem} {number}") in taken:
        number += 1
    return candidate
