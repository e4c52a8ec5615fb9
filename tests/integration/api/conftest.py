"""A caller of the interface: somebody with a role in a workspace and an API token."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import Client

from fermata.accounts import operations
from fermata.accounts.models import User, Workspace
from fermata.api.stream import reading
from fermata.coordination import stream
from fermata.workflows.models import Workflow
from tests.factories import MembershipFactory, WorkflowFactory, WorkspaceFactory

BASE = "/api/v1"


@dataclass
class Caller:
    """Sends JSON with a token; every answer is parsed, and errors must be problem documents."""

    workspace: Workspace | None = None
    user: User | None = None
    token: str | None = None
    client: Client = field(default_factory=Client)

    def call(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, **headers: str
    ) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options |= {"data": body if isinstance(body, bytes) else json.dumps(body)}
            options |= {"content_type": sent.pop("Content-Type", "application/json")}
        response = self.client.generic(method, f"{BASE}{path}", **options)
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json", response.content
            document = response.json()
            assert document["status"] == response.status_code
            assert document["code"]
            assert document["detail"]
            assert document["title"]
        if status is not None:
            assert response.status_code == status, response.content
        return response

    def get(self, path: str, status: int = 200, **headers: str) -> Any:
        return self.call("GET", path, status=status, **headers).json()

    def post(self, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        response = self.call("POST", path, {} if body is None else body, status=status, **headers)
        return response.json() if response.content else None


@pytest.fixture
async def streams(redis_url: str) -> AsyncIterator[None]:
    """What streams and their tests leave behind ends with the test: connections, reads in their threads."""
    yield
    await asyncio.sleep(0.01)
    await stream.close()
    idle = threading.Barrier(reading.THREADS)
    await asyncio.gather(*(reading.in_thread(idle.wait, 10) for _ in range(reading.THREADS)))
    await sync_to_async(connections.close_all)()


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory()


@pytest.fixture
def caller_of(workspace: Workspace) -> Callable[..., Caller]:
    """A caller with a role in the workspace; ``in_`` names another one."""

    def make(role: str = "editor", *, in_: Workspace | None = None, scopes: tuple[str, ...] = ()) -> Caller:
        place = in_ or workspace
        user = MembershipFactory(workspace=place, role=role).user
        issued = operations.create_token(user, workspace_id=place.id, name="test", scopes=scopes)
        return Caller(workspace=place, user=user, token=issued.text)

    return make


@pytest.fixture
def editor(caller_of: Callable[..., Caller]) -> Caller:
    return caller_of("editor")


@pytest.fixture
def stranger(caller_of: Callable[..., Caller]) -> Caller:
    return caller_of("owner", in_=WorkspaceFactory())


@pytest.fixture
def anybody(db: None) -> Caller:
    return Caller()


@pytest.fixture
def workflow(editor: Caller) -> Workflow:
    return WorkflowFactory(workspace=editor.workspace)
