"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

import json

import jsonschema
import pytest
from django.test import Client
from ruamel.yaml import YAML

from fermata.api import openapi
from fermata.api.urls import urlpatterns
from fermata.config.env import ROOT

DOCUMENT = openapi.PATH.read_text(encoding="utf-8")


def test_the_committed_document_is_up_to_date():
    assert openapi.render() == DOCUMENT, "run: python manage.py openapi"


def test_every_route_stands_in_the_document():
    schema = Client().get("/api/v1/schema?format=json").json()
    described = {(path, method) for path, entry in schema["paths"].items() for method in entry}
    for entry in urlpatterns:
        view = getattr(entry.callback, "cls", None)
        if view is None:
            continue
        path = "/api/v1/" + str(entry.pattern).replace("<uuid:", "{").replace("<int:", "{").replace(
            "<str:", "{"
        ).replace(">", "}")
        for method in view.actions:
            assert (path, method) in described


def test_the_frames_of_the_stream_stand_among_the_components():
    components = Client().get("/api/v1/schema?format=json").json()["components"]["schemas"]
    kinds = {"Snapshot", "Events", "Counts", "Heartbeat", "Event", "StreamFrame", "Problem"}
    assert kinds <= set(components)


def test_the_schema_of_documents_is_published_and_up_to_date():
    served = Client().get("/api/v1/schema/document").json()
    committed = ROOT / "docs" / "reference" / "document.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == served, (
        "run: python manage.py document_schema"
    )
    example = ROOT / "docs" / "examples" / "licence-audit" / "licence-audit.yaml"
    document = YAML(typ="safe").load(example.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(served).validate(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(served).validate({**document, "nodez": []})


def test_every_reference_in_the_document_leads_somewhere():
    schema = Client().get("/api/v1/schema?format=json").json()
    text = json.dumps(schema)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schema["components"]["schemas"])


def test_the_page_loads_nothing_from_elsewhere():
    page = Client().get("/api/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "//" not in page.replace("<!doctype", "")
    assert "SwaggerUIBundle" in Client().get("/api/docs/start.js").content.decode()


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/docs/x"])
def test_an_address_outside_gets_a_problem_document_too(path):
    response = Client().get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_forbidden_host_gets_a_problem_document():
    response = Client().get("/api/v1/healthz", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
