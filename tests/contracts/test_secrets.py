"""Secrets in an execution, on both ledgers: they reach the outside, and nothing that is kept."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from fermata.accounts.sealing import Opened
from fermata.engine.parts import Parts
from fermata.engine.perform import Performer
from fermata.engine.secrecy import held
from fermata.engine.store import run as select
from fermata.errors import SealBroken, ServerUnavailable, WrongSealingKey
from fermata.nodes.catalogue import catalogue
from fermata.nodes.celery_task import RetryRequested
from tests.contracts.harness import Memory, World, together
from tests.contracts.kept import everything
from tests.contracts.postgres import Postgres
from tests.reference.contract_cases import Case
from tests.sites import Site, reply

pytestmark = pytest.mark.django_db

CANARY = "c4nary/of the+Engine"
FORMS = (CANARY, "c4nary", "C4NARY", b64encode(CANARY.encode()).decode()[:16], CANARY.encode().hex())
AUTHORISED = {"headers": {"Authorization": "Bearer {{ secrets.token }}"}}


@pytest.fixture(params=[Memory, Postgres])
def ledger(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture
def run(ledger: Any, site: Site) -> Callable[..., World]:
    """Run a document of these nodes to its end: ``run(node, …, secrets={…})``."""

    def to_its_end(
        *nodes: dict[str, Any],
        edge: str | None = None,
        secrets: Any = None,
        dispatch: str = "",
        **parts: Any,
    ) -> World:
        edges = [{"from": edge, "to": "after"}] if edge else []
        document = {"schema": "fermata/1", "name": "s", "nodes": list(nodes), "edges": edges}
        case = Case(name="s", file="s", document=document, input={}, expect={})
        world = World(together(case) if dispatch == "together" else case, ledger)
        opener = held({"token": CANARY} if secrets is None else secrets)
        given = {"allowed_hosts": (site.name,), "open_secrets": opener, **parts}
        world.performer = Performer(Parts(ledger, world.plans, catalogue(), world.dispatcher, **given))
        world.result = world.run()
        return world

    return to_its_end


def call(url: str, **more: Any) -> dict[str, Any]:
    config = {"method": "PUT", "url": url, **AUTHORISED, **more.pop("config", {})}
    return {"id": "call", "type": "http_request", "config": config, **more}


def task(**more: Any) -> dict[str, Any]:
    config = {"task": "team.work", "kwargs": {"password": "{{ secrets.token }}"}, **more.pop("config", {})}
    return {"id": "call", "type": "celery_task", "config": config, **more}


def echo(status: int = 200) -> Callable[..., None]:
    """Answers with all it was sent, plain, in capitals and in base64."""

    def answer(handler: Any) -> None:
        sent = f"{handler.path} {dict(handler.headers)}"
        coded = b64encode(sent.encode()).decode()
        body = json.dumps({"sent": sent, "loud": sent.upper(), "coded": coded, sent: 1}).encode()
        reply(status, body, content_type="application/json", x_sent=handler.headers["Authorization"])(handler)

    return answer


def error_of(world: World) -> str:
    """The execution's failure as its row has it."""
    if isinstance(world.ledger, Postgres):
        [(error,)] = select("SELECT error FROM fermata_execution WHERE id = %s", [world.execution_id])
    else:
        error = world.ledger.executions[world.execution_id]["error"]
    return json.dumps(error)


def assert_nothing_is_kept(world: World, caplog: pytest.LogCaptureFixture) -> None:
    kept = everything(world.ledger) + caplog.text
    assert world.execution_id in kept
    assert [form for form in FORMS if form in kept] == []


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_secret_reaches_the_service_and_nothing_that_is_kept(run, site, caplog, status):
    caplog.set_level(logging.DEBUG)
    site.answers["/c4nary/of%20the+Engine"] = echo(status)
    again = ["{{ secrets.token }}", "{{ base64_encode('me:' + secrets.token) }}"]
    config = {
        "url": site.url("/{{ secrets.token }}"),
        "query": {"key": "{{ secrets.token }}"},
        "body": {"again": again},
    }
    world = run(call("", config=config))
    assert world.result.status == ("succeeded" if status == 200 else "failed")
    [seen] = site.seen
    assert seen.headers["authorization"] == f"Bearer {CANARY}"
    assert json.loads(seen.body)["again"][0] == CANARY
    assert_nothing_is_kept(world, caplog)


def test_what_was_given_is_kept_as_it_was_written(run, site):
    site.answers["/"] = echo()
    kept = everything(run(call(site.url("/"))).ledger)
    assert "Bearer {{ secrets.token }}" in kept


def test_a_missing_secret_fails_the_node_once_and_names_the_cure(run, site):
    world = run(call(site.url("/"), retry={"max_attempts": 3, "initial": "1s"}), secrets={"other": "value"})
    assert world.result.error_class == "secret_missing"
    assert "no secret token; add it" in error_of(world)
    assert site.seen == []
    assert "StepRetrying" not in everything(world.ledger)


def test_a_missing_secret_can_be_answered_for_by_an_edge(run, site):
    after = {"id": "after", "type": "transform", "config": {"output": "{{ steps.call.error['class'] }}"}}
    world = run(call(site.url("/")), after, edge="call.error", secrets={})
    assert world.result.output == {"after": "secret_missing"}


@pytest.mark.parametrize("error", [WrongSealingKey(cure="Put it back."), SealBroken(cure="Set it anew.")])
def test_a_secret_that_cannot_be_opened_fails_the_node_with_the_cure(run, site, error):
    def refuse(*_: Any) -> Any:
        raise error

    world = run(call(site.url("/")), open_secrets=refuse)
    assert world.result.error_class == error.code
    assert error.cure in error_of(world)
    assert site.seen == []


def test_a_database_that_is_away_fails_no_node(run, site):
    def away(*_: Any) -> Any:
        raise ServerUnavailable

    with pytest.raises(ServerUnavailable):
        run(call(site.url("/")), open_secrets=away)


def test_a_secret_goes_only_to_its_hosts(run, site):
    site.answers["/"] = echo()
    assert (
        run(call(site.url("/")), secrets={"token": Opened(CANARY, (site.name,))}).result.status == "succeeded"
    )
    world = run(call(site.url("/")), secrets={"token": Opened(CANARY, ("api.example",))})
    assert world.result.error_class == "host_not_allowed"
    assert len(site.seen) == 1


def test_a_node_that_cannot_keep_to_hosts_gets_no_secret_bound_to_them(run):
    calls: list[Any] = []
    world = run(
        task(),
        secrets={"token": Opened(CANARY, ("api.example",))},
        call_task=lambda *given: calls.append(given),
    )
    assert (world.result.error_class, calls) == ("host_not_allowed", [])


def test_a_repeat_after_an_unknown_outcome_keeps_its_key(run, site):
    answers = iter([500, 500, 200])

    def answer(handler: Any) -> None:
        echo(next(answers))(handler)

    site.answers["/"] = answer
    world = run(call(site.url("/"), retry={"max_attempts": 3, "initial": "1s", "on": ["http_5xx"]}))
    assert world.result.status == "succeeded"
    assert len({seen.headers["idempotency-key"] for seen in site.seen}) == 1
    assert {seen.headers["authorization"] for seen in site.seen} == {f"Bearer {CANARY}"}


@pytest.mark.parametrize(
    "raised",
    [
        ValueError(f"wrong password {CANARY}"),
        RetryRequested(delay_seconds=0.1, cause=KeyError(CANARY)),
        TimeoutError(CANARY.upper()),
    ],
    ids=["error", "retry", "timeout"],
)
def test_a_task_that_tells_its_secret_in_an_error_tells_nobody(run, caplog, raised):
    def work(name: str, args: Any, kwargs: Any, key: str) -> Any:
        assert kwargs == {"password": CANARY}
        raise raised

    world = run(task(), call_task=work)
    assert world.result.error_class is not None
    assert_nothing_is_kept(world, caplog)


@pytest.mark.parametrize("dispatch", ["single", "together"])
def test_a_task_that_returns_its_secret_is_masked(run, caplog, dispatch):
    after = {"id": "after", "type": "transform", "config": {"output": "{{ steps.call.output }}"}}
    pure = task(config={"effect": "pure"})
    world = run(pure, after, edge="call", dispatch=dispatch, call_task=lambda *given: {"got": given[2]})
    assert world.result.output == {"after": {"got": {"password": "•••"}}}
    assert_nothing_is_kept(world, caplog)


def test_a_node_that_crashes_tells_nobody(run, caplog, monkeypatch):
    def crash(self: Any, config: Any, context: Any) -> Any:
        raise AssertionError(f"{config} {context.bindings}")

    monkeypatch.setattr(type(catalogue().find("celery_task")), "perform", crash)
    world = run(task())
    assert world.result.error_class == "node_crashed"
    assert "crashed" in caplog.text
    assert_nothing_is_kept(world, caplog)


@pytest.mark.parametrize(
    "config",
    [
        {"url": "{{ secrets.token }}"},
        {"query": {"n": "{{ int(secrets.token) }}"}},
        {"headers": {"X": "{{ secrets.token.nothing }}"}},
        {"timeout": "{{ secrets.token }}"},
        {"headers": {"X": "{{ secrets.token }}\n"}},
    ],
    ids=str,
)
def test_an_expression_that_fails_on_a_secret_tells_nobody(run, site, caplog, config):
    world = run(call(site.url("/"), config=config))
    assert world.result.status == "failed"
    assert site.seen == []
    assert_nothing_is_kept(world, caplog)
