from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from fermata.cli import stream
from fermata.cli.interface import Refused, Unreachable
from tests.unit.cli.conftest import Service

Serve = Callable[..., str]
ID = "01a204f8-9c7b-721b-9c6c-2d3fdaed5066"
JOURNAL = [
    {
        "cursor": f"{number:012x}",
        "type": "ExecutionFinished" if number == 6 else "StepReady",
        "status": "succeeded",
    }
    for number in range(1, 7)
]


def batch(first: int, last: int) -> dict[str, Any]:
    """The events `first` to `last` of the journal as a frame."""
    rows = JOURNAL[first - 1 : last]
    return {"type": "events", "after": f"{first - 1:012x}", "cursor": rows[-1]["cursor"], "events": rows}


def journal(*lengths: int) -> Callable[[httpx.Request], Any]:
    """The journal by REST, as far as it is written at each request."""
    written = iter(lengths)

    def answer(request: httpx.Request) -> Any:
        upto = next(written)
        after = request.url.params.get("after", "0" * 12)
        rows = [row for row in JOURNAL[:upto] if row["cursor"] > after]
        return {
            "type": "events",
            "after": after,
            "cursor": rows[-1]["cursor"] if rows else after,
            "events": rows,
        }

    return answer


def seen(service: Service, url: str, *, from_start: bool = True) -> list[str]:
    """The cursors of all events that come until the end."""
    frames = list(stream.follow(service.interface(url), ID, from_start=from_start))
    return [event["cursor"] for frame in frames if frame["type"] == "events" for event in frame["events"]]


ALL = [row["cursor"] for row in JOURNAL]


def silent(socket: ServerConnection) -> None:
    """Say nothing."""


def test_resumes_by_cursor_when_the_connection_breaks(service: Service, websocket: Serve) -> None:
    asked: list[tuple[str, str | None]] = []

    def handler(socket: ServerConnection) -> None:
        assert socket.request is not None
        asked.append((socket.request.path, socket.request.headers.get("Authorization")))
        socket.send(json.dumps(batch(3, 4) if len(asked) == 1 else batch(5, 6)))

    service.answers[f"GET /workflows/executions/{ID}/events"] = journal(2, 4)
    assert seen(service, websocket(handler)) == ALL
    path = f"/api/v1/workflows/executions/{ID}/ws?after="
    assert asked == [(f"{path}{2:012x}", "Bearer secret"), (f"{path}{4:012x}", "Bearer secret")]


def test_a_gap_is_read_from_the_journal_and_nothing_comes_twice(service: Service, websocket: Serve) -> None:
    def handler(socket: ServerConnection) -> None:
        for frame in (batch(1, 2), batch(1, 3), batch(5, 5), batch(4, 6)):
            socket.send(json.dumps(frame))

    service.answers[f"GET /workflows/executions/{ID}/events"] = journal(1, 4)
    assert seen(service, websocket(handler)) == ALL


def test_polls_while_the_websocket_is_refused(service: Service, websocket: Serve) -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        return socket.respond(HTTPStatus.BAD_GATEWAY, "no upgrade here")

    service.answers[f"GET /workflows/executions/{ID}/events"] = journal(1, 3, 3, 6)
    assert seen(service, websocket(silent, process_request=refuse)) == ALL


def test_too_slow_means_a_new_snapshot(service: Service, websocket: Serve) -> None:
    paths: list[str] = []
    snapshot = {
        "type": "snapshot",
        "cursor": f"{4:012x}",
        "execution": {"status": "running", "finished_at": None},
    }

    def handler(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path.partition("?")[2])
        if len(paths) == 1:
            socket.close(4409)
        else:
            socket.send(json.dumps(batch(5, 6)))

    service.answers[f"GET /workflows/executions/{ID}/events"] = journal(2)
    service.answers[f"GET /workflows/executions/{ID}/snapshot"] = snapshot
    frames = list(stream.follow(service.interface(websocket(handler)), ID, from_start=True))
    assert [frame["cursor"] for frame in frames] == [f"{number:012x}" for number in (2, 4, 6)]
    assert paths == [f"after={2:012x}", f"after={4:012x}"]


def test_a_snapshot_of_an_ended_execution_is_the_end(service: Service, websocket: Serve) -> None:
    ended = {"type": "snapshot", "cursor": "0" * 12, "execution": {"status": "failed", "finished_at": "now"}}
    url = websocket(lambda socket: socket.send(json.dumps(ended)))
    frames = list(stream.follow(service.interface(url), ID, from_start=False))
    assert [stream.final_status(frame) for frame in frames] == ["failed"]


def test_a_refused_handshake_says_why(service: Service, websocket: Serve) -> None:
    def refuse(socket: ServerConnection, request: Request) -> Response:
        body = json.dumps({"status": 404, "title": "Not Found", "code": "not_found", "detail": "None such."})
        return socket.respond(HTTPStatus.NOT_FOUND, body)

    url = websocket(silent, process_request=refuse)
    with pytest.raises(Refused, match="None such"):
        list(stream.follow(service.interface(url), ID, from_start=False))


def test_a_withdrawn_right_ends_the_watching(service: Service, websocket: Serve) -> None:
    url = websocket(lambda socket: socket.close(4403))
    with pytest.raises(Refused, match="withdrawn"):
        list(stream.follow(service.interface(url), ID, from_start=False))


def test_gives_up_when_nothing_answers_for_long(
    service: Service, websocket: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(stream, "GIVE_UP_SECONDS", 0.1)
    service.answers[f"GET /workflows/executions/{ID}/snapshot"] = gone
    url = websocket(lambda socket: socket.close(1012))
    with pytest.raises(Unreachable, match="does not answer: refused"):
        list(stream.follow(service.interface(url), ID, from_start=False))
