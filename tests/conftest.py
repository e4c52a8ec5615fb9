"""What every test may ask for: PostgreSQL and Valkey of the run's own, started at the first request.

`db` and `transactional_db` (pytest-django) start PostgreSQL by themselves; `redis_url` and `valkey` start
Valkey. A test that stops or empties a server starts it again before it ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from fermata.config.stack.embedded import EmbeddedPostgres, EmbeddedValkey
from tests import settings as run
from tests.sites import Site, served


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of a running PostgreSQL."""
    if run.POSTGRES is not None:
        run.POSTGRES.start()
    yield os.environ["DATABASE_URL"]
    if run.POSTGRES is not None:
        run.POSTGRES.stop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a running Valkey or Redis."""
    if run.VALKEY is not None:
        run.VALKEY.start()
    yield os.environ["REDIS_URL"]
    if run.VALKEY is not None:
        run.VALKEY.stop()


@pytest.fixture(scope="session")
def postgres(database_url: str) -> EmbeddedPostgres:
    """The embedded PostgreSQL itself, for tests that restart it."""
    if run.POSTGRES is None:
        pytest.skip("DATABASE_URL names a server which is not ours to restart")
    return run.POSTGRES


@pytest.fixture(scope="session")
def valkey(redis_url: str) -> EmbeddedValkey:
    """The embedded Valkey itself, for tests that restart or empty it."""
    if run.VALKEY is None:
        pytest.skip("REDIS_URL names a server which is not ours to restart")
    return run.VALKEY


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_url: str) -> None:
    """pytest-django makes the test database after this; so the server is up by then."""


@pytest.fixture
def new_site() -> Iterator[Callable[[], Site]]:
    """Start HTTP servers on loopback that answer as they are told."""
    with ExitStack() as sites:
        yield lambda: sites.enter_context(served())


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    """One of them."""
    return new_site()


def pytest_unconfigure() -> None:
    """Leave nothing behind: servers stopped (also after an interruption), folder removed."""
    for server in (run.POSTGRES, run.VALKEY):
        if server is not None:
            server.stop()
    shutil.rmtree(run.HOME, ignore_errors=True)
