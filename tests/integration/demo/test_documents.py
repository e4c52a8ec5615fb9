from __future__ import annotations

import pytest

from fermata.cli.licence_audit import WORKFLOWS
from fermata.config.first_start import EXAMPLE
from fermata.graph.compile import compile_document
from fermata.nodes.catalogue import catalogue
from fermata.workflows import formats, operations
from workers.app import app


def document(name: str) -> dict[str, object]:
    return formats.from_yaml((EXAMPLE / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WORKFLOWS)
def test_an_example_is_valid_without_a_warning_and_bears_its_files_name(name: str) -> None:
    definition = document(name)
    assert operations.problems(definition) == []
    assert definition["name"] == name
    assert compile_document(definition, catalogue()).digest


def test_every_task_an_example_calls_is_registered_with_every_worker() -> None:
    app.loader.import_default_modules()
    nodes = [node for name in WORKFLOWS for node in document(name)["nodes"]]  # type: ignore[attr-defined]
    called = {node["config"]["task"] for node in nodes if node["type"] == "celery_task"}
    assert len(called) == 3
    assert called <= set(app.tasks)
