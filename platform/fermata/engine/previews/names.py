"""The names that can be read at a place of a draft, with what an execution had there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fermata.engine.queries.seen import Stand, seen, seen_sizes
from fermata.graph.inferred import example_of, filled, short, sized
from fermata.graph.sketch import Place, Sketch
from fermata.graph.visible import Name, Visible

LARGEST_BYTES = 16 * 1024
MOST_BYTES = 1024 * 1024
MOST_SCHEMAS = 10_000
"""In one answer, over all names."""
ABSENT = object()


def names(sketch: Sketch, place: Place, at: Stand | None) -> list[dict[str, Any]]:
    """Rows of {"name", "node_id", "schema", "optional", "recorded", "example"}.

    ``at``: an execution's place; small values of it complete schemas and serve as examples.
    """
    visible = Visible(sketch, place).names()
    bound = {} if at is None else _recorded(at, sketch, visible)
    room = max(20, MOST_SCHEMAS // len(visible))
    return [_row(name, _value(bound, name.name.split(".", 2)), room=room) for name in visible]


def _recorded(at: Stand, sketch: Sketch, visible: Collection[Name]) -> dict[str, Any]:
    reads = list(dict.fromkeys(name.read for name in visible if name.read and name.name != "secrets"))
    sizes = seen_sizes(at, reads=reads)
    fitting: list[str] = []
    room = MOST_BYTES
    for read in reversed(reads):  # what comes last before the place is of most use
        size = sizes.get(read, 0)
        if size <= min(LARGEST_BYTES, room):
            fitting.append(read)
            room -= size
    bound = seen(at, reads=fitting, variables=sketch.structure.document.variables)
    return bound if "inputs" in fitting else {name: each for name, each in bound.items() if name != "inputs"}


def _value(bound: Mapping[str, Any], keys: list[str]) -> Any:
    found: Any = bound
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            return ABSENT
        found = found[key]
    return found


def _row(name: Name, value: Any, *, room: int) -> dict[str, Any]:
    recorded = value is not ABSENT
    schema = sized(filled(name.schema, value) if recorded else name.schema, room)
    return {
        "name": name.name,
        "node_id": name.node,
        "schema": schema,
        "optional": name.optional,
        "recorded": recorded,
        "example": short(value if recorded else example_of(name.schema)),
    }
