"""Every operation of openapi.yaml, what it takes spoilt one by one: refused, and not a row has changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import fermata.api
from fermata.accounts.models import User
from fermata.accounts.permissions import SCOPES
from fermata.errors import InvalidInput
from fermata.workflows.models import Workflow
from tests.factories import (
    ApprovalFactory,
    EventFactory,
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    SecretFactory,
    StepFactory,
    VersionFactory,
    WorkflowFactory,
    document,
)
from tests.integration.api.conftest import BASE, Caller
from tests.integration.bad_input.test_every_route import refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

DESCRIPTION = yaml.load(
    (Path(fermata.api.__file__).parent / "openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)
OPERATIONS = {
    f"{method.upper()} {path.removeprefix(BASE)}": operation
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    if path.startswith(BASE)
}
VALUES: list[Any] = [None, True, 5, -1, 2**62, 1.5, "", "x", "x" * 20_000, [], [5], {}, {"a": 5}]
"""Sent where the description does not allow them."""
SPOILT = {
    "NUL": '"a\\u0000b"',
    "half a pair": '"\\ud800"',
    "beyond 64 bits": "9223372036854775808",
    "below 64 bits": "-9223372036854775809",
    "infinity": "1e999",
    "no number": "NaN",
    "a key twice": '{"a": 1, "a": 1}',
    "an abyss": "[" * 200 + "]" * 200,
    "nine megabytes": '"' + "x" * 9_000_000 + '"',
}
"""JSON texts that nobody may send anywhere."""
TYPES = [
    "text/html",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
]
TAGS = ["x", '"x"', '"99999999999999999999"', '"1", "2"', "\x00", '"-1"', '"' + "9" * 9000 + '"']
KEYS = ["\x00", "x" * 5000]
CURSORS = ["x", "bnVsbA", "e30", "W10", "WyJ4IiwieCJd", "999999999999999999999999"]
"""No list has given these away: `null`, `{}`, `[]`, `["x","x"]` among them."""


ACCEPTED: dict[str, Any] = {
    "POST /approvals/{approval_id}/decide": {"decision": "approve", "comment": "fine"},
    "PUT /me/password": {"old_password": "a good password", "new_password": "a better password"},
    "POST /secrets": {"name": "key", "value": "hush", "description": "", "hosts": ["example.org"]},
    "PATCH /secrets/{secret_id}": {"description": "new", "hosts": ["example.org"]},
    "PUT /secrets/{secret_id}/value": {"value": "hush"},
    "POST /tokens": {"name": "more", "scopes": ["workflows:read"]},
    "POST /users": {"username": "grace", "password": "a good password", "name": "", "email": ""},
    "PATCH /users/{user_id}": {"name": "Grace"},
    "POST /workflows": {"name": "new", "description": "", "definition": document(), "editor": {}},
    "PATCH /workflows/{workflow_id}": {"name": "other", "description": "new"},
    "PUT /workflows/{workflow_id}/draft": {"definition": document(name="other"), "editor": {}},
    "PATCH /workflows/{workflow_id}/draft": [{"op": "add", "path": "/editor/a", "value": 1}],
    "POST /workflows/{workflow_id}/duplicate": {"name": "copy", "version": "draft"},
    "POST /workflows/{workflow_id}/executions": {"input": {}, "version": "latest", "tags": ["a"]},
    "POST /workflows/{workflow_id}/expressions/preview": {
        "draft_rev": 1, "pointer": "/nodes/0/config/output", "expression": "{{ 1 }}", "node_id": "hello",
    },
    "POST /workflows/{workflow_id}/import": document(name="imported"),
    "POST /workflows/{workflow_id}/publish": {"draft_rev": 1},
    "POST /workflows/{workflow_id}/restore": {"version": 1},
    "POST /workflows/{workflow_id}/unarchive": {"name": "back"},
    "POST /workflows/{workflow_id}/validate": {"definition": document()},
    "PUT /workflows/{workflow_id}/variables/{name}": {"value": 5},
    "POST /workflows/executions/{execution_id}/signal": {"name": "go", "payload": {}, "transient": False},
    "POST /workflows/executions/{execution_id}/steps/{step_id}/resolve": {"action": "fail"},
    "POST /workflows/import": document(name="imported"),
    "POST /workflows/validate": {"definition": document()},
    "POST /workspaces": {"slug": "new", "name": "New"},
    "PATCH /workspaces/{workspace_id}": {"name": "Newer"},
    "POST /workspaces/{workspace_id}/members": {"username": "ada", "role": "viewer"},
    "PATCH /workspaces/{workspace_id}/members/{user_id}": {"role": "editor"},
    "PUT /workspaces/{workspace_id}/variables/{name}": {"value": 5},
    "POST /session": {"username": "ada", "password": "a good password"},
}  # fmt: skip
"""A body for each operation that reads one, accepted as it stands; what is spoilt is the only thing wrong."""


def body_of(operation: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Content type and schema of what the operation reads; the JSON one of several."""
    content = operation.get("requestBody", {}).get("content", {})
    for kind, described in content.items():
        if "json" in kind:
            return kind, resolved(described["schema"])
    return None


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def allows(schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator({**schema, "components": DESCRIPTION["components"]}).is_valid(value)


@pytest.fixture
def owner(caller_of) -> Caller:
    """May do everything, in the workspace and beyond it."""
    caller = caller_of("owner", scopes=SCOPES)
    User.objects.filter(id=caller.user.id).update(is_superuser=True, is_staff=True)
    caller.get("/me")  # the token's last use is noted once a minute
    return caller


@pytest.fixture
def owned(workspace) -> dict[str, str]:
    """What stands in the place of every parameter of an address."""
    version = VersionFactory(workflow__workspace=workspace)
    WorkflowFactory(workspace=workspace)
    execution = ExecutionFactory(of=version)
    region = RegionFactory(execution=execution)
    EventFactory(execution=execution)
    return {
        "workflow_id": str(version.workflow_id),
        "execution_id": str(execution.id),
        "step_id": str(StepFactory(region=region).id),
        "approval_id": str(ApprovalFactory(step=StepFactory(region=region, state="waiting")).id),
        "token_id": str(uuid.uuid4()),
        "name": "counter",
        "secret_id": str(SecretFactory(workspace=workspace).id),
        "workspace_id": str(workspace.id),
        "user_id": str(MembershipFactory(workspace=workspace, role="viewer").user_id),
        "number": "1",
    }


UNREADY = {
    "POST /session": "needs no token, and test_users.py signs in",
    "PUT /me/password": "a token cannot change it",
    "POST /approvals/{approval_id}/decide": "its step has no plan behind it; test_approvals.py decides",
    "POST /workflows/executions/{execution_id}/steps/{step_id}/resolve": "its step is not uncertain",
    "POST /workflows/{workflow_id}/unarchive": "it is not archived",
    "POST /workspaces/{workspace_id}/members": "there is no such user",
}
"""Refused as they stand, and why."""


@dataclass(frozen=True)
class Request:
    """One request that must be refused, and what is wrong with it."""

    fault: str
    method: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def sent_by(self, caller: Caller) -> Any:
        return caller.call(self.method, self.path, self.body, **self.headers)


class Spoiling:
    """The requests of one operation with one thing wrong each."""

    def __init__(self, name: str, ids: dict[str, str]) -> None:
        self.name, self.operation = name, OPERATIONS[name]
        self.method, path = name.split()
        self.template, self.ids = path, ids
        self.path = path.format_map(ids)
        self.parameters = self.operation.get("parameters", [])
        self.kind, self.schema = body_of(self.operation) or ("", {})
        self.body = ACCEPTED.get(name)

    @property
    def headers(self) -> dict[str, str]:
        needed = any(row["name"] == "If-Match" and row.get("required") for row in self.parameters)
        return ({"If-Match": "*"} if needed else {}) | ({"Content-Type": self.kind} if self.kind else {})

    def accepted(self) -> Request:
        return self._request("nothing", body=json.dumps(self.body).encode() if self.kind else None)

    def _request(self, fault: str, *, query: str = "", body: bytes | None = None, **headers: str) -> Request:
        if body is None and self.kind:
            body = json.dumps(self.body).encode()
        return Request(f"{self.name}: {fault}", self.method, self.path + query, body, self.headers | headers)

    def __iter__(self) -> Iterator[Request]:
        yield from self._addresses()
        yield from self._queries()
        yield from self._preconditions()
        if self.kind:
            yield from self._bodies()

    def _addresses(self) -> Iterator[Request]:
        for row in self.parameters:
            if row["in"] == "path":
                for value in ("%00", "x" * 300, "%FF", "-1", str(2**64)):
                    path = self.template.format_map(self.ids | {row["name"]: value})
                    given = self._request(f"{row['name']} {value[:20]}")
                    yield replace(given, path=path)

    def _queries(self) -> Iterator[Request]:
        for row in self.parameters:
            if row["in"] != "query":
                continue
            name, schema = row["name"], resolved(row["schema"])
            for value in ("%00", "a%00b", "x" * 3000, "%ED%A0%80", "%FF"):
                yield self._request(f"?{name}={value[:20]}", query=f"?{name}={value}")
            yield self._request(f"?{name} twice", query=f"?{name}=1&{name}=1")
            for value in ("x", "-1", str(2**63), "1e400", "1.5", "[]"):
                if not self._is_text(schema) and not self._reads(schema, value):
                    yield self._request(f"?{name}={value}", query=f"?{name}={value}")
        cursors = {row["name"] for row in self.parameters} & {"cursor", "after", "before"}
        for name, value in product(sorted(cursors), CURSORS):
            yield self._request(f"?{name}={value}", query=f"?{name}={value}")
        if {row["name"] for row in self.parameters if row["in"] == "query"} - {"workspace"}:
            yield self._request("an unknown name", query="?nonsense=1")

    @staticmethod
    def _is_text(schema: dict[str, Any]) -> bool:
        return schema.get("type") == "string" and not schema.keys() & {"enum", "format", "pattern"}

    @staticmethod
    def _reads(schema: dict[str, Any], text: str) -> bool:
        """Whether the schema allows the value that a text in a query stands for."""
        if schema.get("format") in {"uuid", "date-time"}:
            return False
        read = [text]
        with suppress(ValueError):
            read.append(int(text))
        return any(allows(schema, value) for value in read)

    def _preconditions(self) -> Iterator[Request]:
        names = {row["name"]: row.get("required") for row in self.parameters if row["in"] == "header"}
        if names.get("If-Match"):
            yield self._request("If-Match missing", **{"If-Match": ""})
        if "If-Match" in names:
            for tag in [*TAGS, '"999999"']:
                yield self._request(f"If-Match {tag[:30]!r}", **{"If-Match": tag})
        if "Idempotency-Key" in names:
            for key in KEYS:
                yield self._request(f"Idempotency-Key {key[:20]!r}", **{"Idempotency-Key": key})

    def _bodies(self) -> Iterator[Request]:
        text = json.dumps(self.body)
        for kind in TYPES:
            yield self._request(f"as {kind}", **{"Content-Type": kind})
        yield self._request("no JSON", body=text[:-1].encode())
        yield self._request("no UTF-8", body=text.encode("utf-16"))
        for fault, spoilt in SPOILT.items():
            yield self._request(f"is {fault}", body=spoilt.encode())
        for value in VALUES:
            if not allows(self.schema, value):
                yield self._request(f"is {str(value)[:20]!r}", body=json.dumps(value).encode())
        if isinstance(self.body, dict):
            yield from self._members(self.body)

    def _members(self, body: dict[str, Any]) -> Iterator[Request]:
        first = next(iter(body))
        twice = f"{json.dumps(body)[:-1]}, {json.dumps(first)}: {json.dumps(body[first])}}}"
        yield self._request("a key twice", body=twice.encode())
        if self.schema.get("additionalProperties") is False:
            yield self._request("unknown", body=json.dumps(body | {"nonsense": 1}).encode())
        for name in self.schema.get("required", ()):
            less = {key: value for key, value in body.items() if key != name}
            yield self._request(f"without {name}", body=json.dumps(less).encode())
        for name, schema in self.schema.get("properties", {}).items():
            for fault, spoilt in SPOILT.items():
                yield self._request(f"{name} is {fault}", body=_with(body, name, spoilt))
            for value in VALUES:
                if not allows(schema, value):
                    sent = _with(body, name, json.dumps(value))
                    yield self._request(f"{name} is {str(value)[:20]!r}", body=sent)


def _with(body: dict[str, Any], name: str, text: str) -> bytes:
    """The body as JSON with one member replaced by a text that need not be JSON."""
    rest = json.dumps({key: value for key, value in body.items() if key != name})[1:-1]
    return f"{{{json.dumps(name)}: {text}{', ' if rest else ''}{rest}}}".encode()


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_thing_an_operation_takes_is_refused_when_it_is_spoilt(owner, owned, digested, name):
    before, faults = digested(), []
    for request in Spoiling(name, owned):
        answer = request.sent_by(owner)
        try:
            refused(answer)
        except AssertionError:
            faults.append((request.fault, answer.status_code, answer.content[:200]))
    assert not faults
    assert digested() == before


@pytest.mark.parametrize("name", [name for name in ACCEPTED if name not in UNREADY])
def test_what_is_spoilt_is_accepted_as_it_stands(owner, owned, name):
    answer = Spoiling(name, owned).accepted().sent_by(owner)
    assert answer.status_code < 300, answer.content


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "{" in name and "{token_id}" not in name])
def test_whatever_stands_in_the_address_is_not_found_by_a_stranger(stranger, owned, digested, name):
    stranger.get("/me")
    before = digested()
    answer = Spoiling(name, owned).accepted().sent_by(stranger)
    refused(answer)
    assert answer.status_code == (403 if "/users/" in name else 404)
    assert digested() == before


def test_every_body_that_is_described_is_spoilt():
    assert set(ACCEPTED) == {name for name, operation in OPERATIONS.items() if body_of(operation)}


def test_the_digest_notices_a_row_that_changed(owner, owned, digested):
    before = digested()
    Workflow.objects.filter(id=owned["workflow_id"]).update(description="changed")
    changed = digested()
    assert {table for table in before if before[table] != changed[table]} == {"fermata_workflow"}


def test_the_walk_notices_a_refusal_that_changed_a_row(owner, owned, digested, monkeypatch):
    def harms(*_: Any, **__: Any) -> Any:
        Workflow.objects.filter(id=owned["workflow_id"]).update(description="harmed")
        raise InvalidInput("Refused, too late.")

    monkeypatch.setattr("fermata.api.resource.checked", harms)
    request = next(row for row in Spoiling("PATCH /workflows/{workflow_id}", owned) if "unknown" in row.fault)
    before = digested()
    refused(request.sent_by(owner))
    assert digested() != before
