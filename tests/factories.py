"""Rows for tests, made with factory-boy, and small documents."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from fermata.accounts import vault
from fermata.accounts.models import Membership, Secret, User, Workspace
from fermata.accounts.permissions import Role
from fermata.engine.models import Approval, Event, Execution, Payload, Region, Step
from fermata.workflows.models import Draft, Version, Workflow
from fermata.workflows.operations import compiled


def document(**changes: Any) -> dict[str, Any]:
    """A valid document of one node."""
    base = {
        "schema": "fermata/1",
        "name": "greet",
        "inputs": {"type": "object", "properties": {"who": {"type": "string"}}},
        "nodes": [{"id": "hello", "type": "transform", "config": {"output": {"text": "hello"}}}],
        "edges": [],
    }
    return {**base, **changes}


class WorkspaceFactory(DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    slug = factory.Sequence(lambda n: f"team-{n}")
    name = factory.LazyAttribute(lambda row: row.slug.title())


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    email = factory.LazyAttribute(lambda row: f"{row.username}@example.org")
    password = factory.django.Password("a good password")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    workspace = factory.SubFactory(WorkspaceFactory)
    role = Role.EDITOR.value


class SecretFactory(DjangoModelFactory[Secret]):
    """A secret whose text is ``value``."""

    class Meta:
        model = Secret

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"secret_{n}")
    value = "a value nobody reads"

    @classmethod
    def _create(cls, model_class: type[Secret], *_: Any, **given: Any) -> Secret:
        assert model_class is Secret
        return vault.create(workspace_id=given.pop("workspace").id, by=given.pop("by", None), **given)


class WorkflowFactory(DjangoModelFactory[Workflow]):
    class Meta:
        model = Workflow
        skip_postgeneration_save = True

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"workflow {n}")

    @factory.post_generation
    def definition(self, created: Any, extracted: dict[str, Any] | None, **_: Any) -> None:
        if created:
            Draft.objects.create(workflow=self, definition=extracted or document(), editor={})


class VersionFactory(DjangoModelFactory[Version]):
    """A listed version with its compiled plan."""

    class Meta:
        model = Version

    workflow = factory.SubFactory(WorkflowFactory)
    workspace_id = factory.SelfAttribute("workflow.workspace_id")
    number = 1
    definition = factory.LazyFunction(document)
    plan = factory.LazyAttribute(lambda row: compiled(row.definition).to_json())
    digest = factory.LazyAttribute(lambda row: row.plan["digest"])


class ExecutionFactory(DjangoModelFactory[Execution]):
    class Meta:
        model = Execution

    class Params:
        of = factory.SubFactory(VersionFactory)

    id = factory.LazyFunction(uuid.uuid4)
    workspace_id = factory.SelfAttribute("of.workspace_id")
    workflow_id = factory.SelfAttribute("of.workflow_id")
    version_id = factory.SelfAttribute("of.id")
    version = factory.SelfAttribute("of.number")
    status = "running"
    root_id = factory.SelfAttribute("id")
    created_at = factory.LazyFunction(timezone.now)


class RegionFactory(DjangoModelFactory[Region]):
    """The root region of ``execution``."""

    class Meta:
        model = Region

    class Params:
        execution = factory.SubFactory(ExecutionFactory)

    id = factory.LazyFunction(uuid.uuid4)
    workspace_id = factory.SelfAttribute("execution.workspace_id")
    execution_id = factory.SelfAttribute("execution.id")
    name = "root"
    kind = "root"
    path = factory.LazyFunction(list)
    state = "open"


class StepFactory(DjangoModelFactory[Step]):
    class Meta:
        model = Step

    class Params:
        region = factory.SubFactory(RegionFactory)

    id = factory.LazyFunction(uuid.uuid4)
    workspace_id = factory.SelfAttribute("region.workspace_id")
    execution_id = factory.SelfAttribute("region.execution_id")
    region_id = factory.SelfAttribute("region.id")
    node_id = factory.Sequence(lambda n: f"node{n}")
    kind = "node"
    iteration = 0
    state = "succeeded"
    ready_at = factory.LazyFunction(timezone.now)


class EventFactory(DjangoModelFactory[Event]):
    class Meta:
        model = Event

    class Params:
        execution = factory.SubFactory(ExecutionFactory)

    execution_id = factory.SelfAttribute("execution.id")
    workspace_id = factory.SelfAttribute("execution.workspace_id")
    type = "StepSucceeded"
    at = factory.LazyFunction(timezone.now)


class ApprovalFactory(DjangoModelFactory[Approval]):
    class Meta:
        model = Approval

    class Params:
        step = factory.SubFactory(StepFactory, state="waiting")

    id = factory.LazyFunction(uuid.uuid4)
    workspace_id = factory.SelfAttribute("step.workspace_id")
    execution_id = factory.SelfAttribute("step.execution_id")
    step_id = factory.SelfAttribute("step.id")
    title = "Large batch"
    assignees = factory.LazyFunction(list)
    created_at = factory.LazyFunction(timezone.now)


def payload(workspace_id: uuid.UUID, value: Any) -> bytes:
    """Store a value; its digest."""
    text = json.dumps(value)
    digest = hashlib.sha256(workspace_id.bytes + text.encode()).digest()
    Payload.objects.get_or_create(
        digest=digest, defaults={"workspace_id": workspace_id, "size": len(text.encode()), "body": value}
    )
    return digest
