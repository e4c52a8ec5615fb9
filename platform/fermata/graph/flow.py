"""Graph theory over names and successors: components, dominators, natural loops, orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

Successors = Mapping[str, Sequence[str]]


def components(nodes: Iterable[str], successors: Successors) -> list[list[str]]:
    """The strongly connected components, each after all it leads to (Tarjan, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in nodes:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(successors[root]))]
        while work:
            node, following = work[-1]
            for other in following:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(successors[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    at = _last_index(stack, node)
                    found.append(stack[at:])
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
    return found


def _last_index(stack: list[str], node: str) -> int:
    at = len(stack) - 1
    while stack[at] != node:
        at -= 1
    return at


@dataclass(frozen=True, slots=True)
class Dominators:
    """The dominator tree below a virtual entry, as nested intervals."""

    opened: Mapping[str, int]
    closed: Mapping[str, int]

    def dominates(self, upper: str, lower: str) -> bool:
        """Whether every way from an entry to ``lower`` leads through ``upper``."""
        return self.opened[upper] <= self.opened[lower] and self.closed[lower] <= self.closed[upper]


def dominators(entries: Sequence[str], successors: Successors) -> Dominators:
    """Dominators of all nodes reachable from the entries (Cooper, Harvey, Kennedy)."""
    order = _reverse_postorder(entries, successors)
    place = {node: at + 1 for at, node in enumerate(order)}
    before: dict[int, list[int]] = {at: [] for at in place.values()}
    for node in order:
        for other in successors[node]:
            before[place[other]].append(place[node])
    for node in entries:
        before[place[node]].append(0)
    above: dict[int, int] = {0: 0}
    changed = True
    while changed:
        changed = False
        for at in range(1, len(order) + 1):
            known = [other for other in before[at] if other in above]
            best = reduce(lambda left, right: _meet(left, right, above), known)
            if above.get(at) != best:
                above[at] = best
                changed = True
    return _intervals(order, above)


def _meet(left: int, right: int, above: Mapping[int, int]) -> int:
    while left != right:
        while left > right:
            left = above[left]
        while right > left:
            right = above[right]
    return left


def _reverse_postorder(entries: Sequence[str], successors: Successors) -> list[str]:
    seen = set(entries)
    order: list[str] = []
    for entry in entries:
        work = [(entry, iter(successors[entry]))]
        while work:
            node, following = work[-1]
            for other in following:
                if other not in seen:
                    seen.add(other)
                    work.append((other, iter(successors[other])))
                    break
            else:
                order.append(node)
                work.pop()
    order.reverse()
    # Entries reached later by another walk were finished under their own; reversing keeps parents before
    # children.
    return order


def _intervals(order: Sequence[str], above: Mapping[int, int]) -> Dominators:
    below: dict[int, list[int]] = {}
    for at in range(1, len(order) + 1):
        below.setdefault(above[at], []).append(at)
    opened: dict[str, int] = {}
    closed: dict[str, int] = {}
    clock = 0
    work = [(at, False) for at in below.get(0, [])]
    while work:
        at, leaving = work.pop()
        clock += 1
        if leaving:
            closed[order[at - 1]] = clock
            continue
        opened[order[at - 1]] = clock
        work.append((at, True))
        work.extend((child, False) for child in below.get(at, []))
    return Dominators(opened, closed)


def natural_loop(header: str, tails: Iterable[str], predecessors: Successors) -> set[str]:
    """The header and every node that reaches a tail without passing it."""
    body = {header}
    waiting = [tail for tail in tails if tail != header]
    while waiting:
        node = waiting.pop()
        if node not in body:
            body.add(node)
            waiting.extend(predecessors[node])
    return body


def topological(nodes: Sequence[str], successors: Successors) -> list[str]:
    """The nodes, each before all it leads to; nodes on or behind a cycle are left out."""
    missing = dict.fromkeys(nodes, 0)
    for node in nodes:
        for other in successors[node]:
            missing[other] += 1
    order = [node for node in nodes if not missing[node]]
    for node in order:
        for other in successors[node]:
            missing[other] -= 1
            if not missing[other]:
                order.append(other)
    return order
