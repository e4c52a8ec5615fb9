"""Every model has a page; pages never count, take few queries, show no secret, and end at walls."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from fermata.accounts import operations, throttle
from fermata.accounts.models import DataKey, SignInAttempt, Ticket
from fermata.accounts.staff.pages import SEALED
from fermata.engine.models import (
    Arrival,
    IdempotencyKey,
    Item,
    Iteration,
    Join,
    Signal,
    Variable,
    VariableWrite,
)
from fermata.machine import identity
from tests.factories import (
    ApprovalFactory,
    EventFactory,
    ExecutionFactory,
    MembershipFactory,
    RegionFactory,
    SecretFactory,
    StepFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
    payload,
)

pytestmark = pytest.mark.django_db

OURS = [model for model in apps.get_models() if model.__module__.startswith("fermata.")]
MOST_QUERIES = 12
MARK = "a-value-nobody-may-see"


def rows_of(workspace: Any) -> dict[str, Any]:
    """One row of every table, by the model's name."""
    now = timezone.now()
    version = VersionFactory(workflow__workspace=workspace)
    digest = payload(workspace.id, {"who": "you"})
    execution = ExecutionFactory(of=version, input_digest=digest)
    region = RegionFactory(execution=execution, id=identity.root_id(str(execution.id)))
    step = StepFactory(region=region, state="held", input_digest=digest)
    of = {"workspace_id": workspace.id, "execution_id": execution.id}
    member = MembershipFactory(workspace=workspace)
    token = operations.create_token(member.user, workspace_id=workspace.id, name="ci").token
    secret = SecretFactory(workspace=workspace, value=MARK)
    found = [
        workspace,
        member,
        member.user,
        token,
        secret,
        DataKey.objects.get(workspace=workspace),
        SignInAttempt.objects.create(key=uuid.uuid4().bytes * 2, attempts=3, since=now),
        Ticket.objects.create(user=member.user, secret_digest=b"x", purpose="execution", expires_at=now),
        version,
        version.workflow,
        version.workflow.draft,
        execution,
        region,
        step,
        EventFactory(execution=execution, step_id=step.id, seq=1),
        ApprovalFactory(step=step),
        Item.objects.create(region_id=region.id, chunk=0, body=[1, 2], **of),
        Iteration.objects.create(region_id=region.id, index=0, state="succeeded", output_digest=digest, **of),
        Join.objects.create(
            id=uuid.uuid4(), region_id=region.id, iteration=0, node_id="j", total=2, need=2, eager=False, **of
        ),
        Arrival.objects.create(owner_id=region.id, edge=0, live=True, **of),
        Variable.objects.create(
            workspace_id=workspace.id, scope="execution", scope_id=execution.id, name="v", value_digest=digest
        ),
        VariableWrite.objects.create(
            workspace_id=workspace.id,
            scope="workflow",
            scope_id=version.workflow_id,
            name="v",
            version=1,
            operation="set",
            new_digest=digest,
            by="user:mia",
            at=now,
        ),
        Signal.objects.create(id=uuid.uuid4(), name="go", sent_at=now, payload_digest=digest, **of),
        IdempotencyKey.objects.create(
            workspace_id=workspace.id, route="r", key=uuid.uuid4().hex, request_digest=b"x", created_at=now
        ),
        apps.get_model("engine.Payload").objects.get(digest=digest),
    ]
    return {row._meta.label: row for row in found}


@pytest.fixture
def rows(workspace) -> dict[str, Any]:
    return rows_of(workspace)


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row: Any) -> str:
    page = admin.site._registry[type(row)]
    if hasattr(page, "address"):
        return page.address(row)
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def looked(browser: Client, address: str, status: int = 200) -> tuple[str, list[str]]:
    """The page and the statements it took."""
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(address)
    assert answer.status_code == status, (address, answer.status_code, answer.headers)
    return answer.content.decode(), [query["sql"] for query in queries]


def test_every_model_has_a_page():
    assert [model._meta.label for model in OURS if model not in admin.site._registry] == []
    assert len(OURS) >= 24


def test_every_list_and_page_opens_without_counting_in_few_queries(browser, rows):
    missing = [model._meta.label for model in OURS if model._meta.label not in rows]
    assert missing == [], "make a row of the new model above"
    for label, row in rows.items():
        for address in (list_of(row), page_of(row)):
            text, statements = looked(browser, address)
            assert len(statements) <= MOST_QUERIES, (address, statements)
            if label != "accounts.User":  # a page of Django's own, of a small table
                counts = [sql for sql in statements if re.search(r"count\(", sql, re.IGNORECASE)]
                assert counts == [], address
            assert MARK not in text, address
            assert "object (" not in text, address


def test_a_list_takes_as_many_queries_for_fifty_rows_as_for_one(browser, rows, workspace):
    browser.get(reverse("admin:index"))  # the session notes its first use
    before = {label: len(looked(browser, list_of(row))[1]) for label, row in rows.items()}
    for _ in range(3):
        rows_of(workspace)
    ExecutionFactory.create_batch(10, of=rows["workflows.Version"])
    for label, row in rows.items():
        assert len(looked(browser, list_of(row))[1]) == before[label], label


def test_no_page_shows_a_sealed_column(rows, browser, rf, root):
    request = rf.get("/")
    request.user = root
    request.resolver_match = None
    for model, page in admin.site._registry.items():
        if not model.__module__.startswith("fermata.") or model._meta.label == "accounts.User":
            continue
        row = rows[model._meta.label]
        shown = {*page.get_fields(request, row), *page.get_readonly_fields(request, row)}
        assert shown & set(SEALED) == set(), model
        assert not [name for name in page.list_display if name in SEALED], model
    text, _ = looked(browser, page_of(rows["accounts.User"]))
    assert rows["accounts.User"].password not in text


def test_the_engines_rows_can_be_neither_made_nor_changed_nor_deleted(browser, rows):
    for label, row in rows.items():
        if not label.startswith(("engine.", "workflows.")):
            continue
        assert browser.get(f"{list_of(row)}add/").status_code == 403, label
        page = page_of(row)
        assert browser.post(page, {"status": "failed", "name": "x", "state": "x"}).status_code == 403, label
        assert browser.post(page.replace("/change/", "/delete/"), {"post": "yes"}).status_code == 403, label
        text, _ = looked(browser, page)
        assert 'name="_save"' not in text, label
        assert "delete_selected" not in looked(browser, list_of(row))[0], label


def test_only_staff_enter(rows, client):
    address = reverse("admin:index")
    assert client.get(address).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address).status_code == 302
    assert client.get(list_of(rows["engine.Execution"])).status_code == 302
    assert client.get("/admin").url == address


def test_staff_see_the_rows_of_their_workspaces_only(rows, staff_of, workspace):
    mine, theirs = staff_of(workspace), staff_of(WorkspaceFactory())
    closed = {"accounts.User", "accounts.DataKey", "accounts.SignInAttempt", "accounts.Ticket"}
    for label, row in rows.items():
        if label in closed:
            assert mine.get(list_of(row)).status_code == 403, label
            assert mine.get(page_of(row)).status_code == 403, label
            continue
        looked(mine, page_of(row))
        assert theirs.get(page_of(row)).status_code == 302, label  # "perhaps it was deleted?"
        text, _ = looked(theirs, list_of(row))
        assert page_of(row) not in text, label


def test_a_list_is_narrowed_by_links_and_refuses_what_has_no_index(browser, rows, workspace):
    execution, step = rows["engine.Execution"], rows["engine.Step"]
    other = ExecutionFactory(of=rows["workflows.Version"])
    events = list_of(rows["engine.Event"])
    EventFactory(execution=other)
    text, _ = looked(browser, f"{events}?execution_id={execution.id}")
    assert str(execution.id) in text
    assert str(other.id) not in text
    looked(browser, f"{events}?execution_id={execution.id}&step_id={step.id}")
    for query in ("node_id=x", "type__icontains=x", f"step_id={step.id}", "data=x"):
        assert browser.get(f"{events}?{query}").status_code == 400, query
    assert browser.get(f"{events}?execution_id=x").status_code == 302
    assert browser.get(f"{list_of(execution)}?status=failed").content.decode().count("row1") == 0
    assert browser.get(f"{list_of(execution)}?p=0").status_code == 302
    assert browser.get(f"{list_of(execution)}?p=101").status_code == 302


def test_staff_narrow_lists_that_no_index_has_by_workspace(rows, staff_of, workspace):
    mine = staff_of(workspace)
    event, execution = rows["engine.Event"], rows["engine.Execution"]
    assert page_of(event) not in looked(mine, list_of(event))[0]
    assert page_of(event) in looked(mine, f"{list_of(event)}?execution_id={execution.id}")[0]
    assert page_of(rows["engine.Step"]) in looked(mine, list_of(rows["engine.Step"]))[0]


def test_lists_over_workspaces_are_merged_in_order_and_paged(browser, rows, monkeypatch):
    monkeypatch.setattr("fermata.accounts.staff.listing.LANES_AT_ONCE", 2)
    monkeypatch.setattr(admin.site._registry[type(rows["engine.Execution"])], "list_per_page", 3)
    versions = [VersionFactory() for _ in range(4)]
    made = [ExecutionFactory(of=versions[at % 4], created_at=timezone.now()) for at in range(8)]
    wanted = [str(row.id) for row in reversed(made)] + [str(rows["engine.Execution"].id)]
    found: list[str] = []
    for page in (1, 2, 3):
        text, _ = looked(browser, f"{list_of(made[0])}?p={page}")
        found += re.findall(r'field-key[^>]*><a href="/admin/engine/execution/([0-9a-f-]{36})/', text)
        assert ("on →" in text) == (page < 3)
    assert found == wanted


def test_a_search_finds_by_exact_id_or_key_only(browser, rows):
    execution = rows["engine.Execution"]
    live = ExecutionFactory(of=rows["workflows.Version"], workflow_key="order-1")
    address = list_of(execution)
    assert page_of(execution) in looked(browser, f"{address}?q={execution.id}")[0]
    assert page_of(live) not in looked(browser, f"{address}?q={execution.id}")[0]
    assert page_of(live) in looked(browser, f"{address}?q={execution.workflow_id}")[0]
    assert page_of(live) in looked(browser, f"{address}?q=order-1")[0]
    assert page_of(live) not in looked(browser, f"{address}?q=order")[0]
    value = rows["engine.Payload"]
    assert page_of(value) in looked(browser, f"{list_of(value)}?q={bytes(value.digest).hex()}")[0]
    for odd in ("%00", "é" * 300, "not-hex", "' OR 1=1"):
        for label in ("engine.Step", "engine.Payload", "engine.Execution", "accounts.Workspace"):
            looked(browser, f"{list_of(rows[label])}?q={odd}")


def test_values_are_pretty_escaped_and_cut_with_their_size(browser, workspace):
    version = VersionFactory(workflow__workspace=workspace)
    small = payload(workspace.id, {"b": "<script>alert(1)</script>", "a": [1]})
    large = payload(workspace.id, {"x": "y" * 50_000})
    execution = ExecutionFactory(of=version, input_digest=small, output_digest=large)
    text, _ = looked(browser, page_of(execution))
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "yyy" in text
    assert len(text) < 60_000
    assert "49 KiB" in text
    value = apps.get_model("engine.Payload").objects.get(digest=large)
    page, _ = looked(browser, page_of(value))
    assert "y" * 50_000 in page


def test_every_link_between_rows_leads_somewhere(browser, rows):
    followed = set()
    for row in rows.values():
        text, _ = looked(browser, page_of(row))
        followed |= set(re.findall(r'href="(/admin/(?:engine|workflows|accounts)/[^"]+)"', text))
    inside = [link.replace("&amp;", "&") for link in followed if "?" in link or "/change/" in link]
    assert len(inside) > 30
    for address in inside:
        looked(browser, address)


def test_an_unknown_row_and_an_odd_key_lead_back(browser, rows):
    for label in ("engine.Execution", "engine.Payload", "accounts.SignInAttempt"):
        base = list_of(rows[label])
        for key in (str(uuid.uuid4()), "zz", "0" * 64):
            assert browser.get(f"{base}{key}/change/").status_code == 302, (label, key)


def test_the_sign_in_is_throttled_with_the_interfaces(client, root):
    address = reverse("admin:login")
    for _ in range(throttle.MOST_BY_NAME // 2):
        assert client.post(address, {"username": "root", "password": "nope"}).status_code == 200
        body = {"username": "root", "password": "nope"}
        assert client.post("/api/v1/session", body, content_type="application/json").status_code == 401
    right = {"username": "root", "password": "a good password"}
    stopped = client.post(address, right)
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= throttle.WINDOW_SECONDS
    assert "Too many attempts" in stopped.content.decode()
    SignInAttempt.objects.all().delete()
    assert client.post(address, right).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.session["since"]


def test_the_index_shows_what_matters_now(browser, rows, staff_of, workspace):
    text, statements = looked(browser, reverse("admin:index"))
    assert len(statements) <= MOST_QUERIES
    assert re.search(r"<strong>1</strong><span>steps held", text)
    assert re.search(r"<strong>1</strong><span>running", text)
    assert re.search(r"<strong>1</strong><span>approvals pending", text)
    elsewhere, _ = looked(staff_of(WorkspaceFactory()), reverse("admin:index"))
    assert re.search(r"<strong>0</strong><span>steps held", elsewhere)
    assert re.search(r"<strong>0</strong><span>running", elsewhere)
    mine, _ = looked(staff_of(workspace), reverse("admin:index"))
    assert re.search(r"<strong>1</strong><span>running", mine)


def test_pages_run_no_script_of_their_own_under_the_sites_policy(browser, rows):
    answer = browser.get(reverse("admin:index"))
    assert "script-src" not in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    for row in (rows["engine.Execution"], rows["accounts.User"], rows["accounts.Membership"]):
        for address in (page_of(row), list_of(row)):
            text, _ = looked(browser, address)
            inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text)
            assert [tag for tag in inline if "application/json" not in tag] == [], address
            assert re.findall(r"\son[a-z]+=", text) == [], address
    assert browser.get("/static/fermata/admin.css").status_code == 200
