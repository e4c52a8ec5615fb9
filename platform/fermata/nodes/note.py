"""note: a text on the canvas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from fermata.nodes.contract import NodeType
from fermata.nodes.fields import NodeConfig


class NoteConfig(NodeConfig):
    """The text."""

    text: str = Field(
        default="", max_length=20_000, description="Markdown for people; expressions in it are not evaluated."
    )


class Note(NodeType):
    """Kept in the document, left out of the plan."""

    name = "note"
    title = "Note"
    description = "A text for people; it is never run."
    category = "control"
    runnable = False
    Config = NoteConfig
    gives = "Nothing; it is never run."

    def ports(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing leads out of a note."""
        return ()
