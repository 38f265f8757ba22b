"""Reading a search by the window protocol.

The protocol itself is in `windows`; here it meets the client, the workers and the ledger.
Fetching what was found is in `hydrating`. No stream is named.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Request
from tap_intercom_archive.errors import ApiError
from tap_intercom_archive.followups import Whole
from tap_intercom_archive.hydrating import NOT_YET, Hydrator
from tap_intercom_archive.hydration import Ahead, Late
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.paging import Page, PatientList, by_search_cursor, read_page
from tap_intercom_archive.readers import SECONDS_PER_DAY, Fetched, Reader, nothing
from tap_intercom_archive.resources import Resource, Search
from tap_intercom_archive.run import Run
from tap_intercom_archive.times import epoch, iso
from tap_intercom_archive.windows import Bookmark, Closed, Hit, Listing, Protocol, Rules, Window


class WindowReader(Reader):
    """Reads a search by windows; where the list gives whole objects it is swept now and then."""

    _ahead: Ahead[Window]
    _swept_at: float | None = None

    def __init__(
        self, run: Run, resource: Resource, ledger: Ledger, streams: Sequence[str]
    ) -> None:
        """Read `resource` for the selected `streams`."""
        super().__init__(run, resource, ledger, streams)
        self._listing = threading.Lock()
        self._hydrator = Hydrator(self)

    def objects(self) -> Iterator[Fetched]:
        """Give every object that is new or changed since the last run."""
        yield from self.owed_beside()
        outgrown = self.ledger.is_outgrown(self.scope)
        bookmark = Bookmark() if outgrown else Bookmark.from_state(self.ledger.state)
        self._swept_at = None if outgrown else epoch(self.ledger.state.get("swept_at"))
        if self.is_ahead(bookmark.mark):
            bookmark, self._swept_at = Bookmark(), None
        gap = None if outgrown else self.ledger.gap(self.scope)
        if self.resource.hydrate or self.resource.single:
            yield from self._hydrator.owed()
        if self.resource.sweeps and self._sweep_is_due():
            yield from self._sweep(bookmark)
        elif bookmark.mark is None:
            self._announce()
        if gap is not None and bookmark.mark is not None:
            yield from self._windows(Bookmark(), *gap, keep=False)
        settings = self.run.settings
        yield from self._windows(bookmark, settings.start or 0, settings.end, keep=True)
        self._save(bookmark)
        if bookmark.mark is not None:
            self.counted.proven_until = bookmark.mark - settings.lookback_seconds

    def _save(self, bookmark: Bookmark) -> None:
        entries = bookmark.to_state()
        if self._swept_at is not None:
            entries["swept_at"] = iso(int(self._swept_at))
        if self._hydrator.likeness.unlike:
            entries["unlike"] = self._hydrator.likeness.unlike
        self.ledger.save(self.scope.to_state(), entries)

    def _sweep_is_due(self) -> bool:
        days = self.run.settings.full_sweep_days
        return (
            self._swept_at is None
            or self.run.client.now() - self._swept_at >= days * SECONDS_PER_DAY
        )

    def _sweep(self, bookmark: Bookmark) -> Iterator[Fetched]:
        """Read the whole list; what changes meanwhile is found by the search after it."""
        began_at = self.run.client.now()
        if bookmark.mark is None:
            self._announce()
        yield from self.sweep(began_at)
        self.end_sweep()
        if not self.swept.proven:
            return
        end = self.run.settings.end
        until = int(began_at) if end is None else min(int(began_at), end)
        bookmark.mark = max(bookmark.mark or 0, until)
        if end is None:
            self._swept_at = began_at
        self._save(bookmark)

    def _windows(
        self, bookmark: Bookmark, start: int, end: int | None, *, keep: bool
    ) -> Iterator[Fetched]:
        def closed(window: Closed) -> None:
            # Owed before a state can say that the mark has passed them.
            for hit, reason in protocol.not_settled:
                self._hydrator.owe(hit.id, reason, hit.updated_at)
            protocol.not_settled.clear()
            self._closed(window)

        def ahead(windows: Iterator[Window]) -> Iterator[Window]:
            self._ahead = Ahead(self.run.workers, windows)
            return self._ahead

        def begin(listing: Callable[[], Listing]) -> Callable[[], Listing]:
            return partial(self.run.workers.result, self.run.workers.begin(listing))

        def upcoming() -> list[Hit]:
            protocol.close_soon()
            window = self._ahead.peek()
            return [] if window is None else protocol.due(window.hits)

        protocol = Protocol(
            bookmark,
            Rules(self.run.settings.lookback_seconds, self._search.window_seconds),
            self._list_window,
            self.run.client.now,
            self.run.stop.wait,
            closed,
            ahead if self._costs_calls else iter,
            begin,
        )
        save: Callable[[], None] = (lambda: self._save(bookmark)) if keep else nothing
        for hits in protocol.rounds(start, end):
            for hit, got in self._fetch(hits, upcoming):
                if isinstance(got, ApiError | Late):
                    # Owed before a state can say that the mark has passed it.
                    if isinstance(got, Late):
                        self._hydrator.owe(hit.id, NOT_YET, hit.updated_at)
                    else:
                        self._hydrator.missed(hit.id, got, hit.updated_at)
                    protocol.give_up(hit)
                    save()
                    continue
                changed = normalize.time_of(self.resource, got.payload.document)
                agrees = self._hydrator.agrees(hit, got, changed)

                def written(
                    hit: Hit = hit,
                    changed: float | None = changed,
                    at: float = got.answered_at,
                    agrees: bool = agrees,
                ) -> None:
                    if protocol.archived(hit, changed, at, agrees=agrees):
                        self.ledger.settle(self.resource.name, hit.id)
                    save()

                yield self.give(got, changed, written)
            yield from self._hydrator.come()
        yield from self._hydrator.rest()

    @property
    def _costs_calls(self) -> bool:
        """Say whether a found object may have to be asked for, itself or what is beside it."""
        return self.resource.hydrate is not None or bool(self.follow_ups)

    @property
    def _search(self) -> Search:
        search = self.resource.search_in(self.run.settings.api_version)
        assert search is not None, "a resource read by windows has a search"
        return search

    @cached_property
    def _searched(self) -> PatientList:
        per_page = min(self._search.per_page, self.run.settings.page_size)
        return PatientList(self.run.client.send, self._search.items, by_search_cursor, per_page)

    def _fetch(
        self, hits: list[Hit], upcoming: Callable[[], list[Hit]]
    ) -> Iterator[tuple[Hit, Whole | ApiError | Late]]:
        """Give each hit with the whole object, in the listing's order."""
        if self._costs_calls:
            yield from self._hydrator.of(hits, upcoming)
            return
        for hit in hits:
            yield hit, self.as_listed(hit)

    def complete(self, hits: list[Hit]) -> Iterator[Fetched]:
        """Give what a sweep listed, each object whole."""
        if not self._costs_calls:
            yield from super().complete(hits)
            return
        for hit, got in self._hydrator.all(hits):
            if isinstance(got, ApiError):
                self._hydrator.missed(hit.id, got)
                self.left_out |= (self.resource.name, hit.id) in self.ledger.owed
                continue
            yield self.give(got, hit.updated_at or None)

    def list_pages(self) -> Iterator[Page]:
        """Read the whole list: by a search for everything where there is no other."""
        if self.resource.listing is not None:
            yield from super().list_pages()
            return
        after = (self.run.settings.start or 0) - self._search.widen_seconds
        # What changes meanwhile moves to the end, never out of it.
        before = int(self.run.client.now()) + SECONDS_PER_DAY
        yield from self._searched.pages(partial(self._search_request, after, before))

    def _list_window(self, begin: int, end: int, most: int | None) -> Listing:
        """List a window: bounds widened on the wire, cut to size here."""
        # The next window may be listed while this one is.
        while not self._listing.acquire(timeout=1.0):
            self.run.stop.check()
        try:
            return self._whole_listing(begin, end, most)
        finally:
            self._listing.release()

    def _whole_listing(self, begin: int, end: int, most: int | None) -> Listing:
        """List until as many objects were seen as the list says it has.

        What moves while a list is read may push others past the cursor. Where the size told is
        not met again and again, two readings that saw the same are taken for whole.
        """
        before: set[str] | None = None
        while True:
            listing, seen = self._read_window(begin, end, most)
            is_short = listing.total_count is not None and len(seen) < listing.total_count
            if listing.hits is None or not is_short or seen == before:
                return listing
            before = seen

    def _read_window(self, begin: int, end: int, most: int | None) -> tuple[Listing, set[str]]:
        """Read the listing once; give it with the ids of all that it showed."""
        widen = self._search.widen_seconds
        found: dict[str, Hit] = {}
        seen: set[str] = set()
        total: int | None = None
        for page in self._searched.pages(
            lambda per_page: self._search_request(begin - widen, end + widen, per_page)
        ):
            total = max(filter(None, (page.total_count, total)), default=None)
            if most is not None and total is not None and total > most:
                return Listing(None, total), seen
            for hit in self.hits(page):
                seen.add(hit.id)
                if begin <= hit.updated_at <= end:
                    found[hit.id] = hit
        hits = sorted(found.values(), key=lambda hit: hit.updated_at)
        return Listing(hits, total, self.run.client.now()), seen

    def _search_request(self, after: int, before: int, per_page: int) -> Request:
        field = self.resource.time_field
        return Request(
            "POST",
            self._search.path,
            self.more_params,
            json={
                "query": {
                    "operator": "AND",
                    "value": [
                        {"field": field, "operator": ">", "value": after},
                        {"field": field, "operator": "<", "value": before},
                    ],
                },
                "sort": {"field": field, "order": "ascending"},
                "pagination": {"per_page": per_page},
            },
            scope=self.resource.scope,
        )

    def _announce(self) -> None:
        """Say before a backfill what was found and what it will take."""
        settings = self.run.settings
        end = int(self.run.client.now()) if settings.end is None else settings.end
        widen = self._search.widen_seconds
        request = self._search_request((settings.start or 0) - widen, end + widen, 1)
        answer = self.run.client.send(request)
        found = read_page(answer, self._search.items).total_count or 0
        listings = 2 * -(-found // min(self._search.per_page, self.run.settings.page_size)) + 2
        calls = listings + (found if self.resource.is_fetched else 0)
        self.run.report.backfill(
            self.resource.name,
            found,
            calls,
            shutil.disk_usage(Path.cwd()).free,
            hydrated=self.resource.is_fetched,
        )

    def _closed(self, closed: Closed) -> None:
        self.counted.found += closed.found
        self.counted.archived += closed.fetched
        self.counted.unchanged += max(0, closed.found - closed.fetched)
        if closed.found:
            self.run.report.window(
                self.resource.name, closed.begin, closed.end, closed.found, closed.fetched
            )
