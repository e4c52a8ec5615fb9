"""The tables of workflows.

Documents are ``json``, not ``jsonb``: key order and numbers stay as people wrote them.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models

from fermata.accounts.models import User, Workspace
from fermata.errors import VersionIsImmutable


class DocumentField(models.Field):  # type: ignore[type-arg]
    """A ``json`` column that holds a JSON object, kept as text by the database."""

    def db_type(self, connection: Any) -> str:
        """``json``."""
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The object: the driver parses ``json`` by itself (Django asks for text of ``jsonb`` only)."""
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        """JSON text. Raises ValueError for NaN and infinities."""
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


class Workflow(models.Model):
    """A named thing people edit."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="workflows")
    name = models.CharField(max_length=200)
    description = models.TextField(default="", blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "fermata_workflow"
        constraints = (
            models.UniqueConstraint(
                fields=["workspace", "name"], name="workflow_live_name", condition=models.Q(archived_at=None)
            ),
        )
        indexes = (
            models.Index(
                fields=["workspace", "-updated_at", "-id"],
                name="workflow_newest",
                condition=models.Q(archived_at=None),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """What is being edited: one per workflow. ``rev`` grows by one with every change."""

    workflow = models.OneToOneField(
        Workflow, primary_key=True, on_delete=models.CASCADE, related_name="draft"
    )
    rev = models.IntegerField(default=1)
    definition = DocumentField()
    source = models.TextField(
        null=True, help_text="the YAML text with comments, while it parses to the definition"
    )
    editor = DocumentField(help_text="positions, collapsed groups, sizes of notes")
    errors = models.IntegerField(
        null=True, help_text="how many keep it from being published, as of its last save; null: not judged"
    )
    updated_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "fermata_draft"

    def __str__(self) -> str:
        return f"draft {self.rev} of {self.workflow_id}"


class Version(models.Model):
    """An immutable snapshot with its compiled plan; the database refuses to change or delete one.

    ``number`` counts from 1 within the workflow; 0 with ``listed`` False is a draft frozen for a trial start.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    workspace_id = models.UUIDField()
    number = models.IntegerField()
    digest = models.CharField(max_length=64, help_text="sha-256 of the canonical document, in hex")
    definition = DocumentField()
    plan = DocumentField()
    listed = models.BooleanField(default=True)
    draft_rev = models.IntegerField(null=True, help_text="the draft's rev it was made from")
    created_by = models.UUIDField(
        null=True, help_text="the user; a plain id, so that users can go and versions stay"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "fermata_version"
        constraints = (
            models.UniqueConstraint(
                fields=["workflow", "number"], name="version_number_once", condition=models.Q(listed=True)
            ),
            models.UniqueConstraint(
                fields=["workflow", "draft_rev", "digest"],
                name="version_frozen_once",
                condition=models.Q(listed=False),
            ),
        )

    def __str__(self) -> str:
        return f"version {self.number} of {self.workflow_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert once. Raises VersionIsImmutable for any later save."""
        if not self._state.adding:
            raise VersionIsImmutable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises VersionIsImmutable."""
        raise VersionIsImmutable
