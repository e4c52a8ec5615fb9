"""A canary among the secrets: it reaches the service, and stands in nothing that is kept, sent or said."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.test import Client

from fermata.accounts import operations as accounts
from fermata.accounts.models import Secret, Workspace
from fermata.engine import operations
from fermata.engine.models import Execution
from tests.contracts.kept import everything
from tests.contracts.postgres import Postgres
from tests.factories import MembershipFactory, SecretFactory, VersionFactory, document
from tests.integration.workers.test_engine import CELERY, QUIET, environment, finished  # noqa: F401 - a fixture
from tests.sites import Site, reply

CANARY = "c4nary/of the+Worker"
FORMS = (
    CANARY, "c4nary", "C4NARY", quote(CANARY, safe=""), json.dumps(CANARY)[1:-1],
    b64encode(CANARY.encode()).decode()[:20], CANARY.encode().hex(),
)  # fmt: skip


def echo(handler: Any) -> None:
    sent = f"{handler.path} {dict(handler.headers)}"
    body = json.dumps(
        {"sent": sent, "loud": sent.upper(), "coded": b64encode(sent.encode()).decode()}
    ).encode()
    status = 403 if "refuse" in handler.path else 200
    reply(status, body, content_type="application/json", x_sent=handler.headers["Authorization"])(handler)


def start_all(workspace: Workspace, site: Site) -> list[Execution]:
    """One execution for each way a secret may come back."""
    request = {
        "method": "PUT",
        "headers": {"Authorization": "Bearer {{ secrets.token }}"},
        "body": "{{ secrets.token }}",
    }
    tells = {"password": "{{ secrets.token }}"}
    ways: list[tuple[str, dict[str, Any]]] = [
        ("http_request", {**request, "url": site.url("/?key={{ secrets.token }}")}),
        ("http_request", {**request, "url": site.url("/refuse")}),
        ("celery_task", {"task": "team.tells", "kwargs": {**tells, "how": "raise"}}),
        ("celery_task", {"task": "team.tells", "kwargs": {**tells, "how": "return"}}),
        ("http_request", {**request, "url": "{{ secrets.token }}"}),
    ]
    site.answers["/"] = site.answers["/refuse"] = echo
    started = []
    for kind, config in ways:
        definition = document(nodes=[{"id": "call", "type": kind, "config": config}])
        version = VersionFactory(workflow__workspace=workspace, definition=definition)
        begun = operations.start(workspace_id=workspace.id, version=version, input={}, started_by="user:test")
        started.append(Execution.objects.get(id=begun.id))
    return started


def broker_holds(connection: redis.Redis) -> str:
    """Every value in Redis."""
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": connection.get,
        b"list": lambda key: connection.lrange(key, 0, -1),
        b"hash": connection.hgetall,
        b"stream": connection.xrange,
        b"set": connection.smembers,
        b"zset": lambda key: connection.zrange(key, 0, -1),
        b"none": lambda _key: b"",  # ended between the two looks: leases do
    }
    return " ".join(f"{key!r} {readers[connection.type(key)](key)!r}" for key in connection.scan_iter())


def interface_says(workspace: Workspace, executions: list[Execution]) -> str:
    """What the interface answers about the executions, to somebody who may see everything."""
    owner = MembershipFactory(workspace=workspace, role="owner").user
    token = accounts.create_token(owner, workspace_id=workspace.id, name="test").text
    paths = ["/secrets", "/workflows/executions"]
    for execution in executions:
        own = f"/workflows/executions/{execution.id}"
        paths += [own, f"{own}/steps", f"{own}/events", f"{own}/snapshot", f"{own}/why"]
    answers = [Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return " ".join(answer.content.decode() for answer in answers)


def test_a_canary_reaches_the_service_and_nothing_else(
    connection: redis.Redis,
    environment: dict[str, str],  # noqa: F811
    start: Callable[..., Any],
    site: Site,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    workspace = SecretFactory(name="token", value=CANARY, hosts=[]).workspace
    executions = start_all(workspace, site)
    in_the_broker = broker_holds(connection)
    assert "wf:default" in in_the_broker
    worker = start(
        *CELERY, "-c", "2", "--loglevel", "DEBUG", *QUIET,
        **environment | {"FERMATA_REACHABLE_HOSTS": site.name, "FERMATA_LOG_LEVEL": "DEBUG"},
    )  # fmt: skip
    worker.said("ready.")
    ended = [finished(connection, execution).status for execution in executions]
    assert ended == ["succeeded", "failed", "failed", "succeeded", "failed"]
    assert {seen.headers["authorization"] for seen in site.seen} == {f"Bearer {CANARY}"}
    assert len(site.seen) == 2
    in_the_broker += broker_holds(connection)
    assert worker.stop() == 0
    places = {
        "database": everything(Postgres()),
        "broker": in_the_broker,
        "worker's log": "".join(worker.lines),
        "own log": caplog.text,
        "interface": interface_says(workspace, executions),
    }
    assert "•••" in places["database"]
    assert "DEBUG" in places["worker's log"]
    assert {name: [form for form in FORMS if form in text] for name, text in places.items()} == {
        name: [] for name in places
    }
    assert Secret.objects.get().last_used_at is not None
