"""A program that knows nothing but openapi.yaml: its client is generated, and goes a workflow's whole way."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fermata.accounts import operations as accounts
from fermata.engine import dispatch, runtime
from tests.factories import MembershipFactory, UserFactory, WorkspaceFactory
from tests.integration.api.servers import ROOT, Engine, Web

NAME = "generated_client"
DOCUMENT = {
    "schema": "fermata/1",
    "name": "greet",
    "inputs": {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]},
    "nodes": [
        {"id": "greet", "type": "transform", "config": {"output": "{{ 'Hello ' + inputs.who }}"}},
        {"id": "sure", "type": "approval", "config": {"title": "Send it?", "assignees": ["role:owner"]}},
        {"id": "sent", "type": "transform", "config": {"output": "{{ steps.greet.output }}"}},
    ],
    "edges": [{"from": "greet", "to": "sure"}, {"from": "sure.approved", "to": "sent"}],
    "output": {"text": "{{ steps.sent.output }}"},
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The generated package, ready to be imported."""
    folder = tmp_path_factory.mktemp("client")
    made = subprocess.run(
        [
            "openapi-python-client", "generate", "--path", ROOT / "platform/fermata/api/openapi.yaml",
            "--output-path", folder / NAME, "--meta", "none",
        ],
        env=os.environ | {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    assert "duplicate" not in made.stdout
    sys.path.insert(0, str(folder))
    yield NAME
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


@pytest.fixture
def ask(package: str, transactional_db: None, redis_url: str, settings: Any) -> Iterator[Callable[..., Any]]:
    """`ask("tag.operation", *ids, body={…}, model="Name")` answers the parsed body of a success."""
    settings.FERMATA_DISPATCHER = "fermata.engine.dispatch.InProcessDispatcher"  # the test is the worker
    dispatch.dispatcher.cache_clear()
    runtime.forget()
    workspace = WorkspaceFactory(slug="default")
    owner = MembershipFactory(workspace=workspace, role="owner").user
    token = accounts.create_token(owner, workspace_id=workspace.id, name="program").text
    service = Web()
    service.start()
    client = importlib.import_module(package).AuthenticatedClient(
        base_url=f"http://{service.address}", token=token
    )
    models = importlib.import_module(f"{package}.models")

    def call(operation: str, *ids: Any, model: str = "", body: Any = None, **options: Any) -> Any:
        module = importlib.import_module(f"{package}.api.{operation}")
        if model:
            options["body"] = getattr(models, model).from_dict(body)
        elif body is not None:
            options["body"] = body
        answer = module.sync_detailed(*ids, client=client, **options)
        assert answer.status_code < 300, answer.content[:2000]
        return answer.parsed

    yield call
    client.get_httpx_client().close()
    dispatch.dispatcher.cache_clear()
    runtime.forget()
    service.stop()


def until(condition: Callable[[], Any], *, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_generated_client_goes_the_whole_way(ask: Callable[..., Any]) -> None:
    made = ask(
        "workflows.workflows_post", model="NewWorkflow", body={"name": "greet", "definition": DOCUMENT}
    )
    draft = ask("workflows.workflow_draft_get", made.id)
    checked = ask("workflows.workflow_validate_post", made.id)
    assert checked.valid is True
    item = importlib.import_module(f"{NAME}.models").PatchOperation
    ask(
        "workflows.workflow_draft_patch", made.id, if_match=f'"{draft.rev}"',
        body=[item.from_dict({"op": "replace", "path": "/definition/nodes/1/config/title", "value": "Now?"})],
    )  # fmt: skip
    version = ask(
        "workflows.workflow_publish_post", made.id, model="Publish", body={"draft_rev": draft.rev + 1}
    )
    assert version.version == 1
    start = {"model": "Start", "body": {"input": {"who": "Ada"}}, "idempotency_key": "once"}
    started = ask("executions.workflow_executions_post", made.id, **start)
    assert ask("executions.workflow_executions_post", made.id, **start).id == started.id
    with Engine(started.id):
        [asked] = until(lambda: ask("approvals.approvals_get", mine=False).results)
        assert asked.title == "Now?"
        why = ask("executions.workflows_execution_why_get", started.id)
        assert why.to_dict()
        ask("approvals.approval_decide_post", asked.id, model="Decision", body={"decision": "approve"})
        ended = until(
            lambda: (row := ask("executions.workflows_execution_get", started.id)).finished_at and row
        )
    assert (ended.status, ended.output) == ("succeeded", {"text": "Hello Ada"})
    steps = ask("executions.workflows_execution_steps_get", started.id).results
    assert {step.node_id: step.status for step in steps} == dict.fromkeys(
        ("greet", "sure", "sent"), "succeeded"
    )
    events = ask("executions.workflows_execution_events_get", started.id)
    assert [event.type_ for event in events.events][-1] == "ExecutionFinished"
    assert [row.id for row in ask("executions.workflows_executions_get").results] == [started.id]


def test_a_generated_client_manages_a_workspace(ask: Callable[..., Any]) -> None:
    [workspace] = ask("me.me_get").workspaces
    UserFactory(username="grace")
    ask(
        "workspaces.workspace_members_post",
        workspace.id,
        model="NewMember",
        body={"username": "grace", "role": "viewer"},
    )
    members = ask("workspaces.workspace_members_get", workspace.id).results
    assert "grace" in {member.username for member in members}
    secret = ask("secrets.secrets_post", model="NewSecret", body={"name": "key", "value": "hush"})
    ask(
        "secrets.secret_value_put",
        secret.id,
        model="SecretValue",
        body={"value": "hush hush"},
        if_match='"1"',
    )
    assert [(row.name, row.version) for row in ask("secrets.secrets_get").results] == [("key", 2)]
    ask("workspaces.workspace_variable_put", workspace.id, "limit", model="VariableValue", body={"value": 3})
    assert ask("workspaces.workspace_variable_get", workspace.id, "limit").value == 3
    [write] = ask("workspaces.workspace_variable_writes_get", workspace.id, "limit").results
    assert write.operation == "set"
