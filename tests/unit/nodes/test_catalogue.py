"""The catalogue, the contract all types keep, and the page made from them."""

from __future__ import annotations

import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fermata.errors import Misconfigured
from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Done
from fermata.nodes import catalogue as module
from fermata.nodes.catalogue import BUILTIN, Catalogue, catalogue
from fermata.nodes.contract import NodeType
from fermata.nodes.reference import page
from fermata.nodes.transform import Transform, TransformConfig
from tests.unit.nodes.conftest import TYPES

ROOT = Path(__file__).resolve().parents[3]
NAMES = [
    "approval",
    "break",
    "celery_task",
    "condition",
    "continue",
    "fail",
    "foreach",
    "http_request",
    "join",
    "note",
    "set_variables",
    "signal",
    "sub_workflow",
    "switch",
    "terminate",
    "transform",
    "wait",
    "while",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("{{ inputs.x }}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def configs(name):
    fields = list(TYPES.find(name).schema().get("properties", {}))
    keys = st.sampled_from(fields) | st.text(max_size=5) if fields else st.text(max_size=5)
    return st.dictionaries(keys, JSON, max_size=6)


def test_all_types_of_this_release_are_there():
    assert list(catalogue().names()) == NAMES
    assert catalogue() is catalogue()
    assert TYPES.find("transform").version == 1
    assert TYPES.find("transform", 1) is TYPES.find("transform")
    assert TYPES.find("transform", 2) is None
    assert TYPES.find("transfrom") is None


def test_descriptions_are_json_that_a_form_can_be_drawn_from():
    rows = TYPES.describe()
    json.dumps(rows)
    for row in rows:
        jsonschema.Draft202012Validator.check_schema(row["schema"])
        assert row["title"], row["name"]
        assert row["description"], row["name"]
        assert row["gives"], row["name"]


def schemas(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from schemas(part)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_meaning_and_a_pattern_that_browsers_know(name):
    schema = TYPES.find(name).schema()
    for part in schemas(schema):
        for field, declared in part.get("properties", {}).items() if part.get("type") == "object" else ():
            assert declared.get("description") or "$ref" in declared, field
        if isinstance(part.get("pattern"), str):
            assert "\\z" not in part["pattern"]
            re.compile(part["pattern"])


@pytest.mark.parametrize("name", NAMES)
def test_every_type_that_is_run_can_fail(name):
    node_type = TYPES.find(name)
    ports = node_type.ports({})
    assert ("error" in ports) == node_type.runnable
    assert len(set(ports)) == len(ports)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_config_is_judged_without_an_exception(name, data):
    node_type, config = TYPES.find(name), data.draw(configs(name))
    problems = list(node_type.problems(config))
    assert all(
        isinstance(problem, ConfigProblem) and problem.message and problem.cure for problem in problems
    )
    assert all(isinstance(port, str) for port in node_type.ports(config))
    assert node_type.effect(config) in {"pure", "idempotent", "unsafe"}
    assert isinstance(node_type.queue(config), str)
    node_type.read(config)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("config", [None, [], "x", 3, {"": 1}])
def test_a_config_of_any_kind_is_judged(name, config):
    assert list(TYPES.find(name).problems(config))


def test_a_fault_has_pointer_cure_and_code():
    rows = {
        row.pointer: row
        for row in TYPES.find("http_request").problems({"metod": "GET", "headers": {"a/b~c": 1}})
    }
    assert rows["/url"].code == "missing_field"
    assert rows["/metod"].code == "unknown_field"
    assert rows["/metod"].cure == "Did you mean method?"
    assert rows["/headers/a~1b~0c"].code == "invalid_config"


def test_a_value_that_does_not_fit_is_not_shown():
    read = TYPES.find("http_request").read({"url": "https://x.example", "headers": {"a": "s3cret\nvalue"}})
    assert read.failure.kind == "expression_error"
    assert "s3cret" not in json.dumps(read.failure.to_json())


class Shout(NodeType):
    """A third party's type."""

    name = "shout"
    Config = TransformConfig

    def perform(self, config, context):
        return Done(output=str(config.output).upper())


class ShoutAgain(Shout):
    version = 2


def test_a_third_party_adds_a_type_by_an_entry_point(monkeypatch):
    points = [
        EntryPoint("shout", f"{__name__}:Shout", "fermata.nodes"),
        EntryPoint("more", f"{__name__}:ShoutAgain", "fermata.nodes"),
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: points if group == "fermata.nodes" else [])
    found = catalogue.__wrapped__()
    assert found.find("shout").version == 2
    assert found.find("shout", 1).version == 1
    assert len(found.names()) == len(NAMES) + 1


@pytest.mark.parametrize("value", ["no.such.module:Shout", "json:dumps"])
def test_a_broken_entry_point_is_named(monkeypatch, value):
    monkeypatch.setattr(module, "entry_points", lambda group: [EntryPoint("bad", value, group)])
    with pytest.raises(Misconfigured, match="bad"):
        catalogue.__wrapped__()


def test_two_types_of_one_name_and_version_are_refused():
    with pytest.raises(Misconfigured, match="transform"):
        Catalogue((*BUILTIN, Transform))


def test_the_reference_page_is_up_to_date():
    kept = (ROOT / "docs" / "reference" / "nodes.md").read_text(encoding="utf-8")
    assert kept == page(TYPES), "run: python -m fermata.nodes.reference > docs/reference/nodes.md"
