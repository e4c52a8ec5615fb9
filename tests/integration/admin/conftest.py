"""People who enter the admin: a superuser, a member of staff with a role, their browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from fermata.accounts.models import User, Workspace
from tests.factories import MembershipFactory, UserFactory, WorkspaceFactory


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory()


@pytest.fixture
def root(db: None) -> User:
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(root: User) -> Client:
    """The superuser's."""
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def staff_of(db: None) -> Callable[..., Client]:
    """A browser of somebody of the staff with a role in a workspace."""

    def make(workspace: Workspace, role: str = "operator") -> Client:
        user = MembershipFactory(workspace=workspace, role=role, user__is_staff=True).user
        client = Client()
        client.force_login(user)
        return client

    return make
