"""Drafts, versions, references; in the database."""

from __future__ import annotations

import uuid

import pytest
from django.db import Error, connection, transaction

from fermata.errors import Conflict, InvalidDocument, NotFound, VersionIsImmutable
from fermata.graph.plan import Plan
from fermata.workflows import operations, queries
from fermata.workflows.models import Version
from fermata.workflows.operations import Content
from tests.factories import VersionFactory, WorkflowFactory, WorkspaceFactory, document

pytestmark = pytest.mark.django_db


def test_a_version_refuses_to_change_in_code_and_in_the_database():
    version = VersionFactory()
    version.number = 9
    with pytest.raises(VersionIsImmutable):
        version.save()
    with pytest.raises(VersionIsImmutable):
        version.delete()
    for change in (
        lambda rows: rows.update(number=9),
        lambda rows: rows.update(plan={}),
        lambda rows: rows.delete(),
    ):
        with pytest.raises(Error), transaction.atomic():
            change(Version.objects.filter(id=version.id))
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as database:
        database.execute("DELETE FROM fermata_version WHERE id = %s", [version.id])
    assert Version.objects.get(id=version.id).number == 1


def test_a_version_holds_the_plan_that_its_definition_compiles_to():
    workflow = WorkflowFactory()
    version = operations.publish(workflow.id, by=None)
    plan = operations.compiled(document())
    assert version.digest == plan.digest
    assert Plan.from_json(Version.objects.get(id=version.id).plan) == plan


def test_the_editors_notes_never_change_a_digest():
    workflow = WorkflowFactory()
    first = operations.publish(workflow.id, by=None)
    patch = [{"op": "add", "path": "/editor/hello", "value": {"x": 10}}]
    operations.save_draft(workflow.id, patch=patch, rev=1, by=None)
    assert operations.publish(workflow.id, by=None).digest == first.digest


def test_an_invalid_draft_makes_no_version():
    workflow = WorkflowFactory(definition={"nodes": 5})
    with pytest.raises(InvalidDocument) as caught:
        operations.publish(workflow.id, by=None)
    assert all(isinstance(row, dict) and row["pointer"] is not None for row in caught.value.problems)
    with pytest.raises(InvalidDocument):
        operations.freeze_draft(workflow.id, by=None)
    assert not Version.objects.filter(workflow=workflow).exists()


class TestResolve:
    def test_a_reference_is_a_name_or_an_id_and_latest_means_the_newest_listed(self):
        workflow = WorkflowFactory()
        for _ in range(2):
            operations.publish(workflow.id, by=None)
        operations.freeze_draft(workflow.id, by=None)
        for ref in (workflow.name, str(workflow.id)):
            assert queries.resolve(workflow.workspace_id, ref, "latest").number == 2
            assert queries.resolve(workflow.workspace_id, ref, 1).number == 1

    def test_other_workspaces_do_not_exist(self):
        workflow = VersionFactory().workflow
        for ref in (workflow.name, str(workflow.id)):
            with pytest.raises(NotFound):
                queries.resolve(WorkspaceFactory().id, ref, "latest")

    def test_an_archived_a_missing_and_an_unpublished_one_are_not_found(self):
        workflow = VersionFactory().workflow
        with pytest.raises(NotFound):
            queries.resolve(workflow.workspace_id, workflow.name, 7)
        operations.archive(workflow.id)
        for ref in (workflow.name, "nothing", str(uuid.uuid4())):
            with pytest.raises(NotFound):
                queries.resolve(workflow.workspace_id, ref, "latest")
        fresh = WorkflowFactory()
        with pytest.raises(NotFound):
            queries.resolve(fresh.workspace_id, fresh.name, "latest")


def test_an_archived_workflow_is_not_changed():
    workflow = WorkflowFactory()
    operations.archive(workflow.id)
    operations.archive(workflow.id)
    for change in (
        lambda: operations.publish(workflow.id, by=None),
        lambda: operations.rename(workflow.id, name="x"),
        lambda: operations.save_draft(workflow.id, patch=[], rev=1, by=None),
    ):
        with pytest.raises(Conflict):
            change()


def test_without_definition_and_source_a_draft_is_an_empty_document():
    workflow = operations.create(workspace_id=WorkspaceFactory().id, name="new", content=Content(), by=None)
    assert queries.draft(workflow.id).definition == {
        "schema": "fermata/1",
        "name": "new",
        "nodes": [],
        "edges": [],
    }
