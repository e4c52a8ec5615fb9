"""Where steps stand: regions, the items and iterations of a foreach, joins and what arrived at them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from fermata.accounts.staff import values
from fermata.accounts.staff.pages import Page
from fermata.engine.admin import previews
from fermata.engine.admin.executions import state
from fermata.engine.models import Arrival, Item, Iteration, Join, Region

HINT = "Open an execution, then its root region, to see what belongs together."


class Inside(Page):
    """Base: rows of one region, which belong to an execution."""

    narrow_first = True
    hint = HINT
    search_help_text = "id"

    @admin.display(description="execution")
    def execution(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_execution_change", row.execution_id, values.short(row.execution_id))

    @admin.display(description="region")
    def region(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_region_change", row.region_id, values.short(row.region_id))

    @admin.display(description="state")
    def state_word(self, row: Any) -> Any:
        """Coloured."""
        return state(row.state)


@admin.register(Region)
class RegionPage(Inside):
    """Runs of regions."""

    list_display = ("place", "kind", "state_word", "execution", "passage", "total", "succeeded", "failed")
    list_defer = ("path", "cause", "fan_out")
    narrow = ("parent_id",)
    newest_narrowed = ("parent_id", "parent_iteration", "name")
    fieldsets = (
        (
            None,
            {"fields": ("id", "name", "kind", "state_word", "execution", "parent", "step", "look_inside")},
        ),
        ("Progress", {"fields": ("passage", "total", "next", "active", "succeeded", "failed")}),
        ("More", {"fields": ("parent_iteration", "failure_limit", "mode", "path_value", "cause_value")}),
    )

    @admin.display(description="region")
    def place(self, row: Any) -> str:
        """Its name; the root has none."""
        return row.name or "root"

    @admin.display(description="parent region")
    def parent(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_region_change", row.parent_id)

    @admin.display(description="container's step")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.step_id)

    @admin.display(description="look inside")
    def look_inside(self, row: Any) -> Any:
        """Lists of what belongs to it."""
        return values.several(
            [
                values.listed("engine_step", "steps", region_id=row.id),
                values.listed("engine_region", "regions within", parent_id=row.id),
                values.listed("engine_join", "joins", region_id=row.id),
                values.listed("engine_item", "items", region_id=row.id),
                values.listed("engine_iteration", "iterations", region_id=row.id),
                values.listed("engine_arrival", "remembered edges", owner_id=row.id),
                values.listed("engine_variable", "variables", scope_id=row.id),
            ]
        )

    @admin.display(description="path")
    def path_value(self, row: Any) -> Any:
        """The scope it stands in."""
        return values.pretty(row.path)

    @admin.display(description="cause")
    def cause_value(self, row: Any) -> Any:
        """Why it is closing."""
        return values.pretty(row.cause)


@admin.register(Item)
class ItemPage(Inside):
    """Chunks of items."""

    list_display = ("id", "region", "chunk", "execution")
    list_defer = ("body",)
    narrow = ("region_id",)
    newest_narrowed = ("region_id", "chunk")
    fieldsets = ((None, {"fields": ("id", "region", "execution", "chunk", "items")}),)

    @admin.display(description="items")
    def items(self, row: Any) -> Any:
        """Up to a hundred."""
        return values.pretty(row.body)


@admin.register(Iteration)
class IterationPage(Inside):
    """Items that ended or are ending."""

    list_display = ("id", "region", "index", "state_word", "execution")
    list_defer = ("cause", "error")
    narrow = ("region_id",)
    newest_narrowed = ("region_id", "index")
    fieldsets = (
        (None, {"fields": ("id", "region", "execution", "index", "state_word")}),
        ("Values", {"fields": ("output", "failure", "cause_value")}),
    )

    @admin.display(description="output")
    def output(self, row: Any) -> Any:
        """Its beginning."""
        return previews.shown(previews.previews([row.output_digest]), row.output_digest)

    @admin.display(description="error")
    def failure(self, row: Any) -> Any:
        """Class, message, where."""
        return values.pretty(row.error)

    @admin.display(description="cause")
    def cause_value(self, row: Any) -> Any:
        """Why it is closing."""
        return values.pretty(row.cause)


@admin.register(Join)
class JoinPage(Inside):
    """Counters before nodes with several in-edges."""

    list_display = ("node_id", "state_word", "region", "iteration", "settled", "live", "total", "need")
    narrow = ("region_id",)
    newest_narrowed = ("region_id", "iteration")
    fieldsets = (
        (
            None,
            {"fields": ("id", "node_id", "state_word", "execution", "region", "iteration", "look_inside")},
        ),
        ("Count", {"fields": ("total", "need", "eager", "settled", "live", "opened_at")}),
    )

    @admin.display(description="look inside")
    def look_inside(self, row: Any) -> Any:
        """What arrived."""
        return values.listed("engine_arrival", "edges that arrived", owner_id=row.id)


@admin.register(Arrival)
class ArrivalPage(Inside):
    """Edges settled at a join or remembered by a loop."""

    list_display = ("id", "owner_id", "edge", "live", "passage", "step", "execution")
    narrow = ("owner_id",)
    newest_narrowed = ("owner_id", "edge")
    fieldsets = ((None, {"fields": ("id", "owner_id", "edge", "live", "passage", "step", "execution")}),)

    @admin.display(description="step")
    def step(self, row: Any) -> Any:
        """A link."""
        return values.link("engine_step_change", row.step_id, values.short(row.step_id))
