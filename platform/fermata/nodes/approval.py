"""approval: ask people, and go on by their decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from fermata.graph.durations import seconds_of
from fermata.graph.node_types import ConfigProblem
from fermata.machine.outcomes import Await, Done
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.fields import Duration, NodeConfig, Whole, is_template

Assignee = Annotated[str, StringConstraints(pattern=r"^(user|role|group):[^\s:][^\n]{0,199}$")]


class ApprovalConfig(NodeConfig):
    """Who is asked what, and until when."""

    title: str = Field(min_length=1, max_length=300, description="The question, in a line.")
    description: str | None = Field(
        default=None, max_length=20_000, description="What they need to know; Markdown."
    )
    assignees: list[Assignee] = Field(
        min_length=1,
        max_length=100,
        description="Who may decide: `user:name`, `role:name` or `group:name`.",
        examples=[["group:finance", "user:ada"]],
    )
    quorum: Whole = Field(
        default=1, ge=1, le=100, description="How many must approve; one rejection rejects."
    )
    due: Duration | None = Field(default=None, description="How long they have; for ever without it.")

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """Named people must suffice for the quorum."""
        assignees, quorum = config.get("assignees"), config.get("quorum", 1)
        if not isinstance(assignees, list) or not isinstance(quorum, int):
            return
        people = [name for name in assignees if isinstance(name, str)]
        fixed = len(people) == len(assignees) and all(name.startswith("user:") for name in people)
        if people and fixed and not any(map(is_template, people)) and len(set(people)) < quorum:
            yield ConfigProblem(
                "/quorum", "There are fewer people than must approve.", "Name more people, a role or a group."
            )


class Approval(NodeType):
    """Waits for a decision of people."""

    name = "approval"
    title = "Approval"
    description = "Asks people and goes on by their decision."
    category = "human"
    choosing = True
    Config = ApprovalConfig
    gives = "`{decision, by, comment, decisions}`; nothing when time ran out."
    failures = {"timeout": "Nobody decided in time and no edge leaves the port `timeout`."}

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """One for each way it can end."""
        return ("approved", "rejected", "timeout", "error")

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The decision, and those that led to it."""
        text = {"type": ["string", "null"]}
        decision = {"type": "string", "enum": ["approve", "reject"]}
        return {
            "type": "object",
            "properties": {
                "decision": decision,
                "by": text,
                "comment": text,
                "decisions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"by": text, "decision": decision, "comment": text, "at": text},
                    },
                },
            },
        }

    def perform(self, config: ApprovalConfig, context: Context) -> Await | Done:
        """Ask first; then answer with the decision, or ``timeout``."""
        if context.resume is None:
            asked = {
                "title": config.title,
                "description": config.description,
                "assignees": config.assignees,
                "quorum": config.quorum,
            }
            due = seconds_of(config.due) if config.due is not None else None
            return Await(kind="approval", data=asked, due_seconds=due)
        if context.resume["kind"] == "timeout":
            return Done(port="timeout")
        payload = context.resume["payload"]
        output = {key: payload.get(key) for key in ("decision", "by", "comment")}
        return Done(
            output={**output, "decisions": payload.get("decisions") or []},
            port="approved" if payload["decision"] == "approve" else "rejected",
        )
