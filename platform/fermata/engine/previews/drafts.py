"""Sketches of drafts, kept for as long as a draft stays as it is: a person who types asks many times."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from fermata.errors import DraftOutOfDate, InvalidInput
from fermata.graph.sketch import Sketch, sketched
from fermata.nodes.catalogue import catalogue
from fermata.workflows import queries
from fermata.workflows.models import Draft
from fermata.workflows.operations import shown_draft

KEPT = 8


def sketch(workflow_id: UUID, *, rev: int | None = None) -> tuple[Sketch, int]:
    """(what can be told of the draft, its rev).

    Raises NotFound, DraftOutOfDate when ``rev`` is not the draft's, InvalidInput when it is no document.
    """
    current = queries.draft_rev(workflow_id)
    if rev is not None and rev != current:
        raise _out_of_date(workflow_id)
    try:
        return _sketch(workflow_id, current), current
    except DraftOutOfDate:
        if rev is not None:
            raise
    draft = queries.draft(workflow_id)  # it was saved between the two
    return _sketched(draft), draft.rev


@lru_cache(maxsize=KEPT)
def _sketch(workflow_id: UUID, rev: int) -> Sketch:
    draft = queries.draft(workflow_id)
    if draft.rev != rev:
        raise _out_of_date(workflow_id)
    return _sketched(draft)


def _sketched(draft: Draft) -> Sketch:
    found = sketched(draft.definition, catalogue())
    if found is None:
        cure = "Validate the draft and mend what it names."
        row = {
            "code": "unreadable_draft",
            "pointer": "",
            "message": "The draft cannot be read.",
            "cure": cure,
        }
        raise InvalidInput(row["message"], cure=cure, problems=[row])
    return found


def _out_of_date(workflow_id: UUID) -> DraftOutOfDate:
    return DraftOutOfDate(
        cure="Read the draft again and ask with its rev.", draft=shown_draft(queries.draft(workflow_id))
    )
