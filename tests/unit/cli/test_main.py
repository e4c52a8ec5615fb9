from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from fermata.cli import main as program
from fermata.cli.interface import Interface, Refused, Unreachable
from fermata.cli.terminal import Terminal
from tests.unit.cli.conftest import Service

ID = "01a204f8-9c7b-721b-9c6c-2d3fdaed5066"
WORKFLOW = {
    "id": ID,
    "name": "audit",
    "latest_version": 2,
    "recent": [],
    "updated_at": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def fermata(service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call the command; answers (exit code, output, errors)."""
    monkeypatch.setattr(program, "Interface", lambda *_, **__: service.interface())

    def call(*words: str) -> tuple[int, str, str]:
        code = program.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def page(*rows: Any, following: str | None = None) -> dict[str, Any]:
    return {"results": list(rows), "next": following}


def test_lists_every_page_up_to_the_limit(fermata: Any, service: Service) -> None:
    def answer(request: httpx.Request) -> Any:
        at = int(request.url.params.get("cursor", "0"))
        return page({**WORKFLOW, "name": f"w{at}"}, following=str(at + 1))

    service.answers["GET /workflows"] = answer
    code, out, _ = fermata("workflows", "list", "--limit", "3", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["w0", "w1", "w2"]
    assert len(service.asked) == 3


def test_a_problem_document_becomes_sentences_and_exit_code_2(fermata: Any, service: Service) -> None:
    rows = [{"code": "x", "pointer": "/name", "message": "Too long.", "cure": "Shorten it."}]
    service.answers["GET /workflows"] = service.problem(
        422, "invalid_input", "Wrong.", problems=rows, cure="Try again."
    )
    code, out, err = fermata("workflows", "list")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "Title (422 invalid_input): Wrong.",
        "  /name: Too long.",
        "      Shorten it.",
        "Try again.",
    ]


def test_an_unknown_name_is_not_found_though_a_longer_one_is(fermata: Any, service: Service) -> None:
    service.answers["GET /workflows"] = page({**WORKFLOW, "name": "audit-two"})
    code, _, err = fermata("start", "audit")
    assert code == 2
    assert "There is no workflow 'audit'." in err


def test_push_creates_or_replaces_and_publishes_only_what_changed(
    fermata: Any, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("# mine\nname: audit\nnodes: []\n", encoding="utf-8")
    service.answers["GET /workflows"] = page()
    service.answers["POST /workflows"] = {**WORKFLOW, "latest_version": None}
    assert fermata("workflows", "push", str(file))[0] == 0
    assert service.body() == {"name": "audit", "source": file.read_text()}

    service.answers["GET /workflows"] = page(WORKFLOW)
    service.answers[f"PUT /workflows/{ID}/draft"] = {}
    service.answers[f"GET /workflows/{ID}/draft"] = {"definition": {"name": "audit"}}
    service.answers[f"GET /workflows/{ID}/versions/2"] = {"definition": {"name": "audit"}}
    assert fermata("workflows", "push", str(file), "--publish")[1] == "audit: version 2.\n"

    service.answers[f"GET /workflows/{ID}/versions/2"] = {"definition": {"name": "older"}}
    service.answers[f"POST /workflows/{ID}/publish"] = {"version": 3}
    assert fermata("workflows", "push", str(file), "--publish")[1] == "audit: version 3.\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[1, 2]", "does not hold a workflow document"),
        (b"nodes: []", "has no `name`"),
        (b"a: [", "is neither YAML nor JSON"),
        (b"\xff\xfe", "is no text in UTF-8"),
    ],
)
def test_an_unusable_file_is_a_sentence(fermata: Any, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "audit.yaml"
    file.write_bytes(content)
    code, _, err = fermata("workflows", "push", str(file))
    assert code == 2
    assert words in err


def test_the_input_is_put_together_from_all_that_is_given(
    fermata: Any, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "in.json").write_text('{"a": 1, "b": 2}')
    (tmp_path / "text.txt").write_text("celery==5\n")
    service.answers[f"GET /workflows/{ID}"] = WORKFLOW
    service.answers[f"POST /workflows/{ID}/executions"] = {"id": "e1", "status": "queued", "version": 2}
    words = ["--input", str(tmp_path / "in.json"), "--set", "b=[3]", "--set", "c=plain"]
    code, out, _ = fermata("start", ID, *words, "--set-file", f"d={tmp_path / 'text.txt'}", "--key", "once")
    assert (code, out) == (0, "e1\n")
    assert service.body() == {"input": {"a": 1, "b": [3], "c": "plain", "d": "celery==5\n"}}
    assert service.asked[-1].headers["Idempotency-Key"] == "once"


@pytest.mark.parametrize("words", [["--input", "{"], ["--set", "novalue"], ["--set-file", "a=/no/such/file"]])
def test_input_that_cannot_be_read_starts_nothing(fermata: Any, service: Service, words: list[str]) -> None:
    service.answers[f"GET /workflows/{ID}"] = WORKFLOW
    assert fermata("start", ID, *words)[0] == 2
    assert [request.method for request in service.asked] == ["GET"]


def test_approve_finds_the_one_question_of_an_execution(fermata: Any, service: Service) -> None:
    service.answers["GET /approvals"] = page({"id": "a1"})
    service.answers["POST /approvals/a1/decide"] = {"title": "Really?", "status": "rejected"}
    assert fermata("reject", ID, "--comment", "no")[:2] == (0, "Really?  rejected\n")
    assert service.body() == {"decision": "reject", "comment": "no"}

    service.answers["GET /approvals"] = page({"id": "a1"}, {"id": "a2"})
    code, _, err = fermata("approve", ID)
    assert code == 2
    assert "Name one: a1, a2" in err


def test_commands_go_to_their_address(fermata: Any, service: Service) -> None:
    for command in ("cancel", "pause", "resume"):
        service.answers[f"POST /workflows/executions/e1/{command}"] = {"status": f"{command}ing"}
        assert fermata(command, "e1")[:2] == (0, f"{command}ing\n")
    service.answers["POST /workflows/executions/e1/signal"] = {"status": "running"}
    assert fermata("signal", "e1", "paid", "--payload", '{"n": 1}')[0] == 0
    assert service.body() == {"name": "paid", "payload": {"n": 1}}


def test_a_wrong_call_is_explained_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["frobnicate"])
    assert ended.value.code == 2
    assert "frobnicate" in capsys.readouterr().err


def test_an_address_that_is_none_and_a_service_that_is_none_are_sentences(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["workflows", "list", "--url", "localhost:8000"]) == 2
    assert "no address of a service" in capsys.readouterr().err
    service.answers["GET /me"] = httpx.Response(200, text="<html>")
    with pytest.raises(Unreachable, match="not as Fermata does"):
        service.interface().get("/me")
    service.answers["GET /me"] = httpx.Response(502, text="<html>")
    with pytest.raises(Refused, match="answered 502 without saying why"):
        service.interface().get("/me")


def test_a_missing_token_is_cured(service: Service) -> None:
    service.answers["GET /me"] = service.problem(
        401, "not_authenticated", "Nobody is signed in.", cure="Sign in."
    )
    with pytest.raises(Refused) as refused:
        service.interface().get("/me")
    assert "make token" in list(refused.value.lines())[-1]


def test_the_websocket_has_the_services_own_scheme() -> None:
    assert (
        Interface("https://fermata.example/", token=None)
        .stream_url("e")
        .startswith("wss://fermata.example/api/v1/")
    )


def test_text_of_others_cannot_move_the_cursor() -> None:
    terminal = Terminal(out=io.StringIO(), err=io.StringIO())
    terminal.table(["name"], [["evil\x1b[2J\nline"]])
    assert terminal.out.getvalue() == "name\nevil [2J line\n"  # type: ignore[attr-defined]


def test_a_terminal_without_a_person_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert Terminal(out=io.StringIO()).ask("Really?") is None
