"""``/secrets``: what nodes may read as ``secrets.<name>``. Values go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import models, vault
from fermata.api import pagination
from fermata.api.preconditions import etag, expected_version
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.shapes import Next
from fermata.errors import Conflict
from fermata.workflows import secret_readers

# What the vault refuses, said beforehand; it answers with its own sentences.
VALUE: dict[str, Any] = {"writeOnly": True, "minLength": vault.SHORTEST, "maxLength": vault.LONGEST}
HOSTS: dict[str, Any] = {
    "maxItems": vault.MOST_HOSTS,
    "items": {"type": "string", "pattern": f"^({vault.HOST.pattern})$"},
}


class Secret(BaseModel):
    """A secret without its value."""

    id: UUID
    workspace_id: UUID
    name: str = Field(description="as expressions use it: secrets.<name>")
    description: str
    hosts: list[str] = Field(description="where it may be sent; empty: anywhere")
    version: int = Field(description="grows with every value")
    created_by: str | None
    updated_by: str | None
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = Field(description="to the minute")


class SecretPage(BaseModel):
    """A page of secrets, by name."""

    results: list[Secret]
    next: Next


class NewSecret(Input):
    """A name, as expressions use it, and a value. ``hosts``: where it may be sent; empty: anywhere."""

    name: str = Field(json_schema_extra={"pattern": f"^{vault.NAME.pattern}$"})
    value: str = Field(json_schema_extra=VALUE)
    description: str = Field("", max_length=2000)
    hosts: list[str] = Field(default_factory=list, json_schema_extra=HOSTS)


class SecretChange(Input):
    """What is absent stays as it is."""

    description: str | None = Field(None, max_length=2000)
    hosts: list[str] | None = Field(None, json_schema_extra=HOSTS)


class SecretValue(Input):
    """The value that takes the place of the one before."""

    value: str = Field(json_schema_extra=VALUE)


class SecretList(Query):
    """A page of secrets."""

    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class DeleteSecret(Query):
    """``force``: also while published versions read it."""

    force: bool = False


class SecretsView(Resource):
    """List and add secrets."""

    actions = {"get": "secret.read", "post": "secret.write"}

    @described("List secrets", answer=SecretPage, query=SecretList, workspace=True)
    def get(self, request: Request) -> Response:
        """By name, without their values."""
        asked = self.query(SecretList)
        rows = vault.secrets(
            workspace_ids=self.workspace_ids("secret.read"),
            after=pagination.decode(asked.cursor, str, UUID),
            limit=asked.limit + 1,
        )
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row.name, row.id)
        )
        return Response({"results": [shown(row) for row in page], "next": following})

    @described("Add a secret", body=NewSecret, answer=Secret, status=201, workspace=True, errors=(409, 422))
    def post(self, request: Request) -> Response:
        """Seal a value under a new name; no answer ever holds the value."""
        workspace_id = self.workspace_id("secret.write")
        given = self.body(NewSecret)
        row = vault.create(
            workspace_id=workspace_id,
            name=given.name,
            value=given.value,
            description=given.description,
            hosts=given.hosts,
            by=self.principal.user,
        )
        return _answer(row, status=201)


class OneSecret(Resource):
    """Base of everything below ``/secrets/{secret_id}``."""

    missing = "There is no such secret."
    subject: models.Secret

    def load(self, **ids: Any) -> models.Secret:
        """The secret, sealed."""
        return vault.secret(ids["secret_id"])


class SecretView(OneSecret):
    """Read what is known of a secret, describe it, delete it."""

    actions = {"get": "secret.read", "patch": "secret.write", "delete": "secret.delete"}

    @described("Read a secret", answer=Secret)
    def get(self, request: Request, secret_id: UUID) -> Response:
        """Everything but its value."""
        return _answer(self.subject)

    @described("Describe a secret", body=SecretChange, answer=Secret, errors=(422,))
    def patch(self, request: Request, secret_id: UUID) -> Response:
        """Change its description, or the hosts it may be sent to."""
        given = self.body(SecretChange)
        by = self.principal.user
        return _answer(vault.change(secret_id, description=given.description, hosts=given.hosts, by=by))

    @described("Delete a secret", status=204, query=DeleteSecret, errors=(409,))
    def delete(self, request: Request, secret_id: UUID) -> Response:
        """Forget it; 409 with the versions that read it, unless ``force``."""
        if not self.query(DeleteSecret).force:
            _refuse_if_read(self.subject)
        vault.delete(secret_id, by=self.principal.user)
        return Response(status=204)


class SecretValueView(OneSecret):
    """Give a secret another value."""

    actions = {"put": "secret.write"}

    @described("Set a secret", body=SecretValue, answer=Secret, headers=("If-Match",), errors=(412, 422))
    def put(self, request: Request, secret_id: UUID) -> Response:
        """Seal the value as the next version; with ``If-Match`` only if the version is still that one."""
        version = expected_version(request)
        given = self.body(SecretValue)
        return _answer(vault.put_value(secret_id, value=given.value, version=version, by=self.principal.user))


def shown(row: models.Secret) -> dict[str, Any]:
    """A secret without its value."""
    names = ("id", "workspace_id", "name", "description", "hosts", "version")
    times = ("created_at", "updated_at", "last_used_at")
    people = {name: getattr(getattr(row, name), "username", None) for name in ("created_by", "updated_by")}
    return {**{name: getattr(row, name) for name in (*names, *times)}, **people}


def _answer(row: models.Secret, *, status: int = 200) -> Response:
    return Response(shown(row), status=status, headers={"ETag": etag(row.version)})


def _refuse_if_read(row: models.Secret) -> None:
    readers = secret_readers.published(row.workspace_id, row.name)
    if readers:
        first = readers[0]
        raise Conflict(
            f"Version {first['version']} of {first['workflow']} reads this secret, in {first['nodes'][0]}.",
            cure="Publish versions that do not read it, or add ?force=true: those nodes then fail.",
            used_by=readers,
        )
