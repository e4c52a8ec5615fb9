"""Queues and workers: what an operator and what the staff see."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import import_module

import pytest
from django.utils import timezone

from fermata.accounts.models import User
from fermata.api import shapes
from fermata.coordination import fleet
from fermata.coordination.client import client, forget_connections
from fermata.coordination.fleet import Worker
from fermata.engine.ledger import Ring
from fermata.engine.models import Step
from fermata.engine.runtime import ring_window
from tests.factories import ExecutionFactory, RegionFactory, StepFactory
from workers.dispatcher import CeleryDispatcher

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_redis(redis_url):
    forget_connections()
    client().flushall()


@pytest.fixture
def staff(caller_of):
    caller = caller_of("operator", scopes=("executions:read", "installation:read"))
    User.objects.filter(id=caller.user.id).update(is_staff=True)
    return caller


def steps(workspace, count: int, **values) -> list[Step]:
    execution = ExecutionFactory(of__workflow__workspace=workspace)
    region = RegionFactory(execution=execution)
    return StepFactory.create_batch(count, region=region, **values)


def worker(**values) -> Worker:
    known = {"host": "h", "pid": 1, "queues": ("default",), "concurrency": 4, "version": "1"}
    made = Worker(**{"name": "celery@h", "started_at": time.time() - 60, **known, **values})
    fleet.announce(made)
    return made


def row_of(caller, name: str = "default") -> dict:
    page = caller.get("/queues")
    shapes.QueuePage.model_validate(page)
    return next(row for row in page["results"] if row["name"] == name)


def test_an_operator_sees_the_steps_of_their_workspace_and_who_could_take_them(
    caller_of, workspace, stranger
):
    now = timezone.now()
    steps(workspace, 2, state="ready", rung_at=now, ready_at=now - timedelta(seconds=90))
    steps(workspace, 3, state="ready", rung_at=None, ready_at=now)
    steps(workspace, 1, state="running")
    steps(stranger.workspace, 5, state="ready", ready_at=now - timedelta(hours=1))
    steps(stranger.workspace, 1, state="ready", queue="theirs")
    worker()
    worker(pid=2, concurrency=8)
    operator = caller_of("operator")
    row = row_of(operator)
    assert 89 < row.pop("oldest_ready_seconds") < 120
    assert row == {
        "name": "default",
        "workers": 2,
        "slots": 12,
        "ready": 5,
        "rung": 2,
        "unrung": 3,
        "running": 1,
        "capped": False,
        "installation": None,
    }
    page = operator.get("/queues")
    assert [entry["name"] for entry in page["results"]] == ["default"]
    assert page["window"] == ring_window()
    caller_of("viewer").get("/queues", status=403)
    operator.get("/workers", status=403)


def test_the_staff_see_the_whole_installation_with_the_brokers_messages(staff, workspace, stranger):
    steps(workspace, 1, state="ready")
    [theirs, *_] = steps(stranger.workspace, 5, state="ready", rung_at=timezone.now())
    steps(stranger.workspace, 1, state="running", queue="theirs")
    ring = Ring(
        str(theirs.id), str(theirs.execution_id), node_id="n", kind="node", queue="default", priority=5
    )
    CeleryDispatcher(mode="off").ring([ring, ring])
    row = row_of(staff)
    assert (row["ready"], row["rung"], row["unrung"]) == (1, 0, 1)
    depth = row["installation"]
    assert (depth["ready"], depth["rung"], depth["unrung"]) == (6, 5, 1)
    assert depth["queued"] == 2
    other = row_of(staff, "theirs")
    assert (other["running"], other["installation"]["running"], other["slots"]) == (0, 1, 0)


def test_a_backlog_beyond_the_cap_is_said_to_be_at_least_that(staff, workspace, monkeypatch):
    monkeypatch.setattr(import_module("fermata.engine.queries.queues"), "COUNT_CAP", 3)
    steps(workspace, 7, state="ready")
    row = row_of(staff)
    assert (row["installation"]["ready"], row["installation"]["capped"]) == (3, True)


def test_figures_of_the_ledger_stand_without_redis(staff, workspace, settings):
    steps(workspace, 1, state="ready")
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    row = row_of(staff)
    assert (row["ready"], row["workers"], row["installation"]["queued"]) == (1, None, None)
    staff.get("/workers", status=503)


def test_the_inventory_names_workers_with_the_steps_they_perform(staff, workspace):
    made = worker(queues=("default", "slow"))
    [running] = steps(workspace, 1, state="running", worker=made.name, started_at=timezone.now())
    steps(workspace, 2, state="running", worker="celery@gone")
    page = staff.get("/workers")
    shapes.WorkerPage.model_validate(page)
    [row] = page["results"]
    assert (row["name"], row["host"], row["pid"], row["concurrency"]) == ("celery@h", "h", 1, 4)
    assert row["queues"] == ["default", "slow"]
    assert row["started_at"] < row["last_seen_at"]
    assert [step["step_id"] for step in row["steps"]] == [str(running.id)]
    assert page["running_elsewhere"] == 2
    staff.call("GET", "/workers?x=1", status=400)
