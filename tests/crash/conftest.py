"""One fleet for the whole suite; Django in this process speaks to the fleet's servers while a case runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.db import connections

from fermata.coordination.client import forget_connections
from fermata.engine import dispatch, runtime
from fermata.engine.store import run
from tests.crash.findings import Findings
from tests.crash.fleet import Fleet
from tests.crash.stage import Stage


@pytest.fixture(scope="session")
def running_fleet() -> Iterator[Fleet]:
    fleet = Fleet()
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()


@pytest.fixture
def fleet(running_fleet: Fleet, settings: Any, django_db_blocker: Any) -> Iterator[Fleet]:
    """The fleet, whole and unarmed, with this process's Django on its servers."""
    parts = urlsplit(running_fleet.postgres.url)
    connection = connections["default"]
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(
        HOST=parts.hostname, PORT=parts.port, NAME=parts.path[1:], USER=parts.username,
        PASSWORD=unquote(parts.password or ""),
    )  # fmt: skip
    settings.REDIS_URL = running_fleet.valkey.url
    _forget()
    with django_db_blocker.unblock():
        if not run("SELECT to_regclass('crash_violation')::text")[0][0]:
            with connection.cursor() as cursor:
                cursor.execute(Path(__file__).with_name("watch.sql").read_text())
        running_fleet.disarm()
        running_fleet.heal()
        running_fleet.settle()
        try:
            yield running_fleet
        finally:
            running_fleet.disarm()
            running_fleet.clear()
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(before)
            _forget()


@pytest.fixture
def stage(fleet: Fleet) -> Stage:
    return Stage(fleet)


def _forget() -> None:
    forget_connections()
    dispatch.dispatcher.cache_clear()
    runtime.forget()


@pytest.fixture(scope="session")
def findings(running_fleet: Fleet, request: pytest.FixtureRequest) -> Iterator[Findings]:
    """Collects what was seen; `FERMATA_CRASH_REPORT` names the file of the documentation's table."""
    found = Findings()
    yield found
    if os.environ.get("FERMATA_CRASH_REPORT"):
        page = found.page(strikes=len(running_fleet.strikes), failed=request.session.testsfailed)
        Path(os.environ["FERMATA_CRASH_REPORT"]).write_text(page)
