from __future__ import annotations

import io
from typing import Any

from fermata.cli.progress import Progress, told
from fermata.cli.terminal import Terminal

ROOT, LOOP = "root-region", "loop-region"


def event(
    kind: str, /, *, second: int = 0, node: str | None = None, status: str | None = None, **data: Any
) -> Any:
    return {
        "type": kind,
        "at": f"2026-01-01T00:00:{second:02d}.500000Z",
        "node_id": node,
        "status": status,
        "path": [],
        "data": {"kind": "node", "region": ROOT, **data},
    }


def shown(*events: Any) -> tuple[list[str], Progress, list[Any]]:
    terminal = Terminal(out=io.StringIO(), err=io.StringIO())
    progress = Progress(terminal)
    asked = progress.take({"type": "events", "events": list(events)})
    return terminal.out.getvalue().splitlines(), progress, asked  # type: ignore[attr-defined]


def test_a_finished_step_is_a_line_with_its_port_and_its_time() -> None:
    lines, progress, _ = shown(
        event("ExecutionStarted", status="running"),
        event("StepReady", node="pick", status="ready"),
        event(
            "StepSucceeded",
            second=2,
            node="pick",
            status="succeeded",
            port="true",
            started_at="2026-01-01T00:00:01Z",
        ),
        event("StepSucceeded", second=2, node="@turn", status="succeeded", kind="turn"),
        event("StepSkipped", second=3, node="other", status="skipped"),
        event("ExecutionFinished", second=3, status="succeeded", error=None),
    )
    assert lines == [
        "   2.00 s  pick                  succeeded  → true  1.50 s",
        "   3.00 s  other                 skipped",
    ]
    assert progress.status == "succeeded"


def test_a_loop_is_counted_and_its_failures_have_a_line_each() -> None:
    failure = {
        "class": "task_failed",
        "message": "m",
        "cause": {"class": "gone", "message": "it is\x1b[2J gone"},
    }
    lines, _, _ = shown(
        event("ExecutionStarted"),
        event("RegionOpened", kind="foreach", region=LOOP, name="each", total=3),
        event("StepSucceeded", node="inner", status="succeeded", region=LOOP, iteration=0, port="out"),
        event("ItemEnded", region=LOOP, succeeded=1, failed=0),
        event("StepFailed", second=1, node="inner", status="failed", region=LOOP, iteration=1, error=failure),
        event("ItemEnded", region=LOOP, succeeded=1, failed=1),
        event("ItemEnded", region=LOOP, succeeded=2, failed=1),
        event(
            "StepSucceeded",
            second=2,
            node="each",
            status="succeeded",
            port="out",
            started_at="2026-01-01T00:00:01Z",
        ),
    )
    assert lines == [
        "   0.00 s  each                  running    1 of 3 done",
        "   1.00 s  inner[1]              failed     gone: it is [2J gone",
        "   2.00 s  each                  succeeded  3 of 3 done, 1 failed",
    ]


def test_many_failures_do_not_flood_the_terminal() -> None:
    failures = [
        event(
            "StepFailed", node="inner", status="failed", region=LOOP, iteration=number, error={"class": "x"}
        )
        for number in range(50)
    ]
    lines, _, _ = shown(event("RegionOpened", kind="foreach", region=LOOP, name="each", total=50), *failures)
    assert len(lines) == 11
    assert "and more" in lines[-1]


def test_what_is_asked_is_answered_to_the_caller() -> None:
    lines, _, asked = shown(event("ApprovalRequested", node="ask", title="Really?"))
    assert lines == ["   0.00 s  ask                   asks       Really?"]
    assert [row["node_id"] for row in asked] == ["ask"]


def test_an_error_is_told_by_its_first_cause() -> None:
    assert told({"class": "a", "cause": {"class": "b", "message": "why"}}) == "b: why"
    assert told(None) == ""
