"""Approvals: lists and counts by every filter, what the caller may do, who decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fermata.api import shapes
from tests.factories import ApprovalFactory, ExecutionFactory, RegionFactory, StepFactory, VersionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_url")]

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(workspace, editor) -> dict[str, Any]:
    """One approval for each thing to filter by, a day apart."""
    version = VersionFactory(workflow__workspace=workspace, workflow__name="payments")
    root = RegionFactory(execution=ExecutionFactory(of=version))
    me = f"user:{editor.user.username}"
    other = VersionFactory(workflow__workspace=workspace)
    rows: dict[str, Any] = {}

    def make(name: str, region: Any = root, **values: Any) -> None:
        moment = START + timedelta(days=len(rows))
        step = StepFactory(region=region, state="waiting", node_id=name)
        rows[name] = ApprovalFactory(step=step, created_at=moment, **values)

    def said(who: str, decision: str) -> dict[str, str]:
        return {"by": who, "decision": decision, "comment": "", "at": "2026-01-01T00:00:00Z"}

    make("mine", assignees=[me], due_at=START + timedelta(days=50))
    make("role", assignees=["role:editor"], title="Pay the rent", due_at=START + timedelta(days=40))
    make("anybody")
    make("others", assignees=["user:else"])
    make("half", quorum=2, decisions=[said(me, "approve")])
    make("yes", state="approved", decisions=[said("user:ana", "approve"), said(me, "approve")], quorum=2)
    make("no", state="rejected", decisions=[said("user:ana", "reject")], decided_at=START)
    make("late", state="expired", assignees=["group:finance"])
    make("elsewhere", region=RegionFactory(execution=ExecutionFactory(of=other)))
    return rows


def found(page: dict[str, Any]) -> set[str]:
    shapes.ApprovalPage.model_validate(page)
    return {row["node_id"] for row in page["results"]}


PENDING = {"mine", "role", "anybody", "half", "elsewhere"}


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("", PENDING),
            ("mine=false", PENDING | {"others"}),
            ("status=approved,rejected", {"yes", "no"}),
            ("status=any&mine=false", PENDING | {"others", "yes", "no", "late"}),
            ("status=expired", set()),
            ("status=expired&mine=false", {"late"}),
            ("assignee=role:editor", {"role"}),
            ("assignee=user:else&mine=false", {"others"}),
            ("decided_by=user:ana&status=any", {"yes", "no"}),
            ("decided_by=user:an&status=any", set()),
            ("search=RENT", {"role"}),
            ("workflow=payments", PENDING - {"elsewhere"}),
            ("workflow=unknown", set()),
            ("since=2026-01-05T00:00:00Z", {"half", "elsewhere"}),
            ("until=2026-01-02T00:00:00Z", {"mine"}),
            ("due_before=2026-02-11T00:00:00Z", {"role"}),
        ],
    )
    def test_each_finds_what_fits_and_counts_it(self, editor, made, query, names):
        assert found(editor.get(f"/approvals?{query}")) == names
        counts = editor.get(f"/approvals/counts?{query}")
        shapes.ApprovalCounts.model_validate(counts)
        assert counts["total"] == len(names)
        assert not counts["capped"]

    def test_an_execution_has_its_own(self, editor, made):
        execution_id = made["elsewhere"].execution_id
        assert found(editor.get(f"/approvals?execution={execution_id}")) == {"elsewhere"}

    def test_a_member_of_a_group_is_asked_through_it(self, editor, made):
        editor.user.groups.add(Group.objects.create(name="finance"))
        assert found(editor.get("/approvals?status=expired")) == {"late"}

    def test_counts_are_by_status(self, editor, made):
        answer = editor.get("/approvals/counts?status=any&mine=false")
        assert answer["counts"] == {"pending": 6, "approved": 1, "rejected": 1, "expired": 1}

    @pytest.mark.parametrize(
        "query",
        ["status=open", "status=", "mine=perhaps", "sort=title", "execution=1", "due_before=soon", "owner=x",
         "limit=0", "status=any&status=any", "search=%00"],
    )  # fmt: skip
    def test_one_that_means_nothing_is_refused_with_a_cure(self, editor, made, query):
        assert editor.get(f"/approvals?{query}", status=422 if "cursor=" in query or "%00" in query else 400)[
            "cure"
        ]

    def test_a_stranger_sees_none_of_it(self, stranger, made):
        assert stranger.get("/approvals?mine=false&status=any")["results"] == []
        assert stranger.get("/approvals/counts?mine=false&status=any")["total"] == 0


class TestPages:
    @pytest.mark.parametrize("sort", ["-created_at", "created_at", "due_at"])
    def test_every_order_is_walked_to_its_end(self, editor, made, sort):
        seen: list[str] = []
        following = ""
        while True:
            page = editor.get(f"/approvals?mine=false&status=any&limit=2&sort={sort}{following}")
            seen += [row["node_id"] for row in page["results"]]
            if page["next"] is None:
                break
            following = f"&cursor={page['next']}"
        assert sorted(seen) == sorted(made)
        by_time = [*made]
        expected = {"created_at": by_time, "-created_at": by_time[::-1]}
        if sort == "due_at":
            assert seen[:2] == ["role", "mine"]
        else:
            assert seen == expected[sort]

    def test_a_page_costs_the_same_however_long_it_is(self, editor, made):
        editor.get("/approvals")
        costs = []
        for limit in (2, 50):
            with CaptureQueriesContext(connection) as captured:
                editor.get(f"/approvals?mine=false&status=any&limit={limit}")
            costs.append(len(captured))
        assert costs[1] - costs[0] <= 1  # the caller's groups, once a row needs them


class TestDeciding:
    def test_rows_say_who_decided_and_what_the_caller_may_do(self, editor, made):
        rows = {row["node_id"]: row for row in editor.get("/approvals?mine=false&status=any")["results"]}
        assert rows["yes"]["decided_by"] == f"user:{editor.user.username}"
        assert rows["no"]["decided_by"] == "user:ana"
        assert rows["half"]["decided_by"] is None
        assert rows["mine"]["workflow_name"] == "payments"
        can = {name: row["can"]["decide"] for name, row in rows.items()}
        assert can["mine"] is True
        assert can["half"] == "You have decided this already."
        assert can["others"] == "This was put to others."
        assert can["yes"] == "The approval is approved."

    def test_what_can_says_is_what_happens(self, editor, caller_of, made):
        for name, status in (("others", 403), ("half", 409), ("yes", 409), ("late", 403)):
            address = f"/approvals/{made[name].id}/decide"
            refused = editor.post(address, {"decision": "approve"}, status=status)
            assert refused["cure"]
        body = {"decision": "reject", "comment": "Too dear."}
        caller_of("viewer").post(f"/approvals/{made['anybody'].id}/decide", body, status=403)
        decided = editor.post(f"/approvals/{made['anybody'].id}/decide", body)
        shapes.Approval.model_validate(decided)
        assert (decided["status"], decided["decided_by"]) == ("rejected", f"user:{editor.user.username}")
        [decision] = decided["decisions"]
        assert decision["comment"] == "Too dear."
        assert editor.get(f"/approvals/{made['anybody'].id}")["can"]["decide"] == "The approval is rejected."
