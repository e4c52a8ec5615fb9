"""`fermata approvals`, `approve` and `reject`."""

from __future__ import annotations

from argparse import Namespace

from fermata.cli.interface import Interface, Json, Refused
from fermata.cli.terminal import Terminal


def list_all(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The pending questions put to the caller."""
    rows = list(interface.rows("/approvals", workspace=options.workspace))
    if options.json:
        terminal.json(rows)
    else:
        terminal.table(
            ["id", "question", "asked", "execution"],
            [[row["id"], row["title"], row["created_at"][:19], row["execution_id"]] for row in rows],
        )
    return 0


def pending(interface: Interface, execution_id: str) -> list[Json]:
    """The open questions of an execution."""
    return list(interface.rows("/approvals", execution=execution_id, mine=False))


def decide(interface: Interface, approval_id: str, *, is_yes: bool, comment: str = "") -> Json:
    """Answer a question. Raises `Refused`: 409 when somebody was faster."""
    decision = "approve" if is_yes else "reject"
    answer: Json = interface.post(
        f"/approvals/{approval_id}/decide", {"decision": decision, "comment": comment}
    )
    return answer


def answer(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Approve or reject, named by the approval's id or by that of an execution that asks one question."""
    approval_id = _named(interface, options.id)
    row = decide(interface, approval_id, is_yes=options.command == "approve", comment=options.comment)
    if options.json:
        terminal.json(row)
    else:
        terminal.line(f"{row['title']}  {row['status']}")
    return 0


def _named(interface: Interface, some_id: str) -> str:
    try:
        asked = pending(interface, some_id)
    except Refused as refused:
        if refused.status != 400:
            raise
        raise Refused({**refused.problem, "detail": f"{some_id!r} is no id.", "problems": []}) from refused
    if len(asked) > 1:
        ids = ", ".join(row["id"] for row in asked)
        raise Refused(
            {
                "title": "Conflict",
                "detail": f"The execution asks {len(asked)} questions.",
                "cure": f"Name one: {ids}",
            }
        )
    return str(asked[0]["id"]) if asked else some_id
