"""Starts one execution in a process of its own, as the web does, so that it can be killed on the way."""

from __future__ import annotations

import sys

import django


def main(version_id: str) -> None:
    """Start the version once."""
    django.setup()
    from fermata.engine import operations  # noqa: PLC0415 - after Django is set up
    from fermata.workflows.models import Version  # noqa: PLC0415

    version = Version.objects.get(id=version_id)
    operations.start(workspace_id=version.workspace_id, version=version, input=None, started_by="test:crash")


if __name__ == "__main__":
    main(sys.argv[1])
