"""Writes of workflows. Each is one transaction; callers have checked workspace and right already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Now

from fermata.accounts.models import User
from fermata.errors import Conflict, DraftOutOfDate, InvalidDocument, NotFound
from fermata.graph.compile import compile_document
from fermata.graph.plan import Plan
from fermata.nodes.catalogue import catalogue
from fermata.workflows import content as contents
from fermata.workflows import naming, patches, queries, secret_readers
from fermata.workflows.content import Content, empty_document, error_count, settled, shown
from fermata.workflows.models import Draft, Version, Workflow

__all__ = [
    "Content",
    "Replaced",
    "archive",
    "compiled",
    "create",
    "duplicate",
    "freeze_draft",
    "problems",
    "publish",
    "rehearsed",
    "rename",
    "replace_document",
    "replace_draft",
    "restore",
    "save_draft",
    "shown_draft",
    "unarchive",
]

ARCHIVED = "The workflow is archived."
ARCHIVED_CURE = "Unarchive it, or duplicate it to go on."
COPIES_TRIED = 5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A draft after its document was replaced, and the definition it had before."""

    before: dict[str, Any]
    draft: Draft


def create(
    *, workspace_id: UUID, name: str, content: Content, description: str = "", by: User | None
) -> Workflow:
    """A workflow with its draft at rev 1; without definition and source the draft is an empty document.

    Raises InvalidInput, PayloadTooLarge, and Conflict when a live workflow of the workspace has the name.
    """
    checked = naming.checked(name)
    ready = settled(content, fallback=empty_document(checked))
    try:
        with transaction.atomic():
            workflow = Workflow.objects.create(
                workspace_id=workspace_id, name=checked, description=description, created_by=by
            )
            Draft.objects.create(
                workflow=workflow,
                definition=ready.definition,
                source=ready.source,
                editor=ready.editor,
                errors=error_count(ready.definition),
                updated_by=by,
            )
    except IntegrityError as error:
        raise naming.refusal(checked, workspace_id, error) from error
    return workflow


def rename(workflow_id: UUID, *, name: str | None = None, description: str | None = None) -> Workflow:
    """Change name, description or both. Raises as ``create``, and NotFound."""
    with transaction.atomic():
        workflow = _locked(workflow_id)
        if name is not None:
            workflow.name = naming.checked(name)
        if description is not None:
            workflow.description = description
        _save(workflow, "name", "description")
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
    """Put a whole new content in the draft; the same one changes nothing. Raises as ``save_draft``."""
    with transaction.atomic():
        draft = _draft_for_change(workflow_id, rev=rev)
        return _write(draft, content, by=by)


def replace_document(workflow_id: UUID, *, content: Content, rev: int | None, by: User | None) -> Replaced:
    """Put another document in the draft; positions on the canvas stay. Raises as ``save_draft``."""
    with transaction.atomic():
        draft = _draft_for_change(workflow_id, rev=rev)
        before = draft.definition
        kept = Content(content.definition, content.source, draft.editor)
        return Replaced(before=before, draft=_write(draft, kept, by=by))


def restore(workflow_id: UUID, *, number: int, rev: int | None, by: User | None) -> Draft:
    """Make a version's definition the draft's, as a new rev if it is another; positions on the canvas stay.

    Raises as ``save_draft``, and NotFound for a version that is not there.
    """
    with transaction.atomic():
        draft = _draft_for_change(workflow_id, rev=rev)
        version = queries.listed_version(workflow_id, number=number)
        return _write(draft, Content(version.definition, draft.source, draft.editor), by=by)


def problems(definition: Any, *, workspace_id: UUID | None = None) -> list[dict[str, Any]]:
    """Every problem of a definition, errors and warnings, in the shape of the interface.

    Evaluates nothing. ``workspace_id``: warn of secrets that it does not have.
    """
    found = contents.problems(definition)
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


def duplicate(
    workflow_id: UUID, *, name: str | None, version: int | Literal["latest"] | None = None, by: User | None
) -> Workflow:
    """A new workflow with the same draft, or with a version's definition; an archived one can be copied too.

    ``name`` None finds the first free "… copy". Raises as ``create``, and NotFound.
    """
    draft = queries.draft(workflow_id)
    original = queries.workflow(workflow_id)
    content = Content(draft.definition, draft.source, draft.editor)
    if version is not None:
        definition = queries.listed_version(workflow_id, number=version).definition
        content = Content(definition, draft.source, draft.editor)
    for left in range(COPIES_TRIED, -1, -1):
        try:
            return create(
                workspace_id=original.workspace_id,
                name=naming.free_copy(original) if name is None else name,
                content=content,
                description=original.description,
                by=by,
            )
        except Conflict:  # somebody took the free name at the same moment
            if name is not None or not left:
                raise
    raise AssertionError("unreachable")


def archive(workflow_id: UUID) -> None:
    """Take the workflow out of lists and references; executions and versions stay. Again changes nothing."""
    Workflow.objects.filter(id=workflow_id, archived_at=None).update(archived_at=Now(), updated_at=Now())


def unarchive(workflow_id: UUID, *, name: str | None = None) -> None:
    """Put it back, under ``name`` if its own was taken meanwhile. A live one stays as it is.

    Raises InvalidInput, NotFound, Conflict when a live workflow of the workspace has the name.
    """
    chosen = None if name is None else naming.checked(name)
    with transaction.atomic():
        workflow = _locked(workflow_id, archived=True)
        if workflow.archived_at is None:
            return
        workflow.archived_at = None
        workflow.name = chosen or workflow.name
        try:
            _save(workflow, "name", "archived_at")
        except Conflict as error:
            error.cure = 'Send {"name": …} with a name that is free, or rename the other one.'
            raise


def rehearsed(write: Callable[[], Result]) -> Result:
    """What ``write`` would answer or raise, with nothing kept of what it did."""
    with transaction.atomic():
        result = write()
        transaction.set_rollback(True)
    return result


def compiled(definition: dict[str, Any]) -> Plan:
    """The plan of a definition. Raises InvalidDocument with every problem."""
    try:
        return compile_document(definition, catalogue())
    except InvalidDocument as error:
        error.problems = [shown(problem) for problem in error.problems]
        raise


def shown_draft(draft: Draft) -> dict[str, Any]:
    """{"rev", "definition", "source"?, "editor"}: a draft in the shape of the interface."""
    body: dict[str, Any] = {"rev": draft.rev, "definition": draft.definition, "editor": draft.editor}
    return body if draft.source is None else {**body, "source": draft.source}


def _write(draft: Draft, content: Content, *, by: User | None) -> Draft:
    ready = settled(content)
    if contents.identical(ready, Content(draft.definition, draft.source, draft.editor)):
        return draft  # nothing was changed, so nobody's copy is out of date
    draft.definition, draft.source, draft.editor = ready.definition, ready.source, ready.editor
    draft.errors = error_count(ready.definition)
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
        raise Conflict(ARCHIVED, cure=ARCHIVED_CURE)
    if rev is not None and rev != draft.rev:
        raise DraftOutOfDate(
            cure="Read the draft again and repeat your change on it.", draft=shown_draft(draft)
        )
    return draft


def _draft_for_change(workflow_id: UUID, *, rev: int | None) -> Draft:
    return _draft(workflow_id, rev=rev, lock=True)


def _locked(workflow_id: UUID, *, archived: bool = False) -> Workflow:
    """The row, locked; ``archived``: also one that is archived."""
    workflow = Workflow.objects.select_for_update(no_key=True).filter(id=workflow_id).first()
    if workflow is None:
        raise NotFound("There is no such workflow.")
    if workflow.archived_at is not None and not archived:
        raise Conflict(ARCHIVED, cure=ARCHIVED_CURE)
    return workflow


def _save(workflow: Workflow, *fields: str) -> None:
    try:
        with transaction.atomic():
            workflow.save(update_fields=[*fields, "updated_at"])
    except IntegrityError as error:
        raise naming.refusal(workflow.name, workflow.workspace_id, error) from error


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
