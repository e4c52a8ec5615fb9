"""``/workflows/{workflow_id}/diff``: what differs between two versions, or a version and the draft."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.resource import Query
from fermata.api.schema import described
from fermata.api.versions import Which, chosen, which
from fermata.api.workflows import OneWorkflow
from fermata.workflows import diff, formats, lines, queries


class DiffSide(BaseModel):
    """What is compared: a version, the draft, or what was sent."""

    version: int | Literal["draft", "import"]
    draft_rev: int | None
    digest: str | None = Field(None, description="of a version")


class Change(BaseModel):
    """One value that differs; ``pointer`` leads into the new document, of a removal into the old one."""

    op: Literal["add", "remove", "replace"]
    pointer: str
    old: JsonValue = None
    new: JsonValue = None


class NodeAlone(BaseModel):
    """A node on one side only: ``new`` when it was added, ``old`` when it was removed."""

    id: str
    type: str | None
    pointer: str
    old: dict[str, JsonValue] | None = None
    new: dict[str, JsonValue] | None = None


class NodeChanged(BaseModel):
    """A node of both sides."""

    id: str
    type: str | None
    pointer: str
    old_pointer: str
    changes: list[Change]


class EdgeAlone(BaseModel):
    """An edge on one side only."""

    model_config = ConfigDict(serialize_by_alias=True)

    source: str = Field(alias="from")
    to: str
    pointer: str
    old: dict[str, JsonValue] | None = None
    new: dict[str, JsonValue] | None = None


class EdgeChanged(BaseModel):
    """An edge of both sides."""

    model_config = ConfigDict(serialize_by_alias=True)

    source: str = Field(alias="from")
    to: str
    pointer: str
    old_pointer: str
    changes: list[Change]


class NodesDiff(BaseModel):
    """Nodes, told apart by id; ``reordered``: those of both sides stand in another order."""

    added: list[NodeAlone]
    removed: list[NodeAlone]
    changed: list[NodeChanged]
    reordered: bool


class EdgesDiff(BaseModel):
    """Edges, told apart by their ends."""

    added: list[EdgeAlone]
    removed: list[EdgeAlone]
    changed: list[EdgeChanged]
    reordered: bool


class TextDiff(BaseModel):
    """A unified diff of the YAML; empty when it is the same."""

    unified: str
    truncated: bool = Field(description="cut at 512 KiB")


class Diff(BaseModel):
    """What differs between two documents; ``equal``: nothing but the order of keys."""

    model_config = ConfigDict(serialize_by_alias=True)

    old: DiffSide = Field(alias="from")
    new: DiffSide = Field(alias="to")
    equal: bool
    nodes: NodesDiff
    edges: EdgesDiff
    document: list[Change] = Field(
        description="settings, inputs, variables, output: all that is no node or edge"
    )
    truncated: bool = Field(description="5,000 changes are shown and there are more")
    text: TextDiff | None = None


class Sides(Query):
    """By default the draft against the newest version."""

    old: Which = Field("latest", alias="from", description="a number, `latest` or `draft`")
    new: Which = Field("draft", alias="to", description="a number, `latest` or `draft`")
    text: bool = Field(True, description="false: without the diff of the YAML")

    _number = field_validator("old", "new", mode="before")(which)


class DiffView(OneWorkflow):
    """Compare."""

    actions = {"get": "workflow.read"}

    @described("Compare two versions, or a version and the draft", answer=Diff, query=Sides)
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """Nodes, edges and the rest of the documents with pointers and values; and a diff of their YAML."""
        asked = self.query(Sides)
        old, old_side = _side(workflow_id, asked.old)
        new, new_side = _side(workflow_id, asked.new)
        return Response(
            {"from": old_side, "to": new_side, **compared(old, new, old_side, new_side, text=asked.text)}
        )


def compared(
    old: dict[str, Any],
    new: dict[str, Any],
    old_side: dict[str, Any],
    new_side: dict[str, Any],
    *,
    text: bool,
) -> dict[str, Any]:
    """The rest of a ``Diff``; ``text``: with that of the YAML."""
    found = diff.compare(old, new)
    if not text:
        return found
    unified, truncated = lines.unified(
        formats.to_yaml(old), formats.to_yaml(new), old_name=_called(old_side), new_name=_called(new_side)
    )
    return {**found, "text": {"unified": unified, "truncated": truncated}}


def draft_side(rev: int) -> dict[str, Any]:
    """A draft as a side of a comparison."""
    return {"version": "draft", "draft_rev": rev, "digest": None}


def _side(workflow_id: UUID, asked: Which) -> tuple[dict[str, Any], dict[str, Any]]:
    version = chosen(workflow_id, asked)
    if version is None:
        draft = queries.draft(workflow_id)
        return draft.definition, draft_side(draft.rev)
    side = {"version": version.number, "draft_rev": version.draft_rev, "digest": version.digest}
    return version.definition, side


def _called(side: dict[str, Any]) -> str:
    name = side["version"]
    return (
        f"version {name}"
        if isinstance(name, int)
        else f"draft {side['draft_rev']}"
        if name == "draft"
        else name
    )
