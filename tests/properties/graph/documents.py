"""Random documents: mostly well-formed graphs with forks, guards, loops and containers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.graph.catalogue import CATALOGUE, document, node

PLAIN = ("transform", "condition", "break", "continue", "foreach", "while")
STRAIGHT = ("transform", "transform", "condition", "foreach", "while")
JOINS = ("auto", "auto", "any", "all")


@st.composite
def drawn_documents(draw: st.DrawFn, *, max_nodes: int = 9, back: bool = True) -> dict[str, Any]:
    """A document whose nodes, parents, ports and edges fit; cycles may be of any kind."""
    count = draw(st.integers(1, max_nodes))
    nodes: list[dict[str, Any]] = []
    for at in range(count):
        containers = [each["id"] for each in nodes if each["type"] in {"foreach", "while"}]
        parent = draw(st.sampled_from([None, None, *containers]))
        inside = parent is not None or draw(st.integers(0, 9)) == 0
        node_type = draw(st.sampled_from(PLAIN if inside else STRAIGHT))
        made = node(f"n{at}", node_type, join=draw(st.sampled_from(JOINS)))
        nodes.append(made | ({"parent": parent} if parent else {}))
    filled = {each.get("parent") for each in nodes}
    nodes += [
        node(f"in_{each['id']}", parent=each["id"])
        for each in nodes
        if each["type"] in {"foreach", "while"} and each["id"] not in filled
    ]
    edges: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for _ in range(draw(st.integers(0, count * 2))):
        source = draw(st.integers(0, count - 1))
        target = draw(st.integers(0, count - 1))
        if not back and source >= target:
            continue
        info = CATALOGUE.find(nodes[source]["type"])
        if nodes[source].get("parent") != nodes[target].get("parent") or info is None:
            continue
        ports = info.ports({})
        if not ports:
            continue
        leaves = draw(st.sampled_from(ports))
        text = f"n{source}" if leaves == "out" else f"n{source}.{leaves}"
        if (text, f"n{target}") in seen:
            continue
        seen.add((text, f"n{target}"))
        edge = {"from": text, "to": f"n{target}"}
        edges.append(edge | ({"when": "{{ inputs.x }}"} if draw(st.integers(0, 4)) == 0 else {}))
    return document(nodes, edges)
