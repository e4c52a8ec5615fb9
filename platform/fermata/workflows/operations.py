"""Writes of workflows. Each is one transaction; callers have checked workspace and right already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now

from fermata.accounts.models import User
from fermata.errors import Conflict, DraftOutOfDate, InvalidDocument, InvalidInput, NotFound
from fermata.graph.compile import compile_document
from fermata.graph.plan import Plan
from fermata.graph.validate import validate
from fermata.nodes.catalogue import catalogue
from fermata.workflows import formats, limits, patches, secret_readers
from fermata.workflows.models import Draft, Version, Workflow

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Content:
    """What a draft holds. ``definition`` None with ``source``: read from the YAML text."""

    definition: dict[str, Any] | None = None
    source: str | None = None
    editor: dict[str, Any] = field(default_factory=dict)


def create(
    *, workspace_id: UUID, name: str, content: Content, description: str = "", by: User | None
) -> Workflow:
    """A workflow with its draft at rev 1; without definition and source the draft is an empty document.

    Raises InvalidInput, PayloadTooLarge, and Conflict when a live workflow of the workspace has the name.
    """
    checked = _name(name)
    settled = _settle(content, fallback=empty_document(checked))
    try:
        with transaction.atomic():
            workflow = Workflow.objects.create(
                workspace_id=workspace_id, name=checked, description=description, created_by=by
            )
            Draft.objects.create(
                workflow=workflow,
                definition=settled.definition,
                source=settled.source,
                editor=settled.editor,
                updated_by=by,
            )
    except IntegrityError as error:
        raise _name_taken(checked, error) from error
    return workflow


def rename(workflow_id: UUID, *, name: str | None = None, description: str | None = None) -> Workflow:
    """Change name, description or both. Raises as ``create``, and NotFound."""
    with transaction.atomic():
        workflow = _locked(workflow_id)
        if name is not None:
            workflow.name = _name(name)
        if description is not None:
            workflow.description = description
        try:
            with transaction.atomic():
                workflow.save(update_fields=["name", "description", "updated_at"])
        except IntegrityError as error:
            raise _name_taken(workflow.name, error) from error
    return workflow


def save_draft(workflow_id: UUID, *, patch: Any, rev: int | None, by: User | None) -> Draft:
    """Apply an RFC 6902 patch to ``{"definition", "source", "editor"}``.

    ``rev`` is the one the client has seen (None: whatever is there). Raises DraftOutOfDate with
    ``data["draft"]``, InvalidInput, PayloadTooLarge, Conflict when a ``test`` in the patch fails or the
    workflow is archived.
    """
    with transaction.atomic():
        draft = _draft_for_change(workflow_id, rev=rev)
        before = {"definition": draft.definition, "source": draft.source, "editor": draft.editor}
        after = patches.apply(before, patch)
        content = Content(definition=after["definition"], source=after["source"], editor=after["editor"])
        return _write(draft, content, by=by)


def replace_draft(workflow_id: UUID, *, content: Content, rev: int | None, by: User | None) -> Draft:
    """Put a whole new content in the draft. Raises as ``save_draft``."""
    with transaction.atomic():
        draft = _draft_for_change(workflow_id, rev=rev)
        return _write(draft, content, by=by)


def problems(definition: Any, *, workspace_id: UUID | None = None) -> list[dict[str, Any]]:
    """Every problem of a definition, errors and warnings, in the shape of the interface.

    Evaluates nothing. ``workspace_id``: warn of secrets that it does not have.
    """
    found = [_shown(problem) for problem in validate(definition, catalogue())]
    return found if workspace_id is None else [*found, *secret_readers.missing(definition, workspace_id)]


def publish(workflow_id: UUID, *, by: User | None, rev: int | None = None) -> Version:
    """Make the draft the next listed version.

    Raises InvalidDocument with every problem, DraftOutOfDate when ``rev`` is not the draft's, Conflict when
    archived.
    """
    draft = _draft(workflow_id, rev=rev)
    plan = compiled(draft.definition)  # seconds for the largest documents: before the lock
    with transaction.atomic():
        workflow = _locked(workflow_id)
        highest = Version.objects.filter(workflow=workflow, listed=True).aggregate(n=Max("number"))["n"] or 0
        version = _version(workflow, draft, plan, number=highest + 1, listed=True, by=by)
        Workflow.objects.filter(id=workflow_id).update(updated_at=Now())
    return version


def freeze_draft(workflow_id: UUID, *, by: User | None, rev: int | None = None) -> Version:
    """The draft as an unlisted version (number 0), for one trial start; the same draft gives the same row.

    Raises as ``publish``.
    """
    draft = _draft(workflow_id, rev=rev)
    plan = compiled(draft.definition)
    frozen = Version.objects.filter(
        workflow_id=workflow_id, listed=False, draft_rev=draft.rev, digest=plan.digest
    )
    found = frozen.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return _version(draft.workflow, draft, plan, number=0, listed=False, by=by)
    except IntegrityError:
        return frozen.get()  # somebody froze it at the same moment


def duplicate(workflow_id: UUID, *, name: str | None, by: User | None) -> Workflow:
    """A new workflow with the same draft; ``name`` None finds the first free "… copy".

    Raises as ``create``.
    """
    draft = _draft(workflow_id, rev=None)
    original = draft.workflow
    content = Content(definition=draft.definition, source=draft.source, editor=draft.editor)
    chosen = name or next(_free_names(original))
    return create(
        workspace_id=original.workspace_id,
        name=chosen,
        content=content,
        description=original.description,
        by=by,
    )


def archive(workflow_id: UUID) -> None:
    """Take the workflow out of lists and references; executions and versions stay. Again changes nothing."""
    Workflow.objects.filter(id=workflow_id, archived_at=None).update(archived_at=Now(), updated_at=Now())


def compiled(definition: dict[str, Any]) -> Plan:
    """The plan of a definition. Raises InvalidDocument with every problem."""
    try:
        return compile_document(definition, catalogue())
    except InvalidDocument as error:
        error.problems = [_shown(problem) for problem in error.problems]
        raise


def empty_document(name: str) -> dict[str, Any]:
    """The document a new workflow starts with."""
    return {"schema": "fermata/1", "name": name, "nodes": [], "edges": []}


def _shown(problem: Any) -> dict[str, Any]:
    """A problem as a JSON row, keys without a value left out."""
    row = problem if isinstance(problem, dict) else problem.to_json()
    return {key: value for key, value in row.items() if value is not None}


def _settle(content: Content, *, fallback: dict[str, Any] | None = None) -> Content:
    """Definition, source and editor that belong together and can be stored."""
    definition, source = content.definition, content.source
    if source is not None:
        limits.check_source(source)
        if definition is None:
            definition = formats.from_yaml(source)
    if definition is None:
        definition = fallback
    limits.check_definition(definition)
    limits.check_editor(content.editor)
    return Content(definition=definition, source=_kept_source(source, definition), editor=content.editor)


def _kept_source(source: str | None, definition: Any) -> str | None:
    """The source while it parses to the definition, else None."""
    if source is None:
        return None
    try:
        return source if formats.from_yaml(source) == definition else None
    except InvalidInput:
        return None


def _write(draft: Draft, content: Content, *, by: User | None) -> Draft:
    settled = _settle(content)
    draft.definition, draft.source, draft.editor = settled.definition, settled.source, settled.editor
    draft.rev += 1
    draft.updated_by = by
    draft.save()
    Workflow.objects.filter(id=draft.workflow_id).update(updated_at=Now())
    return draft


def _draft(workflow_id: UUID, *, rev: int | None, lock: bool = False) -> Draft:
    rows = Draft.objects.select_related("workflow")
    draft = (rows.select_for_update(of=("self",)) if lock else rows).filter(workflow_id=workflow_id).first()
    if draft is None:
        raise NotFound("There is no such workflow.")
    if draft.workflow.archived_at is not None:
        raise Conflict("The workflow is archived.", cure="Duplicate it to go on.")
    if rev is not None and rev != draft.rev:
        raise DraftOutOfDate(
            cure="Read the draft again and repeat your change on it.", draft=shown_draft(draft)
        )
    return draft


def _draft_for_change(workflow_id: UUID, *, rev: int | None) -> Draft:
    return _draft(workflow_id, rev=rev, lock=True)


def shown_draft(draft: Draft) -> dict[str, Any]:
    """{"rev", "definition", "source"?, "editor"}: a draft in the shape of the interface."""
    shown: dict[str, Any] = {"rev": draft.rev, "definition": draft.definition, "editor": draft.editor}
    return shown if draft.source is None else {**shown, "source": draft.source}


def _locked(workflow_id: UUID) -> Workflow:
    workflow = Workflow.objects.select_for_update(no_key=True).filter(id=workflow_id).first()
    if workflow is None:
        raise NotFound("There is no such workflow.")
    if workflow.archived_at is not None:
        raise Conflict("The workflow is archived.", cure="Duplicate it to go on.")
    return workflow


def _version(
    workflow: Workflow, draft: Draft, plan: Plan, *, number: int, listed: bool, by: User | None
) -> Version:
    return Version.objects.create(
        workflow=workflow,
        workspace_id=workflow.workspace_id,
        number=number,
        digest=plan.digest,
        definition=draft.definition,
        plan=plan.to_json(),
        listed=listed,
        draft_rev=draft.rev,
        created_by=None if by is None else by.id,
    )


def _name(name: str) -> str:
    trimmed = name.strip()
    cure = f"Give it a name of 1 to {LONGEST_NAME} characters."
    if not 0 < len(trimmed) <= LONGEST_NAME or not trimmed.isprintable():
        row = {
            "code": "invalid_name",
            "pointer": "/name",
            "message": "This is no name for a workflow.",
            "cure": cure,
        }
        raise InvalidInput("This is no name for a workflow.", problems=[row])
    return trimmed


def _name_taken(name: str, error: IntegrityError) -> Exception:
    if "workflow_live_name" not in str(error):
        return error
    return Conflict(f"There is a workflow {name} already.", cure="Choose another name.", pointer="/name")


def _free_names(original: Workflow) -> Iterator[str]:
    taken = set(
        Workflow.objects.filter(workspace_id=original.workspace_id, archived_at=None).values_list(
            "name", flat=True
        )
    )
    stem = original.name[: LONGEST_NAME - 12]
    number = 1
    while True:
        candidate = f"{stem} copy" if number == 1 else f"{stem} copy {number}"
        if candidate not in taken:
            yield candidate
        number += 1
