"""Several people at one draft at the same moment, each with a connection of their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from fermata.workflows.models import Draft, Version, Workflow
from tests.factories import WorkflowFactory
from tests.integration.api.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 4


def at_once(caller: Caller, act: Callable[[Caller, int], Any]) -> Counter[int]:
    """``act`` by several people who begin together; how often each status came."""
    begin, seen = threading.Barrier(PEOPLE), []

    def work(number: int) -> None:
        mine = Caller(caller.workspace, caller.user, caller.token, Client())
        try:
            begin.wait(10)
            seen.append(act(mine, number).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == PEOPLE
    return Counter(seen)


@pytest.mark.parametrize("way", ["patch", "restore", "import"])
def test_of_all_who_saw_one_rev_only_the_first_changes_it(editor, workflow, way):
    path = f"/workflows/{workflow.id}"
    editor.post(f"{path}/publish", status=201)
    since = [{"op": "add", "path": "/definition/description", "value": "since"}]
    editor.call("PATCH", f"{path}/draft", since, If_Match='"1"', status=200)

    def act(caller: Caller, number: int) -> Any:
        if way == "patch":
            patch = [{"op": "add", "path": "/editor/who", "value": number}]
            return caller.call("PATCH", f"{path}/draft", patch, If_Match='"2"')
        if way == "restore":
            return caller.call("POST", f"{path}/restore", {"version": 1}, If_Match='"2"')
        return caller.call("POST", f"{path}/import", {"name": f"n{number}"}, If_Match='"2"')

    assert at_once(editor, act) == {200: 1, 412: PEOPLE - 1}
    assert Draft.objects.get(workflow=workflow).rev == 3


def test_versions_published_at_once_count_on_without_a_gap(editor, workflow):
    assert at_once(
        editor, lambda caller, _: caller.call("POST", f"/workflows/{workflow.id}/publish", {})
    ) == {201: PEOPLE}
    numbers = Version.objects.filter(workflow=workflow).values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4]


def test_copies_made_at_once_find_names_of_their_own(editor, workflow):
    path = f"/workflows/{workflow.id}/duplicate"
    assert at_once(editor, lambda caller, _: caller.call("POST", path, {})) == {201: PEOPLE}
    names = set(Workflow.objects.exclude(id=workflow.id).values_list("name", flat=True))
    assert len(names) == PEOPLE
    assert f"{workflow.name} copy" in names


def test_of_two_archived_ones_of_a_name_one_comes_back(caller_of):
    admin = caller_of("admin")
    found = [WorkflowFactory(workspace=admin.workspace, name="same").id]
    admin.call("DELETE", f"/workflows/{found[0]}", status=204)
    for _ in range(PEOPLE - 1):
        found.append(WorkflowFactory(workspace=admin.workspace, name="same").id)
        admin.call("DELETE", f"/workflows/{found[-1]}", status=204)
    came = at_once(
        admin, lambda caller, number: caller.call("POST", f"/workflows/{found[number]}/unarchive", {})
    )
    assert came == {200: 1, 409: PEOPLE - 1}
