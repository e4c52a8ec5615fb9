"""One who views a list of executions: what it asked for, what it was not sent yet, and its frames."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fermata.accounts.queries import Principal
from fermata.api import pagination
from fermata.api.permitted import refusals, with_refusals
from fermata.api.rendering import dumps
from fermata.api.stream.fitting import Row, could_fit, fits
from fermata.api.stream.reading import joined
from fermata.engine import queries as engine

MOST_ROWS = 200
"""Rows in a frame: the newest of those that changed."""
MOST_PENDING = 1_000
"""Rows and removals that may gather while a client does not read; beyond, it gets a new snapshot."""

Refusals = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list: workspaces, filters, and rows of the snapshot."""

    workspace_ids: frozenset[UUID]
    filters: engine.Filters
    limit: int

    def could_have(self, row: Row) -> bool:
        """Whether the row could be in the list, by what never changes about it."""
        return row["workspace_id"] in self.workspace_ids and could_fit(self.filters, row)

    def has(self, row: Row) -> bool:
        """Whether a row that could be in the list is in it."""
        return fits(self.filters, row)


@dataclass(slots=True)
class Change:
    """A row that changed: ``was`` the row as it was last read, None when nobody knows.

    ``is_new``: it was in no list before.
    """

    row: Row
    was: Row | None = None
    is_new: bool = False
    _texts: dict[Refusals, bytes] = field(default_factory=dict)

    def text(self, refused: Refusals) -> bytes:
        """The row as JSON for those with these rights; made once for all of them."""
        found = self._texts.get(refused)
        if found is None:
            found = self._texts[refused] = dumps(with_refusals(self.row, refused))
        return found

    @property
    def age(self) -> Any:
        """What lists are ordered by."""
        return self.row["created_at"], self.row["id"]


@dataclass(frozen=True, slots=True)
class Page:
    """A snapshot of a list: its first rows, and the cursor of the rest."""

    changes: Sequence[Change]
    following: str | None

    @classmethod
    def of(cls, rows: Sequence[Row], *, limit: int) -> Page:
        """Of one row more than asked for."""
        shown, following = pagination.page(
            rows, limit=limit, cursor=lambda row: pagination.encode(row["created_at"], row["id"])
        )
        return cls([Change(row) for row in shown], following)


@dataclass(eq=False, slots=True)
class Viewer:
    """``end(code)`` closes it; ``wake`` is set when there is something to take.

    ``poke`` tells the board that a page is wanted.
    """

    asked: Asked
    principal: Principal
    end: Callable[[int], None]
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    poke: Callable[[], None] = lambda: None
    wants_page: bool = True
    _overflowed: bool = False
    _page: Page | None = None
    _pending: dict[UUID, Change] = field(default_factory=dict)
    _gone: set[UUID] = field(default_factory=set)
    _counts: str = ""
    _counted: str = ""
    _refusals: dict[UUID, Refusals] = field(default_factory=dict)

    def now(self, principal: Principal) -> None:
        """Whoever views, with the rights they have now."""
        if principal.roles != self.principal.roles or principal.scopes != self.principal.scopes:
            self._refusals.clear()
        self.principal = principal

    def show(self, page: Page) -> None:
        """Begin with this page; it is newer than all that was offered."""
        self._page, self.wants_page = page, False
        self._pending.clear()
        self._gone.clear()
        self.wake.set()

    def begin_anew(self) -> None:
        """Forget what was offered; a page is to be shown once the client is ready for it."""
        self._page = None
        self._pending.clear()
        self._gone.clear()
        if not self.wants_page:
            self._overflowed = True
        self.wake.set()

    def offer(self, change: Change) -> None:
        """A row changed."""
        row = change.row
        if self.wants_page or self._overflowed or not self.asked.could_have(row):
            return
        if self.asked.has(row):
            self._gone.discard(row["id"])
            self._pending[row["id"]] = change
        elif not change.is_new and (change.was is None or self.asked.has(change.was)):
            self._pending.pop(row["id"], None)
            self._gone.add(row["id"])
        else:
            return
        if len(self._pending) + len(self._gone) > MOST_PENDING:
            self.begin_anew()
        self.wake.set()

    def count(self, text: str) -> None:
        """Counts, as a finished frame."""
        if text != self._counts:
            self._counts = text
            self.wake.set()

    def take(self) -> str | None:
        """The next frame to send, None when there is none now."""
        if self._overflowed:  # the client reads again: what it missed is told as a whole
            self._overflowed, self.wants_page = False, True
            self.poke()
        if self._page is not None:
            page, self._page = self._page, None
            return joined(type=b'"snapshot"', rows=self._rows(page.changes), next=dumps(page.following))
        if self.wants_page:
            return None
        if self._pending or self._gone:
            return self._changed()
        if self._counts != self._counted:
            self._counted = self._counts
            return self._counts
        return None

    def _changed(self) -> str:
        newest = sorted(self._pending.values(), key=lambda change: change.age, reverse=True)
        text = joined(
            type=b'"rows"',
            rows=self._rows(newest[:MOST_ROWS]),
            removed=dumps(sorted(map(str, self._gone))),
            truncated=dumps(len(newest) > MOST_ROWS),
        )
        self._pending.clear()
        self._gone.clear()
        return text

    def _rows(self, changes: Iterable[Change]) -> bytes:
        return b"[" + b",".join(change.text(self._refused(change.row)) for change in changes) + b"]"

    def _refused(self, row: Row) -> Refusals:
        place = row["workspace_id"]
        if place not in self._refusals:
            self._refusals[place] = refusals(self.principal, place)
        return self._refusals[place]
