"""A list of the admin that never counts.

It fetches one row more than a page shows, in an order that an index has. Nobody pages through a million
rows: after a hundred pages the list asks to be narrowed.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

MOST_PAGES = 100
LANES_AT_ONCE = 100
"""Parts of one UNION; a list over more workspaces takes several statements."""


class Uncounted(Paginator[Any]):
    """Knows the pages up to the one shown, and whether there is one more."""

    def __init__(self, *, per_page: int, page: int, more: bool) -> None:
        super().__init__([], per_page)
        self.page_shown, self.more = page, more

    @property
    def count(self) -> int:
        """As many rows as the known pages hold."""
        return (self.page_shown + self.more) * self.per_page


class Listing(ChangeList):
    """Django's list with our order and our pages."""

    model_admin: Any
    more: bool = False

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The page's own order: whatever else is asked for has no index."""
        return list(self.model_admin.order(request, self.filter_params))

    def get_ordering_field_columns(self) -> dict[int, Any]:
        """No column is marked: the order is not theirs."""
        return {}

    def get_results(self, request: HttpRequest) -> None:
        """The rows of one page, and whether more follow."""
        if not 1 <= self.page_num <= MOST_PAGES:
            raise IncorrectLookupParameters(f"There are pages 1 to {MOST_PAGES}: narrow the list.")
        first = (self.page_num - 1) * self.list_per_page
        rows = self._rows(request, first, first + self.list_per_page + 1)
        self.more = len(rows) > self.list_per_page
        shown = rows[: self.list_per_page]
        self.result_list = shown
        self.result_count = len(shown)  # no "select all 1,000,000" beside the rows
        self.show_full_result_count = False
        self.full_result_count = None
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = self.more or self.page_num > 1
        self.paginator = Uncounted(per_page=self.list_per_page, page=self.page_num, more=self.more)
        self.model_admin.complete(request, shown)

    def _rows(self, request: HttpRequest, first: int, last: int) -> list[Any]:
        """Rows ``first`` to ``last``, merged from lanes that an index has in order each."""
        lanes = self.model_admin.lanes(request, self.filter_params)
        if lanes is None:
            return list(self.queryset[first:last])
        if len(lanes) <= 1:
            return [row for lane in lanes for row in self.queryset.filter(**lane)[first:last]]
        order = list(self.queryset.query.order_by)
        found: list[Any] = []
        for at in range(0, len(lanes), LANES_AT_ONCE):
            parts = [self.queryset.filter(**lane)[:last] for lane in lanes[at : at + LANES_AT_ONCE]]
            merged = parts[0].union(*parts[1:], all=True).order_by(*order) if parts[1:] else parts[0]
            if len(lanes) <= LANES_AT_ONCE:
                return list(merged[first:last])  # PostgreSQL merges the lanes row by row
            found += merged[:last]
        for name in reversed(order):
            found.sort(key=attrgetter(name.lstrip("-")), reverse=name[0] == "-")
        return found[first:last]

    @property
    def earlier_page(self) -> int:
        """The number of the page before."""
        return self.page_num - 1

    @property
    def later_page(self) -> int:
        """The number of the page behind."""
        return self.page_num + 1

    def url_for_result(self, result: Any) -> str:
        """The row's page; a key of bytes stands as hex."""
        address: str = self.model_admin.address(result)
        return address
