"""The documents a new workflow may begin with: each is valid, and each is executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fermata.api.templates import Templates
from fermata.engine import plans
from fermata.engine.dispatch import SilentDispatcher
from fermata.engine.models import Step
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.engine.store import PostgresLedger
from fermata.nodes.catalogue import catalogue
from fermata.workflows.starters import NAMES, PLACE, starters
from tests.sites import Site, reply

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

UNREACHABLE = "http://127.0.0.1:9/"
"""An address of the machine itself, which a step may not call: nothing leaves it."""


@pytest.fixture
def performed(site: Site) -> Callable[[str], None]:
    """Perform what is ready until nothing is; the site may be called."""
    parts = Parts(PostgresLedger(), plans, catalogue(), SilentDispatcher(), allowed_hosts=(site.name,))
    performer = Performer(parts)

    def perform(execution_id: str) -> None:
        for _ in range(200):
            ready = Step.objects.filter(execution_id=execution_id, state="ready").values_list("id", flat=True)
            if not (found := list(ready)):
                return
            for step_id in found:
                performer.perform(str(step_id))
        raise AssertionError("the execution does not come to rest")

    return perform


@pytest.fixture
def run(editor, performed) -> Callable[..., dict[str, Any]]:
    """Import a template, publish it and run it with these inputs, else those of its defaults."""

    def start(name: str, /, **given: Any) -> dict[str, Any]:
        [template] = [row for row in editor.get("/workflows/templates")["results"] if row["name"] == name]
        headers = {"Content-Type": "application/yaml"}
        source = template["source"].encode()
        made = editor.call("POST", "/workflows/import", source, status=201, **headers).json()
        assert made["problems"] == []
        assert made["source_kept"]
        path = f"/workflows/{made['workflow']['id']}"
        editor.post(f"{path}/publish", status=201)
        [starter] = [one for one in starters() if one.name == name]
        properties = starter.definition["inputs"]["properties"]
        body = {"input": {key: schema["default"] for key, schema in properties.items()} | given}
        started = editor.post(f"{path}/executions", body, status=202)["id"]
        performed(started)
        return editor.get(f"/workflows/executions/{started}")

    return start


def test_every_file_is_offered_under_its_own_name(editor):
    listed = editor.get("/workflows/templates")
    Templates.model_validate(listed)
    names = [row["name"] for row in listed["results"]]
    assert names == list(NAMES) == [starter.definition["name"] for starter in starters()]
    assert set(names) == {path.stem for path in PLACE.glob("*.yaml")}
    assert len(names) == 5
    assert all(row["description"] and row["outline"]["nodes"] >= 3 for row in listed["results"])


def test_nobody_reads_them_without_a_token(anybody):
    anybody.get("/workflows/templates", status=401)


def test_the_first_steps_choose_their_words(run):
    assert run("first-steps")["output"] == {"brief": {"greeting": "Hi Ada!"}}


def test_a_long_name_is_greeted_formally(run):
    assert run("first-steps", name="Grace Hopper")["output"] == {
        "formal": {"greeting": "Good day, Grace Hopper."}
    }


def test_every_line_is_priced_and_added_up(run):
    found = run("each-item")
    assert (found["status"], found["output"]) == ("succeeded", {"sum": {"lines": 3, "total": 203.0}})


@pytest.mark.parametrize(
    ("decision", "output"),
    [
        ("approve", {"spent": {"spent": 1200, "purpose": "A new desk"}}),
        ("reject", {"declined": {"spent": 0, "purpose": "A new desk"}}),
    ],
)
def test_a_person_is_asked_about_larger_amounts(run, editor, performed, decision, output):
    found = run("ask-a-person")
    assert found["status"] == "waiting"
    [asked] = editor.get("/approvals")["results"]
    editor.post(f"/approvals/{asked['id']}/decide", {"decision": decision})
    performed(found["id"])
    assert editor.get(f"/workflows/executions/{found['id']}")["output"] == output


def test_small_amounts_pass_without_asking(run):
    found = run("ask-a-person", amount=20)
    assert found["output"] == {"spent": {"spent": 20, "purpose": "A new desk"}}


def test_a_service_that_answers_is_read(run, site):
    site.answers["/celery"] = reply(200, b'{"info": {}}', content_type="application/json")
    found = run("call-an-interface", url=site.url("/celery"))
    assert found["output"] == {"read": {"reached": True, "status": 200}}
    assert [(seen.method, seen.path) for seen in site.seen] == [("GET", "/celery")]


def test_a_service_that_does_not_answer_fails_nothing(run):
    found = run("call-an-interface", url=UNREACHABLE)
    assert found["status"] == "succeeded"
    assert found["output"]["unreachable"]["reached"] is False
    assert found["output"]["unreachable"]["reason"]


def test_a_loop_goes_round_until_the_goal_is_reached(run):
    assert run("until-it-is-done")["output"] == {"told": {"months": 5, "saved": 600}}
