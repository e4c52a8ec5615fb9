"""What a fresh platform begins with, and that it comes once."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from fermata.accounts.models import User, Workspace
from fermata.config import first_start
from fermata.workflows import operations
from fermata.workflows.models import Draft, Version, Workflow
from tests.factories import WorkflowFactory
from workers import examples

pytestmark = pytest.mark.django_db

NAMES = ["licence-audit", "licence-family-summary"]


def names() -> list[str]:
    return sorted(Workflow.objects.filter(archived_at=None).values_list("name", flat=True))


@pytest.fixture
def example() -> Workflow:
    """The example as the first start leaves it."""
    call_command("bootstrap", password="a good password")
    return Workflow.objects.get(name="licence-audit")


def test_the_example_stands_published_in_the_default_workspace(example):
    assert names() == NAMES
    assert example.workspace == Workspace.objects.get(slug="default")
    assert example.created_by == User.objects.get(username="admin")
    assert sorted(Version.objects.values_list("workflow__name", "number", "listed")) == [
        (name, 1, True) for name in NAMES
    ]
    assert example.description.startswith("The licences of every package")
    text = (first_start.EXAMPLE / "licence-audit.yaml").read_text(encoding="utf-8")
    assert Draft.objects.get(workflow=example).source == text


def test_its_input_is_filled_in_with_pins_of_which_one_makes_it_ask(example):
    schema = Version.objects.get(workflow=example).definition["inputs"]
    [text] = schema["properties"]["text"]["examples"]
    assert schema["required"] == ["text"]
    parsed = examples.parse_requirements(text)
    assert parsed["skipped"] == []
    missing = []
    for row in parsed["packages"]:
        try:
            assert examples.package_metadata(row["name"], row["version"])["family"] != "unknown"
        except examples.PackageNotInstalled:
            missing.append(row["name"])
    assert missing == ["no-such-package"]
    assert len(parsed["packages"]) == 5


def test_a_second_start_makes_nothing(example, capsys):
    call_command("bootstrap")
    assert "There is an administrator already." in capsys.readouterr().out
    assert Version.objects.count() == len(NAMES)
    assert names() == NAMES


def test_an_example_that_was_archived_stays_archived(example):
    operations.archive(example.id)
    call_command("bootstrap")
    assert names() == ["licence-family-summary"]


def test_an_example_that_was_changed_and_renamed_stays_so(example):
    changed = operations.Content(definition={"schema": "fermata/1", "name": "mine", "nodes": [], "edges": []})
    operations.replace_draft(example.id, content=changed, rev=None, by=None)
    operations.rename(example.id, name="mine")
    call_command("bootstrap")
    assert names() == ["licence-family-summary", "mine"]
    assert Draft.objects.get(workflow=example).definition == changed.definition


def test_an_administrator_made_anew_brings_no_example_back(example):
    operations.archive(example.id)
    User.objects.filter(is_superuser=True).update(is_superuser=False)
    assert first_start.begin("a good password") is not None
    assert names() == ["licence-family-summary"]


def test_a_workspace_with_work_in_it_gets_no_example():
    workspace = Workspace.objects.create(slug="default", name="Default")
    WorkflowFactory(workspace=workspace, name="ours")
    assert first_start.begin("a good password") is not None
    assert names() == ["ours"]
