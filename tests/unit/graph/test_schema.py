"""The published JSON Schema."""

# ruff: noqa: E501 - documents read better as one line each

from __future__ import annotations

import jsonschema
import pytest

from fermata.graph.schema import document_schema
from tests.unit.graph.catalogue import CATALOGUE, document, edges, node

CHECK = jsonschema.Draft202012Validator(document_schema(CATALOGUE))


def test_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(document_schema(CATALOGUE))


def test_accepts_a_document_and_expressions_in_place_of_values() -> None:
    CHECK.validate(
        document(
            [node("a", config={"count": 3}), node("b", config={"count": "{{ inputs.n }}"})], edges("a > b")
        )
    )


@pytest.mark.parametrize(
    "bad",
    [
        {}, document([node("a", "nonsense")]), document([node("a", config={"count": "three"})]), document([node("1")]),
        document([node("a", timeout="soon")]), document([node("a")], [{"from": "a"}]), document([node("a")], extra=1),
        document([node("a", join="each")]), document([node("n", "note", retry={})]),
    ],
)  # fmt: skip
def test_refuses_other_shapes(bad: object) -> None:
    assert not CHECK.is_valid(bad)
