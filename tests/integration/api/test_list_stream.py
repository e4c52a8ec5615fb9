"""The WebSocket of a list of executions: snapshot, changed rows, counts, filters, back-pressure."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import fields
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.utils import timezone

from fermata.accounts.models import Membership
from fermata.api.stream import board, connection, fitting, standing, viewer
from fermata.coordination import stream
from fermata.engine import queries as engine
from fermata.engine.models import Execution, Step
from tests.factories import (
    EventFactory,
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    StepFactory,
    VersionFactory,
    WorkspaceFactory,
)
from tests.integration.api.sockets import (
    Socket,
    application,
    bearer,
    close_code,
    frame,
    opened,
    path_of,
    refused,
    signed_in,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("streams")]

LIST = "/api/v1/workflows/executions/ws"


@pytest.fixture
def version(workspace):
    return VersionFactory(workflow__workspace=workspace)


@pytest.fixture
def execution(version):
    return ExecutionFactory(of=version)


@sync_to_async
def start(version, **values: Any) -> Execution:
    execution = ExecutionFactory(of=version, **values)
    EventFactory(execution=execution, type="ExecutionStarted")
    stream.announce(str(execution.id), str(execution.workspace_id))
    return execution


@sync_to_async
def become(execution, status: str, *, announce: bool = True) -> None:
    finished_at = timezone.now() if status in {"succeeded", "failed"} else None
    execution.rev += 1
    Execution.objects.filter(id=execution.id).update(
        status=status, rev=execution.rev, finished_at=finished_at
    )
    EventFactory(execution=execution, type="ExecutionFinished")
    if announce:
        stream.announce(str(execution.id), str(execution.workspace_id))


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


async def changed(
    socket: Socket, *wanted: Execution, kinds: tuple[str, ...] = ("rows",)
) -> dict[str, dict[str, Any]]:
    """Frames of rows until all wanted ones came; the latest state of each, by id."""
    found: dict[str, dict[str, Any]] = {}
    while not {str(row.id) for row in wanted} <= set(found):
        batch = await frame(socket, *kinds)
        found |= {row["id"]: row for row in batch["rows"]}
    return found


async def test_a_snapshot_has_the_rows_that_rest_has(editor, version):
    for _ in range(3):
        await start(version)
    async with opened(f"{LIST}?workspace={editor.workspace.slug}&limit=2", bearer(editor)) as socket:
        snapshot = await frame(socket, "snapshot", "rows", "counts")
        page = await sync_to_async(editor.get)("/workflows/executions?limit=2")
        assert (snapshot["rows"], snapshot["next"]) == (page["results"], page["next"])


async def test_a_row_comes_again_whenever_it_changes(editor, version, execution):
    async with opened(LIST, bearer(editor)) as socket:
        assert ids((await frame(socket, "snapshot"))["rows"]) == [str(execution.id)]
        started = await start(version)
        assert (await changed(socket, started))[str(started.id)]["status"] == "running"
        for status in ("pausing", "paused", "running", "failed"):
            await become(execution, status)
            row = (await changed(socket, execution))[str(execution.id)]
            assert (row["status"], row["rev"]) == (status, execution.rev)
        assert row == (await sync_to_async(editor.get)("/workflows/executions?status=failed"))["results"][0]


async def test_a_running_execution_whose_steps_all_wait_is_waiting(editor, execution):
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        region = await sync_to_async(RegionFactory)(execution=execution)
        step = await sync_to_async(StepFactory)(region=region, state="waiting")
        for state, status in (("waiting", "waiting"), ("running", "running"), ("waiting", "waiting")):
            await Step.objects.filter(id=step.id).aupdate(state=state)
            await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
            assert (await changed(socket, execution))[str(execution.id)]["status"] == status


async def test_a_row_that_did_not_change_is_not_sent_again(editor, version, execution):
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await sync_to_async(stream.announce)(str(execution.id), str(execution.workspace_id))
        started = await start(version)
        assert set(await changed(socket, started)) == {str(started.id)}


async def test_only_what_the_filters_ask_for_is_sent(editor, version, execution):
    other = await sync_to_async(VersionFactory)(workflow__workspace=editor.workspace)
    keyed = await start(version, workflow_key="k")
    queries = {
        f"?workflow_id={other.workflow_id}": "other",
        f"?workflow={version.workflow.name.replace(' ', '+')}&workflow_key=k": "keyed",
        f"?root={execution.id}": "execution",
        f"?until={timezone.now().isoformat().replace('+', '%2B')}": "old",
    }
    sockets = {name: Socket(LIST + query, bearer(editor)) for query, name in queries.items()}
    for socket in sockets.values():
        assert (await socket.connect())["type"] == "websocket.accept"
        await frame(socket, "snapshot")
    elsewhere = await start(other)
    await become(execution, "failed")
    await become(keyed, "failed")
    expected = {"other": [elsewhere], "keyed": [keyed], "execution": [execution], "old": [execution, keyed]}
    for name, socket in sockets.items():
        found = await changed(socket, *expected[name])
        assert set(found) == {str(row.id) for row in expected[name]}, name
        await socket.disconnect()


async def test_a_row_that_no_longer_fits_is_removed(editor, version, execution):
    async with opened(f"{LIST}?status=running,waiting", bearer(editor)) as socket:
        assert len((await frame(socket, "snapshot"))["rows"]) == 1
        await become(execution, "failed")
        assert (await frame(socket, "rows"))["removed"] == [str(execution.id)]


async def test_a_row_that_never_fitted_is_not_removed(editor, version):
    async with opened(f"{LIST}?status=failed", bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await frame(socket, "counts")
        running, failing = await start(version), await start(version)
        await frame(socket, "counts")
        await become(running, "succeeded")
        await become(failing, "failed")
        batch = await frame(socket, "rows")
        assert (ids(batch["rows"]), batch["removed"]) == ([str(failing.id)], [])


async def test_the_list_of_another_workspace_is_never_sent(editor, version, execution):
    foreign = await sync_to_async(VersionFactory)(workflow__workspace=await sync_to_async(WorkspaceFactory)())
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await start(foreign)
        started = await start(version)
        assert set(await changed(socket, started)) == {str(started.id)}


async def test_without_a_workspace_all_of_ones_own_are_listed(workspace, version):
    headers = await sync_to_async(signed_in)(workspace)
    second = await sync_to_async(VersionFactory)()
    membership = await Membership.objects.select_related("user").aget(workspace=workspace)
    await sync_to_async(MembershipFactory)(user=membership.user, workspace=second.workflow.workspace)
    own = [*headers, (b"host", b"localhost"), (b"origin", b"http://localhost")]
    async with opened(LIST, own) as everything, opened(f"{LIST}?workspace={workspace.slug}", own) as one:
        await frame(everything, "snapshot")
        await frame(one, "snapshot")
        there, here = await start(second), await start(version)
        assert set(await changed(everything, there, here)) == {str(there.id), str(here.id)}
        assert set(await changed(one, here)) == {str(here.id)}


async def test_counts_are_absolute_and_leave_the_status_out(editor, version, execution):
    async with opened(f"{LIST}?status=failed", bearer(editor)) as socket:
        first = await frame(socket, "counts")
        assert (first["counts"], first["total"]) == ({"running": 1}, 1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await become(execution, "failed")
        assert (await frame(socket, "counts"))["counts"] == {"failed": 1}
        assert loop.time() - began > 0.5


async def test_rows_say_what_their_reader_may_do(caller_of, version, execution):
    watching, acting = [await sync_to_async(caller_of)(role) for role in ("viewer", "operator")]
    async with opened(LIST, bearer(watching)) as first, opened(LIST, bearer(acting)) as second:
        await frame(first, "snapshot")
        await frame(second, "snapshot")
        started = await start(version)
        refused_row = (await changed(first, started))[str(started.id)]
        assert "operator" in refused_row["can"]["cancel"]
        assert (await changed(second, started))[str(started.id)]["can"]["cancel"] is True


async def test_without_a_signal_new_events_are_looked_for(editor, version, execution, monkeypatch):
    monkeypatch.setattr(board, "LOOK_SECONDS", 0.2)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await become(execution, "failed", announce=False)
        assert (await changed(socket, execution))[str(execution.id)]["status"] == "failed"


async def test_one_reader_serves_all_lists(editor, version, monkeypatch):
    reads = 0
    rows = board._rows

    def counted(wanted: Any) -> Any:
        nonlocal reads
        reads += 1
        return rows(wanted)

    monkeypatch.setattr(board, "_rows", counted)
    sockets = [Socket(LIST, bearer(editor)) for _ in range(5)]
    for socket in sockets:
        await socket.connect()
        await frame(socket, "snapshot")
    began = asyncio.get_running_loop().time()
    started = [await start(version) for _ in range(60)]
    for socket in sockets:
        assert len(await changed(socket, *started)) == 60
        await socket.disconnect()
    assert reads <= (asyncio.get_running_loop().time() - began) / board.TICK_SECONDS + 2


async def test_more_rows_than_a_frame_takes_are_told_of(editor, version, monkeypatch):
    monkeypatch.setattr(viewer, "MOST_ROWS", 3)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        made = await sync_to_async(ExecutionFactory.create_batch)(5, of=version)
        for row in made:
            await sync_to_async(stream.announce)(str(row.id), str(row.workspace_id))
        seen: list[str] = []
        while not seen or seen[0] != str(made[-1].id):
            batch = await frame(socket, "rows")
            seen = ids(batch["rows"])
        assert batch["truncated"] is (len(seen) == 3)


async def test_too_many_changes_at_once_are_told_by_a_new_snapshot(editor, version, monkeypatch):
    # How many of them one read of the stream brings is Valkey's to say; that any came is certain.
    monkeypatch.setattr(board, "MOST_CHANGES", 0)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        made = await sync_to_async(ExecutionFactory.create_batch)(5, of=version)
        pipeline = stream.Pipeline()
        for row in made:
            pipeline.announce(str(row.id), str(row.workspace_id))
        await sync_to_async(pipeline.execute)()
        assert ids((await frame(socket, "snapshot"))["rows"]) == [str(row.id) for row in reversed(made)]


async def test_a_client_that_does_not_read_gets_a_snapshot_when_it_does(editor, version, monkeypatch):
    monkeypatch.setattr(viewer, "MOST_PENDING", 3)
    slow = Socket(LIST, bearer(editor))
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    sent: asyncio.Queue[str] = asyncio.Queue()
    reads = asyncio.Event()
    reads.set()

    async def send(message: dict[str, Any]) -> None:
        await reads.wait()
        if message["type"] == "websocket.send":
            await sent.put(message["text"])

    running = asyncio.create_task(application(slow.scope, inbox.get, send))
    await inbox.put({"type": "websocket.connect"})
    assert '"snapshot"' in await asyncio.wait_for(sent.get(), 30)
    async with opened(LIST, bearer(editor)) as quick:
        await frame(quick, "snapshot")
        reads.clear()
        started = [await start(version) for _ in range(8)]
        more = await start(version)
        await changed(quick, *started, more, kinds=("rows", "snapshot"))
        reads.set()
        kinds = []
        while not kinds or kinds[-1] != "snapshot":
            text = await asyncio.wait_for(sent.get(), 30)
            kinds.append(board_kind(text))
        assert str(more.id) in text
        assert kinds.count("rows") <= 1, kinds
    await inbox.put({"type": "websocket.disconnect", "code": 1000})
    await asyncio.wait_for(running, 30)


def board_kind(text: str) -> str:
    return text.split('"')[3]


async def test_after_an_outage_of_the_database_everything_is_told_anew(
    editor, version, execution, monkeypatch
):
    monkeypatch.setattr(board, "AGAIN_SECONDS", 0.05)
    rows, failures = board._rows, 1

    def failing(wanted: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise OperationalError("the server closed the connection")
        return rows(wanted)

    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        monkeypatch.setattr(board, "_rows", failing)
        await become(execution, "failed")
        again = await frame(socket, "snapshot", "rows")
        assert (again["type"], again["rows"][0]["status"]) == ("snapshot", "failed")


async def test_a_board_that_fails_lets_its_clients_come_back(editor, execution, monkeypatch):
    rows = board._rows
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        monkeypatch.setattr(board, "_rows", lambda _: 1 / 0)
        await become(execution, "failed")
        assert await close_code(socket) == 1011
        monkeypatch.setattr(board, "_rows", rows)
        async with opened(LIST, bearer(editor)) as again:
            assert (await frame(again, "snapshot"))["rows"][0]["status"] == "failed"


async def test_a_heartbeat_is_sent_when_nothing_else_was(editor, monkeypatch):
    monkeypatch.setattr(connection, "HEARTBEAT_SECONDS", 0.1)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        assert await frame(socket, "heartbeat") == {"type": "heartbeat"}


async def test_nothing_can_be_said(editor):
    async with opened(LIST, bearer(editor)) as socket:
        await socket.say('{"type": "pause"}')
        assert (await frame(socket, "problem"))["code"] == "unknown_message"


async def test_a_withdrawn_membership_closes_the_socket_with_4403(editor, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await Membership.objects.filter(user=editor.user).adelete()
        assert await close_code(socket) == 4403


async def test_a_changed_role_shows_in_the_rows_that_follow(editor, version, monkeypatch):
    monkeypatch.setattr(standing, "STANDING_SECONDS", 0.1)
    async with opened(LIST, bearer(editor)) as socket:
        await frame(socket, "snapshot")
        await Membership.objects.filter(user=editor.user).aupdate(role="viewer")
        for _ in range(50):
            started = await start(version)
            row = (await changed(socket, started))[str(started.id)]
            if row["can"]["cancel"] is not True:
                break
        assert "viewer" in row["can"]["cancel"]


class TestHandshake:
    async def test_nobody_is_refused_with_403(self):
        assert await refused(LIST, []) == 403

    async def test_a_stranger_cannot_tell_which_workspaces_there_are(self, stranger, editor):
        for reference in (editor.workspace.slug, editor.workspace.id, "nowhere"):
            assert await refused(f"{LIST}?workspace={reference}", bearer(stranger)) == 404

    async def test_a_token_without_the_scope_is_refused_with_403(self, caller_of):
        narrow = await sync_to_async(caller_of)("owner", scopes=("workflows:read",))
        assert await refused(LIST, bearer(narrow)) == 403
        assert await refused(f"{LIST}?workspace={narrow.workspace.slug}", bearer(narrow)) == 403

    @pytest.mark.parametrize(
        "query",
        [
            "status=odd",
            "limit=0",
            "limit=201",
            "since=yesterday",
            "workflow_id=x",
            "sort=name",
            "root=1",
            "parent=00000000-0000-0000-0000-000000000000",
            "version=1",
            "limit=1&limit=2",
        ],
    )
    async def test_bad_filters_are_refused(self, editor, query):
        assert await refused(f"{LIST}?{query}", bearer(editor)) == 400

    async def test_a_workflow_that_is_not_there_or_elsewhere_is_refused(self, editor):
        elsewhere = await sync_to_async(VersionFactory)()
        for query in ("workflow=nothing", f"workflow_id={elsewhere.workflow_id}"):
            assert await refused(f"{LIST}?{query}", bearer(editor)) == 404

    async def test_a_ticket_opens_one_list_once_and_no_execution(self, editor, execution):
        get = sync_to_async(editor.post)
        made = [(await get("/workflows/executions/ticket", status=201))["ticket"] for _ in range(2)]
        assert await refused(path_of(execution, f"?ticket={made[0]}"), []) == 403
        async with opened(f"{LIST}?ticket={made[1]}", []) as socket:
            await frame(socket, "snapshot")
        assert await refused(f"{LIST}?ticket={made[1]}", []) == 403


class TestFitting:
    """The stream decides in memory as the list does in PostgreSQL."""

    def test_every_filter_of_the_list_is_known_here(self):
        told_apart = {"workspace_ids", "parent_id"}  # the one is asked for elsewhere, the other refused
        asked = inspect.getsource(fitting)
        for field in fields(engine.Filters):
            assert field.name in told_apart or f"filters.{field.name}" in asked, field.name

    def test_a_row_fits_exactly_when_the_list_has_it(self, workspace):
        version = VersionFactory(workflow__workspace=workspace)
        root = ExecutionFactory(of=version, started_by="user:ana", priority=1, tags=["a", "b"])
        ended = timezone.now()
        ExecutionFactory(of=version, root_id=root.id, parent_step_id=uuid4(), workflow_key="k")
        ExecutionFactory(of=version, root_id=root.id, debug=True, tags=["b"])
        ExecutionFactory(of=version, version=0, status="failed", error={"class": "x"}, finished_at=ended)
        ExecutionFactory(of=VersionFactory(workflow__workspace=workspace), status="succeeded")
        everything = engine.executions(workspace_ids=[workspace.id], filters=engine.Filters())
        assert len(everything) == 5
        child = next(row for row in everything if row["workflow_key"])
        cases = [
            {"statuses": ("failed",)},
            {"statuses": ("running", "succeeded")},
            {"workflow_ids": (version.workflow_id,)},
            {"workflow_ids": (version.workflow_id,), "version": 1},
            {"workflow_ids": (version.workflow_id,), "version": 0},
            {"workflow_key": "k"},
            {"tags": ("b",)},
            {"tags": ("a", "b")},
            {"root_id": root.id},
            {"parent_step_id": child["parent_step_id"]},
            {"started_by": "user:ana"},
            {"priority": 1},
            {"debug": True},
            {"debug": False},
            {"error": "x"},
            {"ids": (root.id, root.id)},
            {"since": ended},
            {"until": ended},
            {"finished_since": ended},
            {"finished_until": ended},
        ]
        for case in cases:
            filters = engine.Filters(**case)
            listed = {row["id"] for row in engine.executions(workspace_ids=[workspace.id], filters=filters)}
            fitting_rows = {
                row["id"]
                for row in everything
                if fitting.could_fit(filters, row) and fitting.fits(filters, row)
            }
            assert fitting_rows == listed, case
            if case != {"finished_until": ended}:
                assert 0 < len(listed) < 5, case
