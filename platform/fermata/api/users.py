"""``/users``: the people of the installation, for its administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.accounts import models, queries, users
from fermata.api import pagination
from fermata.api.resource import Input, Query, Resource
from fermata.api.schema import described
from fermata.api.session import workspaces
from fermata.api.shapes import NewUser, User, UserPage
from fermata.errors import InvalidInput, NotFound

CURE = "Change it by PUT /me/password, which asks for the old one."


class UserList(Query):
    """``search`` looks in names and addresses."""

    search: str = Field("", max_length=200)
    active: bool | None = None
    cursor: str | None = Field(None, max_length=2000)
    limit: int = Field(50, ge=1, le=200)


class AnyUser(Input):
    """A user to make. Without a password one is generated and shown once."""

    username: str = Field(min_length=1, max_length=150)
    password: str | None = Field(None, min_length=1, max_length=1000)
    name: str = Field("", max_length=150)
    email: str = Field("", max_length=254)
    is_staff: bool = False
    is_superuser: bool = False


class UserChange(Input):
    """What is left out stays."""

    name: str = Field("", max_length=150)
    email: str = Field("", max_length=254)
    locale: str = Field("", min_length=2, max_length=16)
    password: str = Field("", min_length=1, max_length=1000)
    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False


class UsersView(Resource):
    """List and make users."""

    actions = {"get": "user.read", "post": "user.create"}

    @described("List users", answer=UserPage, query=UserList)
    def get(self, request: Request) -> Response:
        """By username."""
        asked = self.query(UserList)
        after = pagination.decode(asked.cursor, str)
        rows = queries.users(
            search=asked.search, active=asked.active, after=after[0] if after else None, limit=asked.limit + 1
        )
        page, following = pagination.page(
            rows, limit=asked.limit, cursor=lambda row: pagination.encode(row.get_username())
        )
        return Response({"results": [shown(row) for row in page], "next": following})

    @described("Make a user", body=AnyUser, answer=NewUser, status=201, errors=(409, 422))
    def post(self, request: Request) -> Response:
        """Somebody who may sign in, in no workspace yet."""
        given = self.body(AnyUser)
        made = users.create(**given.model_dump(), by=self.principal.user)
        return Response({**_one(made.user), "password": made.password}, status=201)


class UserView(Resource):
    """Read and change a user."""

    actions = {"get": "user.read", "patch": "user.change"}
    missing = "There is no such user."

    def load(self, **ids: Any) -> models.User:
        """The user."""
        found = queries.user(ids["user_id"])
        if found is None:
            raise NotFound
        return found

    @described("Read a user", answer=User)
    def get(self, request: Request, user_id: UUID) -> Response:
        """The user with their workspaces."""
        return Response(_one(self.subject))

    @described("Change a user", body=UserChange, answer=User, errors=(409, 422))
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Deactivating ends sessions, tokens and streams at once; a password ends the sessions."""
        changes = self.body(UserChange).model_dump(exclude_unset=True)
        if "password" in changes and user_id == self.principal.user.id:
            row = {
                "code": "own_password",
                "pointer": "/password",
                "message": "This is your own password.",
                "cure": CURE,
            }
            raise InvalidInput(row["message"], problems=[row])
        return Response(_one(users.change(user_id, changes=changes, by=self.principal.user)))


def shown(row: models.User) -> dict[str, Any]:
    """A user without password."""
    return {
        "id": row.id,
        "username": row.get_username(),
        "name": row.get_full_name(),
        "email": row.email,
        "locale": row.locale,
        "is_active": row.is_active,
        "is_staff": row.is_staff,
        "is_superuser": row.is_superuser,
        "created_at": row.date_joined,
        "last_sign_in_at": row.last_login,
    }


def _one(row: models.User) -> dict[str, Any]:
    return {**shown(row), "workspaces": workspaces(queries.principal_of_user(row))}
