"""Who may do what: every route of the resolver, for everybody."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.urls import URLPattern

from fermata.accounts.models import User
from fermata.accounts.permissions import ACTIONS, INSTALLATION, RANK, Role
from fermata.api.resource import PUBLIC, SIGNED_IN, Resource
from fermata.api.urls import urlpatterns
from tests.factories import (
    ApprovalFactory,
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    SecretFactory,
    StepFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db

OPEN = {"healthz", "readyz", "schema", "schema/document", "session"}
"""Routes that anybody may call with some method."""


def routes() -> Iterator[tuple[str, str, str]]:
    """(address, method, action) of every route."""
    for entry in urlpatterns:
        view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
        if view is None:
            assert entry.pattern.regex.pattern == r"^(?P<rest>.*)$"
            continue
        for method, action in view.actions.items():
            yield str(entry.pattern), method, action


ROUTES = list(routes())
GUARDED = [(path, method, action) for path, method, action in ROUTES if action in ACTIONS]
BEYOND = [(path, method, action) for path, method, action in ROUTES if action in INSTALLATION]


def views() -> Iterator[tuple[URLPattern, type[Resource]]]:
    for entry in urlpatterns:
        view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
        if view is not None and issubclass(view, Resource):
            yield entry, view


def test_every_handler_names_an_action_that_stands_in_the_table():
    for entry, view in views():
        handlers = {name for name in Resource.http_method_names if hasattr(view, name)} - {"head"}
        assert handlers == set(view.actions), entry.pattern
        assert set(view.actions.values()) <= {*ACTIONS, *INSTALLATION, PUBLIC, SIGNED_IN}, entry.pattern


def test_only_the_known_routes_are_open_to_everybody():
    assert {path for path, _, action in ROUTES if action == PUBLIC} == OPEN


def test_every_action_of_the_table_is_asked_for_somewhere():
    used = {action for _, _, action in ROUTES} | {"workflow.start_draft"}
    assert set(ACTIONS) <= used
    assert {"workspace.any"} | {action for _, _, action in BEYOND} == set(INSTALLATION)


@pytest.fixture
def ids(workspace) -> dict[str, str]:
    """One object of each kind in the workspace."""
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


def filled(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(name, value)
    return f"/{path}"


@pytest.mark.parametrize(("path", "method", "action"), [row for row in ROUTES if row[2] != PUBLIC])
def test_nobody_gets_401_with_a_challenge(anybody, ids, path, method, action):
    response = anybody.call(method.upper(), filled(path, ids), {} if method != "get" else None, status=401)
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "method", "action"), [row for row in GUARDED if "<uuid:" in row[0]])
def test_a_stranger_cannot_tell_what_is_there_from_what_is_not(stranger, ids, path, method, action):
    theirs = stranger.call(method.upper(), filled(path, ids), {} if method != "get" else None, status=404)
    nothing = {name: str(uuid.uuid4()) if "uuid" in name else value for name, value in ids.items()}
    absent = stranger.call(method.upper(), filled(path, nothing), {} if method != "get" else None, status=404)
    assert theirs.json() == absent.json()


@pytest.mark.parametrize("role", list(Role))
def test_a_member_without_the_right_gets_403_and_one_with_it_does_not(caller_of, ids, role):
    caller = caller_of(role.value)
    seen = 0
    for path, method, action in GUARDED:
        if "<uuid:token_id>" in path or action == "workspace.leave":
            continue
        status = caller.call(
            method.upper(), filled(path, ids), {"x": 1} if method != "get" else None
        ).status_code
        may = RANK[role] >= RANK[ACTIONS[action].role]
        assert (status != 403) == may, (path, method, action, status)
        assert status < 500
        seen += 1
    assert seen > 30


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_no_role_in_a_workspace_reaches_the_whole_installation(caller_of, ids, role):
    caller = caller_of(role)
    assert len(BEYOND) >= 5
    for path, method, _ in BEYOND:
        body = {"x": 1} if method != "get" else None
        caller.call(method.upper(), filled(path, ids), body, status=403)
        nothing = filled(path, {**ids, "<uuid:user_id>": str(uuid.uuid4())})
        caller.call(method.upper(), nothing, body, status=403)


@pytest.mark.usefixtures("redis_url")
def test_an_administrators_token_reaches_the_installation_only_when_it_says_so(caller_of, ids):
    plain = caller_of("owner")
    reading = caller_of("owner", scopes=("installation:read",))
    writing = caller_of("owner", scopes=("installation:write",))
    for caller in (plain, reading, writing):
        User.objects.filter(id=caller.user.id).update(is_superuser=True, is_staff=True)
    for path, method, action in BEYOND:
        body = {"x": 1} if method != "get" else None
        plain.call(method.upper(), filled(path, ids), body, status=403)
        read = INSTALLATION[action].scope == "installation:read"
        answer = reading.call(method.upper(), filled(path, ids), body)
        assert (answer.status_code != 403) == read
        assert writing.call(method.upper(), filled(path, ids), body).status_code in {200, 400}
    plain.post("/tokens", {"name": "more", "scopes": ["installation:write"]}, status=403)


def test_lists_show_nothing_of_other_workspaces(stranger, ids):
    for path in (
        "/workflows",
        "/workflows/executions",
        "/approvals",
        "/approvals?mine=false&status=any",
        "/tokens",
    ):
        rows = stranger.get(path)["results"]
        assert rows == [] or path == "/tokens"
    assert stranger.get("/workflows/executions/counts")["total"] == 0


def test_a_filter_by_a_foreign_workflow_finds_nothing(stranger, ids):
    page = stranger.get(f"/workflows/executions?workflow={ids['<uuid:workflow_id>']}")
    assert page == {"results": [], "next": None}


def test_a_step_is_found_below_its_own_execution_only(editor, ids):
    other = ExecutionFactory(of__workflow__workspace=editor.workspace)
    editor.get(f"/workflows/executions/{other.id}/steps/{ids['<uuid:step_id>']}", status=404)


def test_scopes_narrow_a_token(caller_of, ids):
    reader = caller_of("owner", scopes=("workflows:read",))
    reader.get("/workflows")
    assert "scope" in reader.post("/workflows", {"name": "a"}, status=403)["detail"]
    reader.get("/workflows/executions", status=403)
    writer = caller_of("owner", scopes=("workflows:write",))
    writer.get("/workflows")
    writer.post("/workflows", {"name": "a"}, status=201)
