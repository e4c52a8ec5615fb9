"""What a fresh platform begins with: its first administrator, and an example that is ready to run."""

from __future__ import annotations

from django.db import transaction

from fermata.accounts.models import User, Workspace
from fermata.accounts.operations import Created, ensure_first_administrator
from fermata.cli.licence_audit import WORKFLOWS
from fermata.config import env
from fermata.workflows import formats, operations
from fermata.workflows.models import Workflow

EXAMPLE = env.ROOT / "docs" / "examples" / "licence-audit"


def begin(admin_password: str | None) -> Created | None:
    """Make the default workspace, the first administrator, who owns it, and the example, published.

    The example comes in the transaction that makes the administrator, into a workspace that never had a
    workflow; so whoever changes, renames or archives it keeps what they made of it. None is returned when
    there was an administrator.
    """
    with transaction.atomic():
        created = ensure_first_administrator(admin_password)
        if created is not None:
            workspace = Workspace.objects.get(slug=created.workspace)
            # A deployment need not carry the documentation, and begins without an example then.
            if EXAMPLE.is_dir() and not Workflow.objects.filter(workspace_id=workspace.id).exists():
                _publish_example(workspace, by=User.objects.get(username=created.username))
    return created


def _publish_example(workspace: Workspace, *, by: User) -> None:
    for name in WORKFLOWS:
        source = (EXAMPLE / f"{name}.yaml").read_text(encoding="utf-8")
        workflow = operations.create(
            workspace_id=workspace.id,
            name=name,
            description=formats.from_yaml(source)["description"],
            content=operations.Content(source=source),
            by=by,
        )
        operations.publish(workflow.id, by=by)
