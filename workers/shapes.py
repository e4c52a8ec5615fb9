"""Shapes that the canvas sees in a plan: straight runs, forks that meet again, loops of one-lane bodies.

A shape is a guess at what usually follows. What really follows is in the record; where both differ, the
record is right.
"""

from __future__ import annotations

from functools import cached_property

from fermata.graph.plan import Plan, PlanNode

ASIDE = frozenset({"error", "timeout"})
"""Ports of a step that did not go as usual: no straight run leads through them."""

COUNTED = frozenset({"auto", "all"})
"""Joins that wait for every branch, as a chord does."""

PLANS_KEPT = 256


class Shapes:
    """The shapes of one plan, found when first asked for and kept. Nodes are named by their ids."""

    def __init__(self, plan: Plan) -> None:
        """`plan` as compiled."""
        self.plan = plan
        self._meetings: dict[str, str | None] = {}
        self._forks: dict[str, bool] = {}

    def following(self, node: str) -> str | None:
        """The node that alone follows `node` and follows it alone; None where no straight run goes on."""
        target = self._only_way(node)
        return target if target is not None and len(self.plan.nodes[target].into) == 1 else None

    def run(self, node: str, *, most: int) -> list[str]:
        """The straight run behind `node`, at most so many nodes."""
        found: list[str] = []
        at = self.following(node)
        while at is not None and len(found) < most:
            found.append(at)
            at = self.following(at)
        return found

    def meeting(self, node: str) -> str | None:
        """The join at which the branch that begins with `node` meets its siblings.

        None unless the branch is a straight run, and all branches of that join leave one fork.
        """
        passed: list[str] = []
        at: str | None = node
        while at is not None and at not in self._meetings:
            passed.append(at)
            target = self._only_way(at)
            if target is None or len(self.plan.nodes[target].into) > 1:
                self._meetings[at] = target if target is not None and self._is_fan_in(target) else None
                break
            at = target
        found = None if at is None else self._meetings[at]
        self._meetings |= dict.fromkeys(passed, found)
        return found

    def is_lane(self, node: str) -> bool:
        """Whether the node stands in a foreach whose items are done one step after the other."""
        return self.plan.nodes[node].region in self._lanes

    @cached_property
    def _lanes(self) -> frozenset[str]:
        around = {region.parent for region in self.plan.regions.values()}
        return frozenset(
            name
            for name, region in self.plan.regions.items()
            if region.kind == "foreach" and region.serial and name not in around
        )

    def _only_way(self, node: str) -> str | None:
        """The target of the node's one unguarded ordinary edge, if it has just this one, in its region."""
        found = self.plan.nodes[node]
        if node in self.plan.regions:
            return None  # a container goes on when its region has ended
        edges = [at for port, edges in found.out.items() if port not in ASIDE for at in edges]
        if len(edges) != 1:
            return None
        edge = self.plan.edges[edges[0]]
        if edge.kind != "forward" or edge.when is not None:
            return None
        return edge.target if self.plan.nodes[edge.target].region == found.region else None

    def _is_fan_in(self, join: str) -> bool:
        """Whether the join counts, and every edge into it comes by a straight run from one fork."""
        if join not in self._forks:
            node = self.plan.nodes[join]
            forks = {self._fork(edge, join) for edge in node.into}
            counts = node.join is not None and node.join.mode in COUNTED
            self._forks[join] = counts and len(forks) == 1 and None not in forks
        return self._forks[join]

    def _fork(self, edge: int, to: str) -> str | None:
        """The fork at which the straight run that ends with this edge began.

        "" when it began its region; None when it began at another join.
        """
        while True:
            source = self.plan.edges[edge].source
            if self._only_way(source) != to:
                return source
            before = self.plan.nodes[source].into
            if not before:
                return ""
            if len(before) > 1:
                return None
            edge, to = before[0], source


_known: dict[str, Shapes] = {}


def shapes(plan: Plan) -> Shapes:
    """The shapes of a plan, kept for the plans last used in this process."""
    found = _known.get(plan.digest)
    if found is None:
        if len(_known) >= PLANS_KEPT:
            del _known[next(iter(_known))]
        found = _known[plan.digest] = Shapes(plan)
    return found


def source_of(plan: Plan, node: PlanNode) -> str | None:
    """The node whose edge alone leads to this one."""
    return plan.edges[node.into[0]].source if len(node.into) == 1 else None
