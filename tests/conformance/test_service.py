"""The running service answers as its description says: to what it allows, what it forbids, in sequences."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fermata.accounts import operations as accounts
from tests.factories import (
    ExecutionFactory,
    MembershipFactory,
    SecretFactory,
    VersionFactory,
    WorkspaceFactory,
)
from tests.integration.api.servers import Web

SECONDS = int(os.environ.get("FERMATA_CONFORMANCE_SECONDS", "35"))
"""How long requests are made up. `make conformance` takes five minutes."""
SEED = os.environ.get("FERMATA_CONFORMANCE_SEED", "20261126")
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def web(transactional_db: None, redis_url: str) -> Iterator[Web]:
    """The web process on the test's database."""
    service = Web()
    service.start()
    yield service
    service.stop()


def test_the_service_conforms_to_its_description(web: Web, tmp_path: Path) -> None:
    workspace = WorkspaceFactory()
    owner = MembershipFactory(workspace=workspace, role="owner").user
    for _ in range(3):
        ExecutionFactory(of=VersionFactory(workflow__workspace=workspace))
    SecretFactory(workspace=workspace)
    token = accounts.create_token(owner, workspace_id=workspace.id, name="conformance").text
    found = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run",
            f"http://{web.address}/api/v1/schema", "--header", f"Authorization: Bearer {token}",
            "--checks", "all", "--max-time", str(SECONDS), "--seed", SEED, "--continue-on-failure",
            "--no-color", "--exclude-path", "/api/v1/session",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 90, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
    assert "Stateful" in found.stdout
    assert web.process is not None
    assert web.process.poll() is None
