"""The running service answers as its description says: to what it allows, what it forbids, in sequences."""

from __future__ import annotations

import json
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


def sequences(events: Path) -> int:
    """How many stateful scenarios went from one operation's answer to another operation."""
    rows = [json.loads(line).get("ScenarioFinished", {}) for line in events.read_text().splitlines()]
    cases = [row["recorder"].get("cases", {}) for row in rows if row.get("phase") == "stateful"]
    return sum(any(case["is_transition_applied"] for case in found.values()) for found in cases)


@pytest.fixture
def web(transactional_db: None, redis_url: str) -> Iterator[Web]:
    """The web process on the test's database."""
    service = Web()
    service.start()
    yield service
    service.stop()


@pytest.mark.parametrize(
    ("phases", "share"),
    [("examples,coverage,fuzzing", 0.7), ("stateful", 0.3)],
    ids=["alone", "in sequences"],
)
def test_the_service_conforms_to_its_description(web: Web, tmp_path: Path, phases: str, share: float) -> None:
    workspace = WorkspaceFactory()
    owner = MembershipFactory(workspace=workspace, role="owner").user
    for _ in range(3):
        ExecutionFactory(of=VersionFactory(workflow__workspace=workspace))
    SecretFactory(workspace=workspace)
    token = accounts.create_token(owner, workspace_id=workspace.id, name="conformance").text
    sys.stdout.write(f"FERMATA_CONFORMANCE_SEED={SEED}\n")
    found = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run",
            f"http://{web.address}/api/v1/schema", "--header", f"Authorization: Bearer {token}",
            "--phases", phases, "--max-time", str(int(SECONDS * share)), "--seed", SEED,
            "--continue-on-failure", "--no-color",
            "--report-json-path", "run.json", "--report-ndjson-path", "events.ndjson",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS + 90, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["complete"], report["stop_reason"]
    assert report["failures"] == report["errors"] == []
    assert report["operations"]["selected"] == report["operations"]["total"] > 80
    if phases == "stateful":
        assert report["phases"]["stateful"]["status"] == "success"
        assert sequences(tmp_path / "events.ndjson") >= 3
    else:
        assert report["operations"]["tested"] == report["operations"]["total"]
    assert web.process is not None
    assert web.process.poll() is None
