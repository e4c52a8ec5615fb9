"""Variables of workspaces and workflows over REST: set in turn, read by executions, kept in a ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from fermata.engine import queries, variables
from fermata.engine.models import Variable, VariableWrite
from fermata.engine.queries.steps import INLINE_BYTES
from fermata.engine.variables import Expected, Scope
from fermata.engine.wire import LARGEST_BYTES
from fermata.errors import NotFound, OutOfDate
from tests.contracts.harness import WORKSPACE, World
from tests.contracts.postgres import Postgres
from tests.factories import WorkflowFactory, WorkspaceFactory
from tests.reference.contract_cases import Case

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["workspaces", "workflows"])
def home(request: pytest.FixtureRequest, editor: Any) -> str:
    """The address of a scope."""
    if request.param == "workspaces":
        return f"/workspaces/{editor.workspace.id}/variables"
    return f"/workflows/{WorkflowFactory(workspace=editor.workspace).id}/variables"


def test_is_made_read_changed_and_deleted(editor, home):
    made = editor.call("PUT", f"{home}/limit", {"value": {"per": [1, 2.5, None, "ä"]}}, status=201)
    assert (made["ETag"], made.json()["value"]) == ('"1"', {"per": [1, 2.5, None, "ä"]})
    assert editor.get(f"{home}/limit") == made.json()
    assert made.json()["updated_by"] == f"user:{editor.user.username}"
    changed = editor.call("PUT", f"{home}/limit", {"value": None}, status=200)
    assert (changed["ETag"], changed.json()["value"]) == ('"2"', None)
    assert [row["name"] for row in editor.get(home)["results"]] == ["limit"]
    editor.call("DELETE", f"{home}/limit", status=204)
    editor.get(f"{home}/limit", status=404)
    editor.call("DELETE", f"{home}/limit", status=404)
    assert editor.get(home)["results"] == []


def test_an_unchanged_one_is_not_sent_again(editor, home):
    editor.call("PUT", f"{home}/a", {"value": 1}, status=201)
    assert editor.call("GET", f"{home}/a", If_None_Match='"1"', status=304).content == b""
    editor.call("GET", f"{home}/a", If_None_Match='"2"', status=200)


@pytest.mark.parametrize(
    ("headers", "there", "status"),
    [
        ({"If_Match": '"1"'}, True, 200),
        ({"If_Match": 'W/"1"'}, True, 200),
        ({"If_Match": '"2"'}, True, 412),
        ({"If_Match": "*"}, True, 200),
        ({"If_Match": "*"}, False, 412),
        ({"If_Match": '"1"'}, False, 412),
        ({"If_None_Match": "*"}, True, 412),
        ({"If_None_Match": "*"}, False, 201),
        ({"If_Match": "one"}, True, 400),
        ({"If_Match": '"99999999999"'}, True, 400),
    ],
    ids=str,
)
def test_is_written_only_over_what_the_writer_has_seen(editor, home, headers, there, status):
    if there:
        editor.call("PUT", f"{home}/a", {"value": "before"}, status=201)
    answer = editor.call("PUT", f"{home}/a", {"value": "after"}, status=status, **headers)
    if status == 412:
        assert answer.json().get("version") == (1 if there else None)
        assert answer.json()["cure"]
    if status >= 400:
        assert [row["value"] for row in editor.get(home)["results"]] == (["before"] if there else [])
        assert VariableWrite.objects.count() == there


def test_is_deleted_only_as_the_version_that_was_read(editor, home):
    editor.call("PUT", f"{home}/a", {"value": 1}, status=201)
    assert editor.call("DELETE", f"{home}/a", If_Match='"7"', status=412).json()["version"] == 1
    editor.call("DELETE", f"{home}/a", If_Match='"1"', status=204)


def test_a_version_never_means_two_values(editor, home):
    editor.call("PUT", f"{home}/a", {"value": "first"}, status=201)
    editor.call("DELETE", f"{home}/a", status=204)
    again = editor.call("PUT", f"{home}/a", {"value": "second"}, status=201)
    assert again["ETag"] == '"3"'
    editor.call("PUT", f"{home}/a", {"value": "third"}, If_Match='"1"', status=412)


def test_the_ledger_tells_who_wrote_what(editor, caller_of, home):
    other = caller_of("admin")
    editor.call("PUT", f"{home}/a", {"value": [1]}, status=201)
    other.call("PUT", f"{home}/a", {"value": "x" * INLINE_BYTES}, status=200)
    editor.call("DELETE", f"{home}/a", status=204)
    rows = editor.get(f"{home}/a/writes")["results"]
    assert [(row["version"], row["operation"], row["by"]) for row in rows] == [
        (3, "delete", f"user:{editor.user.username}"),
        (2, "set", f"user:{other.user.username}"),
        (1, "set", f"user:{editor.user.username}"),
    ]
    assert [(row["old"], row["new"], row["truncated"]) for row in rows] == [
        (None, None, ["old"]),
        ([1], None, ["new"]),
        (None, [1], []),
    ]
    first = editor.get(f"{home}/a/writes?limit=2")
    assert editor.get(f"{home}/a/writes?limit=2&cursor={first['next']}") == {
        "results": rows[2:],
        "next": None,
    }


def test_lists_by_name_page_by_page_with_large_values_left_out(editor, home):
    for name in ("c", "a", "b"):
        editor.call(
            "PUT", f"{home}/{name}", {"value": "x" * (INLINE_BYTES if name == "b" else 1)}, status=201
        )
    first = editor.get(f"{home}?limit=2")
    rows = first["results"] + editor.get(f"{home}?limit=2&cursor={first['next']}")["results"]
    assert [(row["name"], row["truncated"], row["value"]) for row in rows] == [
        ("a", False, "x"),
        ("b", True, None),
        ("c", False, "x"),
    ]
    assert len(editor.get(f"{home}/b")["value"]) == INLINE_BYTES


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("with-dash", {"value": 1}, 422),
        ("1a", {"value": 1}, 422),
        ("a" * 65, {"value": 1}, 422),
        ("a%00b", {"value": 1}, 422),
        ("%C3%A4", {"value": 1}, 422),
        ("a", {}, 400),
        ("a", {"value": 1, "by": "user:root"}, 400),
        ("a", b'{"value": "\\u0000"}', 422),
        ("a", b'{"value": 9223372036854775808}', 422),
        ("a", b'{"value": 1e999}', 422),
        ("a", b'{"value": ' + b"[" * 101 + b"]" * 101 + b"}", 422),
        ("a", {"value": "x" * LARGEST_BYTES}, 413),
    ],
    ids=lambda part: str(part)[:30],
)
def test_what_cannot_be_kept_is_refused_and_nothing_changes(editor, home, name, body, status):
    answer = editor.call("PUT", f"{home}/{name}", body, status=status).json()
    assert answer["cure"]
    editor.call("GET", f"{home}/{name}", status=404)
    assert not Variable.objects.exists()
    assert not VariableWrite.objects.exists()


def test_there_is_an_end_to_their_number(editor, home, monkeypatch):
    monkeypatch.setattr(variables, "MOST", 2)
    for name in ("a", "b"):
        editor.call("PUT", f"{home}/{name}", {"value": 1}, status=201)
    assert "2 variables" in editor.call("PUT", f"{home}/c", {"value": 1}, status=409).json()["detail"]
    editor.call("PUT", f"{home}/b", {"value": 2}, status=200)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_everybody_reads_and_editors_write(caller_of, editor, home, role):
    editor.call("PUT", f"{home}/a", {"value": 1}, status=201)
    reader = caller_of(role)
    assert reader.get(f"{home}/a")["value"] == 1
    assert len(reader.get(f"{home}/a/writes")["results"]) == 1
    reader.call("PUT", f"{home}/a", {"value": 2}, status=403)
    reader.call("DELETE", f"{home}/a", status=403)


def test_scopes_keep_apart(editor, stranger, home):
    editor.call("PUT", f"{home}/a", {"value": 1}, status=201)
    elsewhere = WorkflowFactory(workspace=editor.workspace)
    editor.get(f"/workflows/{elsewhere.id}/variables/a", status=404)
    stranger.get(home, status=404)
    stranger.call("PUT", f"{home}/a", {"value": 2}, status=404)
    narrow = home.replace(str(editor.workspace.id), str(WorkspaceFactory().id))
    if narrow != home:
        editor.get(narrow, status=404)


def test_administrators_of_the_installation_see_them_as_members_alone(editor, stranger, home):
    stranger.user.is_superuser = stranger.user.is_staff = True
    stranger.user.save()
    stranger.get(home, status=404)
    stranger.call("PUT", f"{home}/a", {"value": 2}, status=404)


def workflow_of(execution_id: str) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT workflow_id FROM fermata_execution WHERE id = %s", [execution_id])
        return cursor.fetchone()[0]


def world(*nodes: dict[str, Any], edges: list[dict[str, str]] | None = None) -> World:
    document = {
        "schema": "fermata/1", "name": "v", "variables": {"a": "default", "n": 0},
        "nodes": list(nodes), "edges": edges or [],
    }  # fmt: skip
    return World(Case(name="v", file="v", document=document, input={}, expect={}), Postgres())


READS = {"id": "reads", "type": "transform", "config": {"output": "{{ vars.a }}"}}


def test_executions_read_the_nearest_and_the_default_when_there_is_none():
    everywhere = Scope("workspace", UUID(WORKSPACE), UUID(WORKSPACE))
    assert world(READS).run().output == {"reads": "default"}
    variables.put(everywhere, name="a", value="workspace", by="user:x")
    assert world(READS).run().output == {"reads": "workspace"}
    nearer = world(READS)
    nearer.start()
    here = Scope("workflow", workflow_of(nearer.execution_id), UUID(WORKSPACE))
    variables.put(here, name="a", value="workflow", by="user:x")
    nearer._perform_all()
    assert nearer.ledger.account(nearer.execution_id, nearer.plans.plan(nearer.plans.main)).output == {
        "reads": "workflow"
    }
    variables.delete(everywhere, name="a", by="user:x")
    assert world(READS).run().output == {"reads": "default"}


@pytest.mark.parametrize("scope", ["workspace", "workflow"])
def test_writes_of_nodes_stand_in_the_same_ledger(scope):
    config = {"scope": scope, "increment": {"n": 2}}
    ran = world({"id": "count", "type": "set_variables", "config": config})
    ran.run()
    home = UUID(WORKSPACE) if scope == "workspace" else workflow_of(ran.execution_id)
    [written] = queries.variable_writes(home, "n")
    assert (written["operation"], written["old"], written["new"], written["version"]) == (
        "increment",
        0,
        2,
        1,
    )
    assert (str(written["execution_id"]), written["step_id"] is None) == (ran.execution_id, False)
    found = Scope(scope, home, UUID(WORKSPACE))
    assert variables.put(found, name="n", value=10, expected=Expected(version=1), by="user:x") == (2, False)
    assert queries.variable(home, "n")["value"] == 10


@pytest.mark.parametrize("scope", ["execution"])
def test_writes_that_end_with_the_execution_stand_in_its_journal_alone(scope):
    ran = world({"id": "count", "type": "set_variables", "config": {"scope": scope, "increment": {"n": 2}}})
    ran.run()
    assert not VariableWrite.objects.exists()


def at_once(*actions: Any) -> list[Any]:
    """What each answers or raises, each on a connection of its own, let go in the same moment."""
    gate = Barrier(len(actions))

    def let_go(action: Any) -> Any:
        try:
            connection.ensure_connection()
            gate.wait()
            return action()
        except (OutOfDate, NotFound) as error:
            return type(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result() for future in [pool.submit(let_go, action) for action in actions]]


@pytest.mark.django_db(transaction=True)
def test_of_writers_who_saw_the_same_one_wins_and_none_is_lost():
    place = WorkspaceFactory()
    scope = Scope("workspace", place.id, place.id)
    for round_ in range(20):
        name = f"a{round_}"

        def write(expected: Expected, name: str = name) -> Any:
            return variables.put(scope, name=name, value=1, expected=expected, by="user:x")

        made = at_once(*[lambda: write(Expected(presence=False)) for _ in range(3)])
        assert sorted(map(str, made)) == sorted(map(str, [(1, True), OutOfDate, OutOfDate]))
        changed = at_once(*[lambda: write(Expected(version=1)) for _ in range(3)])
        assert sorted(map(str, changed)) == sorted(map(str, [(2, False), OutOfDate, OutOfDate]))
        ended = at_once(
            *[lambda: write(Expected()) for _ in range(2)],
            lambda name=name: variables.delete(scope, name=name, by="user:x"),
        )
        assert OutOfDate not in ended
        rows = queries.variable_writes(place.id, name)
        assert [row["version"] for row in rows] == [5, 4, 3, 2, 1]
