"""Whatever is sent to whichever route: a problem document with a cure below 500, and nothing is changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from fermata.accounts.permissions import INSTALLATION
from fermata.api.resource import PUBLIC
from tests.factories import (
    ApprovalFactory,
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    SecretFactory,
    StepFactory,
    VersionFactory,
)
from tests.integration.api.test_rights import ROUTES, filled

pytestmark = pytest.mark.django_db

WRITING = [row for row in ROUTES if row[1] != "get" and row[2] != PUBLIC]
READING = [row for row in ROUTES if row[1] == "get" and row[2] != PUBLIC]
BODIES = {
    "no JSON": b"{",
    "a list": b'[{"op": 5}]',
    "text": b'"x"',
    "a number": b"5",
    "NUL": b'{"name": "a\\u0000b"}',
    "half a pair": b'{"name": "\\ud800"}',
    "beyond 64 bits": b'{"name": 9223372036854775808}',
    "infinity": b'{"name": 1e999}',
    "a key twice": b'{"name": "a", "name": "b"}',
    "an abyss": b"[" * 100_000,
    "no UTF-8": b"\xff\xfe",
    "unknown members": b'{"id": "x", "workspace_id": "x", "is_superuser": true, "role": "owner"}',
    "ten megabytes": b'{"name": "' + b"x" * 10_000_000 + b'"}',
}
BODYLESS = (
    "cancel",
    "pause",
    "resume",
    "ticket",
    "workflow.archive",
    "token.revoke",
    "workspace.leave",
    "member.remove",
    "secret.delete",
)
"""Commands that read no body: whatever is sent along, they do what they are asked to."""


@pytest.fixture
def ids(workspace) -> dict[str, str]:
    version = VersionFactory(workflow__workspace=workspace)
    execution = ExecutionFactory(of=version)
    step = StepFactory(region=RegionFactory(execution=execution))
    return {
        "<uuid:workflow_id>": str(version.workflow_id),
        "<uuid:execution_id>": str(execution.id),
        "<uuid:step_id>": str(step.id),
        "<uuid:approval_id>": str(ApprovalFactory(step=step).id),
        "<uuid:token_id>": str(uuid.uuid4()),
        "<str:name>": "counter",
        "<uuid:secret_id>": str(SecretFactory(workspace=workspace).id),
        "<uuid:workspace_id>": str(workspace.id),
        "<uuid:user_id>": str(MembershipFactory(workspace=workspace, role="viewer").user_id),
        "<int:number>": "1",
    }


def refused(response: object) -> None:
    """A refusal by the rules of the house."""
    status = response.status_code  # type: ignore[attr-defined]
    assert 400 <= status < 500, (status, response.content[:300])  # type: ignore[attr-defined]
    assert response.json()["cure"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_means_nothing_is_refused_on_every_route(caller_of, ids, counted, kind):
    owner = caller_of("owner")
    before, sent = counted(), 0
    for path, method, action in WRITING:
        if path.rpartition("/")[2] in BODYLESS or action in BODYLESS or path == "session":
            continue
        headers = {"If_Match": "*"} if path.endswith("draft") else {}
        refused(owner.call(method.upper(), filled(path, ids), BODIES[kind], **headers))
        sent += 1
    assert sent >= 12
    assert counted() == before


@pytest.mark.parametrize(
    "query",
    ["_connector=OR", "id__gt=0", "limit=1&limit=2", "cursor=%00", "cursor=" + "x" * 2001, "x=" + "y" * 9000],
)
def test_a_query_that_means_nothing_is_refused_by_every_list(editor, ids, query):
    lists = [row for row in READING if "cursor" in _names(row[0])]
    assert len(lists) >= 5
    for path, _, _ in lists:
        refused(editor.call("GET", f"{filled(path, ids)}?{query}"))


def _names(path: str) -> str:
    """Lists end in a plural that is no single object."""
    plural = path.rpartition("/")[2] in {
        "workflows",
        "executions",
        "steps",
        "approvals",
        "versions",
        "secrets",
        "variables",
        "writes",
    }
    return "cursor" if plural else ""


def test_ids_of_another_workspace_are_not_found_and_nothing_changes(stranger, ids, counted):
    before = counted()
    for path, method, action in ROUTES:
        if "<uuid:" not in path or "<uuid:token_id>" in path or action in INSTALLATION:
            continue
        headers = {"If_Match": "*"} if path.endswith("draft") else {}
        body = None if method == "get" else {"name": "taken", "decision": "approve", "action": "fail"}
        answer = stranger.call(method.upper(), filled(path, ids), body, status=404, **headers)
        refused(answer)
    assert counted() == before


def test_the_check_notices_a_route_that_changes_something(editor, counted):
    before = counted()
    editor.post("/workflows", {"name": "a"}, status=201)
    assert counted() != before


def test_the_check_notices_a_server_error(editor, monkeypatch):
    def break_(*_: object, **__: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("fermata.workflows.queries.workflows", break_)
    answer = editor.call("GET", "/workflows")
    with pytest.raises(AssertionError):
        refused(answer)


@pytest.mark.parametrize(
    "cookie", ['"\\000bcdefghijk"', '"\\377\\376bcdefgh"', "x" * 5000, "'; DROP TABLE", ""]
)
def test_a_session_cookie_that_django_never_made_signs_nobody_in(anybody, cookie):
    anybody.client.defaults["HTTP_COOKIE"] = f"sessionid={cookie}"
    anybody.call("GET", "/me", status=401)
    assert anybody.client.get("/admin/").status_code == 302


def test_a_cure_stands_in_every_kind_of_refusal(editor, anybody, stranger, workflow, caller_of):
    viewer: Callable[..., object] = caller_of("viewer").call
    refused(anybody.call("GET", "/me"))
    refused(viewer("POST", "/workflows", {"name": "a"}))
    refused(stranger.call("GET", f"/workflows/{workflow.id}"))
    refused(editor.call("PUT", "/workflows", {}))
    refused(editor.call("POST", "/workflows", b"{}", Content_Type="text/plain"))
    refused(editor.call("POST", "/workflows", {"name": workflow.name}))
    refused(editor.call("GET", "/nothing"))
