"""The command line against the real interface: what it sends is understood, what it reads is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fermata.cli import main as program
from fermata.cli.interface import Interface
from fermata.workflows import formats
from fermata.workflows.models import Workflow
from tests.factories import document

pytestmark = pytest.mark.django_db

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fermata(caller_of, monkeypatch, capsys) -> Command:
    """`fermata …` of an administrator, through Django's test client in place of a network."""
    admin = caller_of("admin")

    def handle(request: httpx.Request) -> httpx.Response:
        path = f"{request.url.path}?{request.url.query.decode()}"
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        kind = headers.pop("content-type", "application/json")
        answer = admin.client.generic(
            request.method, path, request.content, content_type=kind, headers=headers
        )
        return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.items()))

    transport = httpx.MockTransport(handle)
    monkeypatch.setattr(
        program,
        "Interface",
        lambda *_, **__: Interface("http://localhost:8000", token=admin.token, transport=transport),
    )

    def call(*words: object) -> tuple[int, str, str]:
        code = program.main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "greet.yaml"
    path.write_text("# kept\n" + formats.to_yaml(document()))
    return path


def test_a_document_is_imported_published_changed_compared_and_brought_back(fermata, file, tmp_path):
    code, out, _ = fermata("workflows", "import", file, "--dry-run")
    assert (code, Workflow.objects.count()) == (0, 0), out
    assert "1 node and 0 edges" in fermata("workflows", "import", file)[1]
    assert fermata("workflows", "export", "greet")[1] == file.read_text()
    assert fermata("workflows", "publish", "greet")[:2] == (0, "greet: version 1.\n")
    assert fermata("workflows", "diff", "greet")[:2] == (0, "")

    changed = tmp_path / "changed.yaml"
    changed.write_text(file.read_text().replace("text: hello", "text: good day"))
    assert "+      text: good day" in fermata("workflows", "diff", "greet", "--file", changed)[1]
    assert fermata("workflows", "diff", "greet")[0] == 0, "a comparison with a file keeps nothing"
    assert fermata("workflows", "import", changed, "--onto", "greet")[0] == 0
    code, out, _ = fermata("workflows", "diff", "greet", "--from", "1", "--to", "draft")
    assert code == 1
    assert "-      text: hello" in out
    assert "greet" in fermata("workflows", "list", "--changed", "--search", "GREET")[1]

    assert fermata("workflows", "restore", "greet", "1", "--rev", "1")[0] == 2
    assert fermata("workflows", "restore", "greet", "1", "--rev", "2")[1] == "greet: draft 3 is version 1.\n"
    assert fermata("workflows", "diff", "greet")[0] == 0
    assert fermata("workflows", "versions", "greet")[1].splitlines()[1].startswith("1 ")


def test_a_workflow_is_copied_archived_and_brought_back_under_another_name(fermata, file):
    fermata("workflows", "import", file)
    assert fermata("workflows", "duplicate", "greet")[1].startswith("greet copy")
    assert fermata("workflows", "archive", "greet")[0] == 0
    assert fermata("workflows", "show", "greet")[0] == 2
    assert "greet" in fermata("workflows", "list", "--archived")[1]
    fermata("workflows", "import", file)
    code, _, err = fermata("workflows", "unarchive", "greet")
    assert code == 2
    assert "409" in err
    assert fermata("workflows", "unarchive", "greet", "--to", "greet again")[1] == "greet again is back.\n"
    assert fermata("workflows", "list", "--archived")[1] == "(none)\n"


def test_what_the_service_refuses_is_said_with_its_cure(fermata, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nnodes: *all\n")
    code, out, err = fermata("workflows", "import", bad)
    assert (code, out) == (2, "")
    assert "aliases" in err
    assert fermata("workflows", "import", tmp_path / "missing.yaml")[0] == 2
    bad.write_text("name: bad\nnodes: []\n")
    code, out, _ = fermata("workflows", "import", bad)
    assert code == 1
    assert "cannot be published yet" in out
