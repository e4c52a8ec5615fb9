"""The page of rights and the routes it is read from; and addresses bent to slip past them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.urls import path, re_path
from rest_framework.views import APIView
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fermata.accounts.permissions import ACTIONS
from fermata.api import matrix
from fermata.api.resource import PUBLIC, Resource
from fermata.api.stream.connection import Connection
from fermata.config.management.commands import permissions
from fermata.config.urls import urlpatterns as site
from fermata.errors import InvariantBroken
from tests.integration.api.servers import Web
from tests.integration.api.test_rights import ROUTES

OUTSIDE = {
    "api/v1/",
    "api/docs",
    "api/docs/start.js",
    "admin",
    "admin/",
    "healthz",
    "readyz",
    r"^(?!api/|admin/|static/)(?P<path>.*)$",
}
"""What the site serves beside the interface: descriptions, health, Django's admin, the screen's shell."""
SUFFIXES = (
    "/healthz",
    "/health",
    "/schema",
    "/../healthz",
    "/..%2fhealthz",
    "/%2e%2e/healthz",
    "/.%2e/readyz",
    ";x",
    ";/healthz",
    "//",
    "/.",
    "/./",
    "%2f",
    "%2F..%2Fhealthz",
    "%00",
    "%0a",
    "%20",
    "%3f",
    "%23",
    "\\",
    ".json",
    ".yaml",
    "?format=json",
    "?format=api",
    "?method=OPTIONS",
    "?access_token=x",
    "?ticket=x",
    "/?",
)
PREFIXES = ("/", "/./", "/healthz/..", "/api/v1/healthz/../..", "/%2e", "//localhost")
TRICKED = {
    "X-Original-URL": "/healthz",
    "X-Rewrite-URL": "/healthz",
    "X-Forwarded-User": "admin",
    "Remote-User": "admin",
    "X-HTTP-Method-Override": "OPTIONS",
}


ID = "01a21466-b612-7645-8300-000000000001"
QUERIES = ("?ticket=x", "?after=0", "?ticket=", "?format=json", "/?ticket=x", "?access_token=x")


class Unguarded(APIView):
    """A view somebody forgot to guard."""


def everything(request: object, rest: str = "") -> HttpResponse:
    return HttpResponse("everything")


async def anything(scope: object, receive: object, send: object) -> None:
    """A stream somebody forgot to guard."""


def test_every_route_stands_on_the_page_with_its_action():
    page = permissions.Command.path.read_text(encoding="utf-8")
    for address, method, action in ROUTES:
        shown = "/" + matrix.PARAMETER.sub(r"{\1}", address)
        assert f"| `{shown}` | `{method.upper()}` | " in page
        if action in ACTIONS:
            assert f"| `{shown}` | `{method.upper()}` | `{action}` | {ACTIONS[action].role.value} |" in page
    assert len(list(matrix.rights())) == len(ROUTES)
    assert [row.address for row in matrix.stream_rights() if not row.method] == [
        "/workflows/executions/ws",
        "/workflows/executions/{execution_id}/ws",
    ]
    assert {row.method for row in matrix.stream_rights()} == {"", "pause", "resume"}


@pytest.mark.parametrize(
    "route",
    [
        path("forgotten", Unguarded.as_view()),
        path("forgotten", everything),
        re_path(r"^(?P<rest>.*)$", everything),
        path("forgotten", type("Empty", (Resource,), {}).as_view()),
        path("invented", type("Invented", (Resource,), {"actions": {"get": "no.such"}}).as_view()),
    ],
)
def test_a_route_without_an_action_of_the_table_cannot_be_drawn(route):
    with pytest.raises(InvariantBroken):
        [row.who for row in matrix.rights([route])]


@pytest.mark.parametrize("callback", [anything, SimpleNamespace(consumer_class=object)])
def test_a_stream_without_a_handshake_cannot_be_drawn(callback):
    route = SimpleNamespace(pattern=re_path("^api/v1/x/?$", anything).pattern, callback=callback)
    with pytest.raises(InvariantBroken):
        list(matrix.stream_rights([route]))
    kind = type("Known", (Connection,), {})
    known = SimpleNamespace(pattern=route.pattern, callback=SimpleNamespace(consumer_class=kind))
    assert [row.who for row in matrix.stream_rights([known])] == ["viewer"]


def test_nothing_is_served_beside_the_interface_but_what_is_known():
    assert {str(entry.pattern) for entry in site} == OUTSIDE


@pytest.fixture(scope="module")
def web(django_db_setup: None, redis_url: str) -> Iterator[Web]:
    """The real server, which sees addresses as they are sent."""
    process = Web()
    process.start()
    yield process
    process.stop()


def test_no_bent_address_opens_a_route_to_nobody(web):
    guarded = [
        (matrix.PARAMETER.sub(ID, path.replace("<int:number>", "1")), method)
        for path, method, action in ROUTES
        if action != PUBLIC
    ]
    assert len(guarded) > 80
    for place, (address, method) in enumerate(guarded):
        asked = f"/api/v1/{address}"
        assert answer(web, asked, method=method.upper()) == 401, (method, asked)
        bent = f"{asked}{SUFFIXES[place % len(SUFFIXES)]}"
        assert answer(web, bent, method=method.upper()) in {401, 404}, (method, bent)


@pytest.mark.parametrize("address", ["/api/v1/users", f"/api/v1/workflows/{ID}/export"])
def test_no_trick_opens_a_route_to_nobody(web, address):
    for suffix in SUFFIXES:
        assert answer(web, f"{address}{suffix}") in {401, 404}, suffix
    for elsewhere in (*(f"{prefix}{address}" for prefix in PREFIXES), address.upper()):
        status, body = asked_for(web, elsewhere)
        assert status in {401, 404} or body == shell(web), elsewhere
    for name, value in TRICKED.items():
        assert answer(web, address, **{name: value}) == 401, name
    for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        assert answer(web, address, method=method) in {401, 405}, method


async def test_no_handshake_of_nobody_succeeds(web):
    for suffix in ("", "/", "//", ";x", "/healthz", "%2f", ".json", "/../ws", *QUERIES):
        for address in ("ws", f"{ID}/ws"):
            url = f"ws://{web.address}/api/v1/workflows/executions/{address}{suffix}"
            with pytest.raises(InvalidStatus) as refused:
                async with connect(url):
                    pass
            assert refused.value.response.status_code in {403, 404}, url


def asked_for(web: Web, path: str, *, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://{web.address}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answer(web: Web, path: str, *, method: str = "GET", **headers: str) -> int:
    return asked_for(web, path, method=method, **headers)[0]


def shell(web: Web) -> bytes:
    """The screen's page, which is the same for every address and holds nothing of anybody."""
    return asked_for(web, "/nowhere")[1]
