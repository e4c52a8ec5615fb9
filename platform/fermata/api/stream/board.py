"""The board: keeps every list of executions that is viewed in this web process up to date.

One reader for all: it gathers the executions that were signalled (and now and then those with new events),
reads their rows once, and offers each row that changed to every *viewer* whose filters it fits. A viewer
holds the latest state of each row until its client takes it, so a slow client gets fewer frames, never old
ones; one for which too much has gathered gets a new snapshot. Reads of one board come one after the other,
so what is offered later is newer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fermata.api.rendering import dumps
from fermata.api.stream.fitting import Row
from fermata.api.stream.reading import AGAIN_SECONDS, AWAY, in_thread
from fermata.api.stream.viewer import Asked, Change, Page, Viewer
from fermata.engine import queries as engine
from fermata.workflows import queries as workflows

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.2
SHARE = 3
"""After a pass the board rests this many times as long as the pass took."""
LOOK_SECONDS = 5.0
"""So often the board looks for executions with new events: a signal can be lost."""
COUNTS_SECONDS = 1.0
COUNTS_SHARE = 20
MOST_CHANGES = 1_000
"""Executions changed in one pass; when there are more, everybody gets a new snapshot."""
MOST_KNOWN = 5_000

Kind = tuple[frozenset[UUID], engine.Filters]
"""What counts are of: workspaces, and filters but the status."""


@dataclass(slots=True)
class Tally:
    """Counts of one kind: as last told, and whether they may have changed since."""

    text: str = ""
    due: bool = True
    at: float = 0.0


class Board:
    """See the module."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self._wake = asyncio.Event()
        self._signalled: set[UUID] = set()
        self._places: dict[UUID, int] = {}
        """How many viewers each workspace has."""
        self._known: OrderedDict[UUID, Row] = OrderedDict()
        """The rows read lately."""
        self._complete_since: datetime | None = None
        """Whatever was created later and changed since is known; None while that is not so."""
        self._tallies: dict[Kind, Tally] = {}
        self._looked_at = 0.0
        self._marks: tuple[int, int] | None = None
        """The newest events at the last two looks: ids drawn before the last one may have shown up since."""

    def add(self, viewer: Viewer) -> None:
        """Keep someone's list up to date, beginning with a snapshot."""
        self.viewers.add(viewer)
        viewer.poke = self._wake.set
        for place in viewer.asked.workspace_ids:
            self._places[place] = self._places.get(place, 0) + 1
        self._wake.set()

    def remove(self, viewer: Viewer) -> None:
        """No longer."""
        if viewer not in self.viewers:
            return
        self.viewers.discard(viewer)
        for place in viewer.asked.workspace_ids:
            self._places[place] -= 1
            if not self._places[place]:
                del self._places[place]

    def hear(self, execution_id: UUID, workspace_id: UUID) -> None:
        """An execution changed."""
        if workspace_id in self._places:
            self._signalled.add(execution_id)
            self._wake.set()

    def doubt(self) -> None:
        """Signals may have been missed: look."""
        self._looked_at = 0.0
        self._wake.set()

    async def run(self) -> None:
        """Read and hand out while somebody views; after an outage of the database everybody begins anew."""
        while self.viewers:
            began = time.monotonic()
            try:
                await self._pass()
            except AWAY as error:
                logger.warning("lists of executions cannot be read: %s", error)
                self._begin_anew()
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            await asyncio.sleep(max(TICK_SECONDS, SHARE * (time.monotonic() - began)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()

    def _pause(self) -> float:
        """Until the next look, or until counts are due."""
        dues = [tally.at for tally in self._tallies.values() if tally.due]
        return max(0.0, min([self._looked_at + LOOK_SECONDS, *dues]) - time.monotonic())

    def _begin_anew(self) -> None:
        """PostgreSQL was away: what was shown may never have become durable."""
        self._known.clear()
        self._marks = self._complete_since = None
        for viewer in self.viewers:
            viewer.begin_anew()

    async def _pass(self) -> None:
        self._wake.clear()
        ids, self._signalled = self._signalled, set()
        if self._marks is None or time.monotonic() - self._looked_at >= LOOK_SECONDS:
            ids |= await self._look()
        if len(ids) > MOST_CHANGES:
            ids = set()
            self._begin_anew()
            self._soil()
        # Pages first: rows read after them are newer.
        await self._turn_pages()
        if ids:
            self._hand_out(await in_thread(_rows, ids))
        await self._count()

    async def _look(self) -> set[UUID]:
        """Executions with new events since the look before the last."""
        newest, now = await in_thread(engine.newest_change)
        if self._complete_since is None:
            self._complete_since = now
        before, last = self._marks or (newest, newest)
        found: set[UUID] = set()
        if newest > before:
            found = await in_thread(_changed, frozenset(self._places), before)
        self._marks = (last, newest)
        self._looked_at = time.monotonic()
        return found

    async def _turn_pages(self) -> None:
        """Read a snapshot for each viewer that wants one; the same list is read once."""
        waiting: dict[Asked, list[Viewer]] = {}
        for viewer in self.viewers:
            if viewer.wants_page:
                waiting.setdefault(viewer.asked, []).append(viewer)
        for asked, viewers in waiting.items():
            page = await in_thread(_page, asked)
            self._hand_out(change.row for change in page.changes)
            for viewer in viewers:
                viewer.show(page)

    def _hand_out(self, rows: Iterable[Row]) -> None:
        """Offer the rows that are not as they were known."""
        places = set()
        for row in rows:
            known = self._known.get(row["id"])
            if known == row:
                continue
            self._know(row)
            change = Change(row, was=known, is_new=known is None and self._is_new(row))
            places.add(row["workspace_id"])
            for viewer in self.viewers:
                viewer.offer(change)
        self._soil(places)

    def _is_new(self, row: Row) -> bool:
        return self._complete_since is not None and row["created_at"] > self._complete_since

    def _know(self, row: Row) -> None:
        self._known[row["id"]] = row
        self._known.move_to_end(row["id"])
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
            self._complete_since = None

    def _soil(self, places: set[UUID] | None = None) -> None:
        """Counts that may have changed."""
        for (workspace_ids, _), tally in self._tallies.items():
            tally.due = tally.due or places is None or bool(workspace_ids & places)

    async def _count(self) -> None:
        kinds: dict[Kind, list[Viewer]] = {}
        for viewer in self.viewers:
            asked = viewer.asked
            kinds.setdefault((asked.workspace_ids, replace(asked.filters, statuses=())), []).append(viewer)
        self._tallies = {kind: self._tallies.get(kind) or Tally() for kind in kinds}
        for kind, viewers in kinds.items():
            tally = self._tallies[kind]
            began = time.monotonic()
            if tally.due and began >= tally.at:
                tally.due = False
                tally.text = await in_thread(_counted, *kind)
                took = time.monotonic() - began
                tally.at = time.monotonic() + max(COUNTS_SECONDS, COUNTS_SHARE * took)
            for viewer in viewers:
                viewer.count(tally.text)


def _changed(places: frozenset[UUID], after: int) -> set[UUID]:
    return engine.changed(workspace_ids=places, after=after)


def _named(rows: list[Row]) -> list[Row]:
    names = workflows.names({row["workflow_id"] for row in rows})
    return [{**row, "workflow_name": names.get(row["workflow_id"])} for row in rows]


def _rows(ids: set[UUID]) -> list[Row]:
    return _named(engine.executions_of(ids))


def _page(asked: Asked) -> Page:
    rows = engine.executions(workspace_ids=asked.workspace_ids, filters=asked.filters, limit=asked.limit + 1)
    return Page.of(_named(rows), limit=asked.limit)


def _counted(workspace_ids: frozenset[UUID], filters: engine.Filters) -> str:
    found = engine.counts(workspace_ids=workspace_ids, filters=filters)
    return dumps({"type": "counts", **found}).decode()
