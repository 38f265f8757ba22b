"""Reading a search by the window protocol, and fetching each found object whole.

The protocol itself is in `windows`; here it meets the client, the workers and the ledger. No
stream is named.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import ApiError, BadRequest, Denied, Faulty
from tap_intercom_archive.paging import PatientList, by_search_cursor, read_page
from tap_intercom_archive.payload import Payload, parse
from tap_intercom_archive.readers import SECONDS_PER_DAY, Fetched, Reader, nothing
from tap_intercom_archive.resources import Search, object_path
from tap_intercom_archive.times import epoch, iso
from tap_intercom_archive.windows import Bookmark, Closed, Hit, Listing, Protocol, Rules

_REASONS = {403: "denied", 404: "not found", 410: "gone"}
# A deletion explains these.
MISSING_REASONS = frozenset({_REASONS[404], _REASONS[410]})


# So many failures one after the other are no longer one object's.
MISSED_IN_A_ROW = 50


class WindowReader(Reader):
    """Reads a search by windows; where the list gives whole objects it is swept now and then."""

    _answers: dict[str, Answer]
    _missed_in_a_row = 0
    _swept_at: float | None = None

    def objects(self) -> Iterator[Fetched]:
        """Give every object that is new or changed since the last run."""
        outgrown = self.ledger.is_outgrown(self.scope)
        bookmark = Bookmark() if outgrown else Bookmark.from_state(self.ledger.state)
        self._swept_at = None if outgrown else epoch(self.ledger.state.get("swept_at"))
        if self.is_ahead(bookmark.mark):
            bookmark, self._swept_at = Bookmark(), None
        gap = None if outgrown else self.ledger.gap(self.scope)
        yield from self._owed()
        if self.resource.hydrate is None and self._sweep_is_due():
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
        self.sweeping = False
        end = self.run.settings.end
        until = int(began_at) if end is None else min(int(began_at), end)
        bookmark.mark = max(bookmark.mark or 0, until)
        if self.swept.proven and end is None:
            self._swept_at = began_at
        self._save(bookmark)

    def _windows(
        self, bookmark: Bookmark, start: int, end: int | None, *, keep: bool
    ) -> Iterator[Fetched]:
        def closed(window: Closed) -> None:
            # Owed before a state can say that the mark has passed them.
            for hit in protocol.not_settled:
                self._owe(hit.id, "changed faster than it could be read", hit.updated_at)
            protocol.not_settled.clear()
            self._closed(window)

        protocol = Protocol(
            bookmark,
            Rules(self.run.settings.lookback_seconds, self._search.window_seconds),
            self._list_window,
            self.run.client.now,
            self.run.stop.wait,
            closed,
        )
        save: Callable[[], None] = (lambda: self._save(bookmark)) if keep else nothing
        for hits in protocol.rounds(start, end):
            for hit, got in self._fetch(hits):
                if isinstance(got, ApiError):
                    self._missed(hit.id, got)
                    protocol.give_up(hit)
                    save()
                    continue
                payload, answered_at = got
                self._missed_in_a_row = 0
                changed = normalize.time_of(self.resource, payload.document)
                agrees = self._agrees(hit, payload)

                def written(
                    hit: Hit = hit,
                    changed: float | None = changed,
                    at: float = answered_at,
                    agrees: bool = agrees,
                ) -> None:
                    protocol.archived(hit, changed, at, agrees=agrees)
                    save()

                yield Fetched(payload, changed, written)

    def _agrees(self, hit: Hit, payload: Payload) -> bool:
        """Say whether the fetched object shows what the hit showed, in what both show."""
        shown = parse(hit.body)
        return all(
            shown[name] == payload.document[name]
            for name in self.resource.shown_by_search
            if name in shown and name in payload.document
        )

    @property
    def _search(self) -> Search:
        assert self.resource.search is not None, "a resource read by windows has a search"
        return self.resource.search

    @cached_property
    def _searched(self) -> PatientList:
        per_page = min(self._search.per_page, self.run.settings.page_size)
        return PatientList(self.run.client.send, self._search.items, by_search_cursor, per_page)

    def _fetch(self, hits: list[Hit]) -> Iterator[tuple[Hit, tuple[Payload, float] | ApiError]]:
        """Give each hit with its payload and when it was answered, in the listing's order."""
        if self.resource.hydrate is None:
            for hit in hits:
                answer = self._answers[hit.id]
                yield hit, (self.payload(hit.id, hit.body, answer), answer.at)
            return
        yield from self.run.workers.in_order(lambda hit: self._hydrate(hit.id), hits)

    def _hydrate(self, record_id: str) -> tuple[Payload, float]:
        """Fetch one object whole; raises ApiError."""
        assert self.resource.hydrate is not None, "only objects that are fetched whole come here"
        params: tuple[tuple[str, str], ...] = ()
        if self.run.settings.display_as != "html":
            params = (("display_as", self.run.settings.display_as),)
        request = Request(
            "GET",
            object_path(self.resource.hydrate, record_id),
            params,
            scope=self.resource.scope,
            route=self.resource.hydrate,
        )
        answer = self.run.client.send(request)
        payload = self.payload(record_id, answer.body, answer)
        try:
            answered_id = normalize.record_id(payload.document)  # parsed here, in the worker
        except ValueError:
            answered_id = None
        if answered_id != record_id:
            raise Faulty(f"Intercom's answer to {request.spoken} does not hold that object.")
        return payload, answer.at

    def _owed(self) -> Iterator[Fetched]:
        """Ask first for what the last run owed."""
        if self.resource.hydrate is None:
            return
        shown = {one.id: epoch(one.updated_at) for one in self.ledger.owed_of(self.resource.name)}
        for record_id, got in self.run.workers.in_order(self._hydrate, shown):
            if isinstance(got, ApiError):
                self._missed(record_id, got)
                continue
            payload, _ = got
            changed = normalize.time_of(self.resource, payload.document)
            self.counted.archived += 1
            lags = changed is not None and changed < (shown[record_id] or changed)
            settle = partial(self.ledger.settle, self.resource.name, record_id)
            yield Fetched(payload, changed, nothing if lags else settle)

    def _missed(self, record_id: str, error: ApiError) -> None:
        """Owe what one fetch could not give; what concerns the whole stream ends it."""
        if isinstance(error, Denied) and error.status == 401:
            raise error
        if isinstance(error, BadRequest):
            raise error
        reason = _REASONS.get(error.status or 0, f"failed ({error.status or 'no answer'})")
        self._missed_in_a_row += reason not in MISSING_REASONS
        if self._missed_in_a_row >= MISSED_IN_A_ROW:
            # Not single objects but the way to them: end here, the mark stays where it is.
            raise error
        self._owe(record_id, reason)

    def _owe(self, record_id: str, reason: str, updated_at: float | None = None) -> None:
        now = self.run.client.now()
        self.ledger.owe(self.resource.name, record_id, reason, now, updated_at)

    def _list_window(self, begin: int, end: int, most: int | None) -> Listing:
        """List a window: bounds widened on the wire, cut to size here."""
        widen = self._search.widen_seconds
        found: dict[str, Hit] = {}
        total: int | None = None
        self._answers = {}
        for page in self._searched.pages(
            lambda per_page: self._search_request(begin - widen, end + widen, per_page)
        ):
            total = page.total_count if total is None else total
            if most is not None and total is not None and total > most:
                return Listing(None, total)
            for hit in self.hits(page):
                if begin <= hit.updated_at <= end:
                    found[hit.id] = hit
                    self._answers[hit.id] = page.answer
        return Listing(sorted(found.values(), key=lambda hit: hit.updated_at), total)

    def _search_request(self, after: int, before: int, per_page: int) -> Request:
        field = self.resource.time_field
        return Request(
            "POST",
            self._search.path,
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
        calls = listings + (found if self.resource.hydrate else 0)
        self.run.report.backfill(
            self.resource.name,
            found,
            calls,
            shutil.disk_usage(Path.cwd()).free,
            hydrated=self.resource.hydrate is not None,
        )

    def _closed(self, closed: Closed) -> None:
        self.counted.found += closed.found
        self.counted.archived += closed.fetched
        self.counted.unchanged += max(0, closed.found - closed.fetched)
        if closed.found:
            self.run.report.window(
                self.resource.name, closed.begin, closed.end, closed.found, closed.fetched
            )
