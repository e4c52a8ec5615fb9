from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fermata.config import env
from fermata.config.stack import processes

Demo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "short.txt"
    path.write_text("celery==5.7.0\norjson==3.11\nno-such-package==1.0\n", encoding="utf-8")
    return path


@pytest.fixture
def service(environ: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """`manage.py run`, ready."""
    with (tmp_path / "run.log").open("wb") as log:
        process = processes.spawn(
            [sys.executable, env.ROOT / "manage.py", "run"], environ=environ, output=log.fileno()
        )
        address = f"http://localhost:{environ['FERMATA_PORT']}"
        assert processes.wait_until(lambda: is_ready(address), seconds=90, pause=0.2), (
            tmp_path / "run.log"
        ).read_text()
        yield address
        assert processes.stop(process, signal.SIGINT, seconds=40)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.timeout(240)
def test_a_short_file_becomes_a_report_from_an_empty_folder(
    demo: Demo, file: Path, environ: dict[str, str]
) -> None:
    done = demo("--file", str(file), "--yes")
    home = Path(environ["FERMATA_HOME"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "First administrator: admin" in done.stdout
    assert "published  licence-audit version 1\n" in done.stdout, "the one of the first start, unchanged"
    assert "2 of 3 packages read, 1 failed." in done.stdout
    report = json.loads((home / "demo" / "licence-audit.json").read_text())
    assert {row["name"]: row["family"] for row in report["packages"]} == {
        "celery": "permissive",
        "orjson": "weak_copyleft",
    }
    assert [(row["name"], row["class"]) for row in report["errors"]] == [
        ("no-such-package", "package_not_installed")
    ]
    assert report["decision"]["comment"] == "accepted with YES=1"
    assert {row["family"] for row in report["families"]} == {"permissive", "weak_copyleft"}
    assert "| celery |" in (home / "demo" / "licence-audit.md").read_text()
    assert "First administrator" not in (home / "log" / "demo.log").read_text()
    assert not (home / "run" / "servers.json").exists(), "the platform was stopped"


@pytest.mark.timeout(240)
def test_on_a_running_service_questions_wait_and_wrong_files_fail(
    demo: Demo, service: str, file: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    waits = demo("--file", str(file))
    assert waits.returncode == 3, waits.stdout + waits.stderr
    assert f"Using the platform that runs at {service}." in waits.stdout
    assert "fermata approve" in waits.stderr
    execution_id = waits.stderr.split("fermata approve ")[1].split()[0]

    wrong = tmp_path / "wrong.txt"
    wrong.write_text("this is a letter, not a list\n", encoding="utf-8")
    failed = demo("--file", str(wrong))
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "failed  not_a_requirements_file: Line 1 is no requirement" in failed.stdout
    assert "report " not in failed.stdout

    fermata = client(service, environ)
    rejected = fermata("reject", execution_id, "--comment", "not today")
    assert rejected.returncode == 0, rejected.stderr
    watched = fermata("watch", execution_id)
    assert watched.returncode == 1, watched.stdout + watched.stderr
    assert "licences_refused" in watched.stdout
    report = json.loads(fermata("steps", execution_id, "--node", "report", "--json").stdout)[0]["output"]
    assert report["report"]["accepted"] is False


def client(service: str, environ: dict[str, str]) -> Demo:
    """The command `fermata` with a token of its own."""
    token = subprocess.run(
        [sys.executable, str(env.ROOT / "manage.py"), "create_token"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    settings = environ | {
        "FERMATA_URL": service,
        "FERMATA_TOKEN": token,
        "PYTHONPATH": os.pathsep.join([str(env.ROOT / "platform"), str(env.ROOT)]),
    }

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fermata.cli", *words],
            env=settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return call


def test_a_missing_file_is_a_sentence_and_starts_nothing(
    demo: Demo, environ: dict[str, str], tmp_path: Path
) -> None:
    done = demo("--file", str(tmp_path / "missing.txt"))
    assert done.returncode == 2
    assert "cannot be read: No such file or directory." in done.stderr
    assert not (Path(environ["FERMATA_HOME"]) / "postgres").exists()
