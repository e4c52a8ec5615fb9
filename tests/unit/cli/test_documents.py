"""`fermata workflows` with a service that only looks like one: what is asked, and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fermata.cli import main as program
from tests.unit.cli.conftest import Service

ID = "01a204f8-9c7b-721b-9c6c-2d3fdaed5066"
WORKFLOW = {
    "id": ID,
    "name": "audit",
    "latest_version": 2,
    "recent": [],
    "updated_at": "2026-01-01T00:00:00Z",
}
TEXT = "--- version 2\n+++ draft 5\n@@ -1 +1 @@\n-name: a\n+name: b\n"
IMPORTED = {
    "dry_run": False,
    "action": "create",
    "name": "audit",
    "draft_rev": 1,
    "valid": True,
    "problems": [],
    "outline": {"nodes": 3, "edges": 2, "node_types": {}, "inputs": []},
    "source_kept": True,
}


@pytest.fixture
def fermata(service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call `fermata workflows …`; answers (exit code, output, errors)."""
    monkeypatch.setattr(program, "Interface", lambda *_, **__: service.interface())
    service.answers["GET /workflows"] = {"results": [WORKFLOW], "next": None}

    def call(*words: str) -> tuple[int, str, str]:
        code = program.main(("workflows", *words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def asked(service: Service, index: int = -1) -> dict[str, str]:
    return dict(service.asked[index].url.params)


def test_a_list_is_narrowed_by_what_was_asked(fermata: Any, service: Service) -> None:
    words = ["--search", "pay people", "--archived", "--changed", "--errors", "--last", "failed,none"]
    assert fermata("list", *words)[0] == 0
    assert asked(service) == {
        "limit": "50",
        "search": "pay people",
        "archived": "true",
        "changed": "true",
        "errors": "true",
        "last_status": "failed,none",
    }


def test_a_workflow_is_looked_up_by_its_exact_name(fermata: Any, service: Service) -> None:
    service.answers[f"GET /workflows/{ID}/versions"] = {"results": [], "next": None}
    assert fermata("versions", "audit")[:2] == (0, "(none)\n")
    assert asked(service, 0)["name"] == "audit"


def test_a_difference_is_printed_and_is_exit_code_1(fermata: Any, service: Service) -> None:
    text = {"unified": TEXT, "truncated": True}
    service.answers[f"GET /workflows/{ID}/diff"] = {"equal": False, "text": text}
    code, out, err = fermata("diff", "audit", "--from", "1", "--to", "latest")
    assert (code, out) == (1, TEXT)
    assert "--json" in err
    assert asked(service) == {"from": "1", "to": "latest"}
    service.answers[f"GET /workflows/{ID}/diff"] = {
        "equal": True,
        "text": {"unified": "", "truncated": False},
    }
    assert fermata("diff", "audit") == (0, "", "")
    assert asked(service) == {}


def test_a_file_is_compared_with_the_draft_and_nothing_is_kept(
    fermata: Any, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("name: b\n")
    found = {"equal": False, "text": {"unified": TEXT, "truncated": False}}
    service.answers[f"POST /workflows/{ID}/import"] = {**IMPORTED, "diff": found}
    assert fermata("diff", "audit", "--file", str(file))[:2] == (1, TEXT)
    assert asked(service) == {"dry_run": "true"}
    assert service.asked[-1].content == b"name: b\n"
    assert service.asked[-1].headers["Content-Type"] == "application/yaml"


@pytest.mark.parametrize(("words", "seen"), [([], "*"), (["--rev", "4"], '"4"')])
def test_restore_says_which_rev_it_has_seen(
    fermata: Any, service: Service, words: list[str], seen: str
) -> None:
    service.answers[f"POST /workflows/{ID}/restore"] = {"rev": 5, "definition": {}}
    assert fermata("restore", "audit", "1", *words)[:2] == (0, "audit: draft 5 is version 1.\n")
    assert service.body() == {"version": 1}
    assert service.asked[-1].headers["If-Match"] == seen


def test_restore_publishes_when_told(fermata: Any, service: Service) -> None:
    service.answers[f"POST /workflows/{ID}/restore"] = {"rev": 5, "definition": {"name": "old"}}
    service.answers[f"GET /workflows/{ID}/versions/2"] = {"definition": {"name": "new"}}
    service.answers[f"GET /workflows/{ID}/draft"] = {"definition": {"name": "old"}}
    service.answers[f"POST /workflows/{ID}/publish"] = {"version": 3}
    out = fermata("restore", "audit", "1", "--publish")[1]
    assert out == "audit: draft 5 is version 1, published as version 3.\n"


def test_export_prints_or_writes_the_text_as_it_came(fermata: Any, service: Service, tmp_path: Path) -> None:
    text = "# why\nname: ünï\n\n"
    service.answers[f"GET /workflows/{ID}/export"] = lambda _: httpx.Response(200, text=text)
    assert fermata("export", "audit", "--version", "2")[:2] == (0, text)
    assert asked(service) == {"format": "yaml", "version": "2"}
    file = tmp_path / "out.json"
    assert fermata("export", "audit", "-o", str(file))[1] == ""
    assert file.read_bytes() == text.encode()
    assert asked(service) == {"format": "json"}
    code, _, err = fermata("export", "audit", "-o", str(tmp_path / "no" / "out.yaml"))
    assert code == 2
    assert "cannot be written" in err


def test_import_makes_a_workflow_and_says_what_it_holds(
    fermata: Any, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "audit.json"
    file.write_text('{"name": "audit"}')
    service.answers["POST /workflows/import"] = IMPORTED
    code, out, _ = fermata("import", str(file), "--name", "other", "--workspace", "team")
    assert (code, out) == (0, f"audit: {file} is a new workflow of 3 nodes and 2 edges.\n")
    assert asked(service) == {"name": "other", "workspace": "team"}
    assert service.asked[-1].headers["Content-Type"] == "application/json"


def test_a_preview_onto_a_draft_lists_the_problems_and_is_exit_code_1(
    fermata: Any, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("name: b\n")
    row = {"severity": "error", "pointer": "/nodes", "message": "Missing.", "cure": "Add it."}
    answer = {
        **IMPORTED,
        "dry_run": True,
        "action": "replace",
        "draft_rev": 6,
        "valid": False,
        "problems": [row],
    }
    service.answers[f"POST /workflows/{ID}/import"] = answer
    code, out, _ = fermata("import", str(file), "--onto", "audit", "--dry-run")
    assert code == 1
    assert out.splitlines() == [
        "error  /nodes  Missing. Add it.",
        f"audit: {file} would be its draft 6 of 3 nodes and 2 edges; it cannot be published yet.",
    ]
    assert asked(service) == {"dry_run": "true"}
    assert service.asked[-1].headers["If-Match"] == "*"


def test_a_copy_an_archive_and_the_way_back(fermata: Any, service: Service) -> None:
    service.answers[f"POST /workflows/{ID}/duplicate"] = {"id": "c", "name": "audit copy"}
    assert fermata("duplicate", "audit", "--version", "2")[1] == "audit copy  c\n"
    assert service.body() == {"version": 2}
    assert fermata("duplicate", "audit", "--to", "mine", "--version", "latest")[0] == 0
    assert service.body() == {"name": "mine", "version": "latest"}
    service.answers[f"DELETE /workflows/{ID}"] = httpx.Response(204)
    assert ID in fermata("archive", "audit")[1]
    assert service.asked[-1].method == "DELETE"
    service.answers[f"POST /workflows/{ID}/unarchive"] = WORKFLOW
    assert fermata("unarchive", "audit", "--to", "new")[1] == "audit is back.\n"
    assert service.body() == {"name": "new"}
    assert asked(service, -2)["archived"] == "true"


def test_a_refusal_is_printed_with_its_cure(fermata: Any, service: Service) -> None:
    service.answers[f"POST /workflows/{ID}/unarchive"] = service.problem(
        409, "conflict", "There is a workflow audit already.", cure="Send another name."
    )
    code, _, err = fermata("unarchive", "audit", "--json")
    assert code == 2
    assert "Send another name." in err
    assert json.loads(service.asked[-1].content) == {}
