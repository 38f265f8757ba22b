"""Reading lists: whole ones, and walks of those without a search.

A reader gives what it fetched, object by object, and is told when an object's records are
written; only then does it move its bookmark. Protocols are in `windows` and `walks`; here they
meet the client. Searches are read in `searching`, calls and deletions in `feeding`. No stream
is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tap_intercom_archive import normalize, walks
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.ledger import Ledger, Scope
from tap_intercom_archive.paging import PAGERS, Page, PatientList
from tap_intercom_archive.payload import Payload, parse, strip_signatures
from tap_intercom_archive.resources import Record, Resource
from tap_intercom_archive.run import Run
from tap_intercom_archive.windows import Hit

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Fetched:
    """One object: its payload, time of change, and records of streams fed beside it.

    `written` must be called when all its records are written.
    """

    payload: Payload
    updated_at: float | None
    written: Callable[[], None]
    beside: tuple[tuple[Payload, Record], ...] = ()


def nothing() -> None:
    """Take no note: writing this object moves no bookmark."""


class Reader:
    """What the three ways share: requests, hits, payloads, the ledger."""

    def __init__(
        self, run: Run, resource: Resource, ledger: Ledger, streams: Sequence[str]
    ) -> None:
        """Read `resource` for the selected `streams`."""
        self.run = run
        self.resource = resource
        self.ledger = ledger
        self.streams = streams
        self.counted = run.report.of(resource.name)
        if resource.time_field is not None:
            self.counted.proven_from = run.settings.start
        self.scope = Scope(
            workspace_id=run.workspace.id,
            start=run.settings.start,
            streams=tuple(sorted(streams)),
            display_as=run.settings.display_as,
            api_version=run.settings.api_version,
        )
        self.retire: Callable[[], None] = nothing

    # Whether the rows given now belong to a sweep.
    sweeping = False
    # Whether the run also reads a list of this stream's deletions.
    has_tombstones = True
    listed: ListedRows
    swept: walks.Sweep

    def objects(self) -> Iterator[Fetched]:
        """Give every object that is new or changed."""
        raise NotImplementedError

    @cached_property
    def _list(self) -> PatientList:
        listing = self.resource.listing
        per_page = min(listing.per_page, self.run.settings.page_size)
        return PatientList(self.run.client.send, listing.items, PAGERS[listing.pager], per_page)

    def _list_request(self, per_page: int) -> Request:
        listing = self.resource.listing
        params = listing.params
        if listing.pager != "single":
            params = (*params, ("per_page", str(per_page)))
        return Request("GET", listing.path, params, scope=self.resource.scope)

    def is_ahead(self, mark: int | None) -> bool:
        """Say whether a mark lies in the server's future: some clock was wrong, so begin anew."""
        return mark is not None and mark > self.run.client.now() + SECONDS_PER_DAY

    def list_pages(self) -> Iterator[Page]:
        """Read the list's pages to its end."""
        return self._list.pages(self._list_request)

    def sweep(self, began_at: float | None) -> Iterator[Fetched]:
        """Read the whole list until two readings agree; `end_sweep` must follow."""
        self.listed = rows = ListedRows(self)
        self.swept = sweep = walks.Sweep(rows, began_at)
        self.sweeping = True
        given: set[str] = set()
        for hits in sweep.rows():
            for hit in hits:
                if self.is_wanted(hit):
                    given.add(hit.id)
                    yield self.fetched(hit, rows.answer, nothing)
        self.counted.found += len(given)
        self.counted.archived += len(given)

    def end_sweep(self) -> None:
        """When all rows of a sweep are written, retire what it did not see, if it is proven."""
        self.sweeping = False
        if not self.swept.proven:
            self.counted.failed = (
                "The list never held still: no two readings agreed. What was read is archived, "
                "what is gone is not known; run again."
            )
        elif self._may_retire():
            self.retire()

    def _may_retire(self) -> bool:
        """Say whether what a sweep did not give is gone, rather than outside of what was asked."""
        settings = self.run.settings
        same_start = self.ledger.start == self.scope.to_state()["start_date"]
        return (
            self.resource.retires
            and settings.end is None
            and (settings.start is None or same_start)
        )

    def hits(self, page: Page) -> list[Hit]:
        """Give the page's objects; one without an id cannot be kept apart and is counted."""
        found = []
        for body in page.items:
            try:
                document = parse(body)
            except ValueError:
                document = {}
            record_id = normalize.record_id(document)
            if record_id is None:
                self.run.report.unfits[self.resource.name, "id"] += 1
                self.counted.failed = (
                    "Intercom listed objects without an id: they cannot be told apart, and are "
                    "not archived."
                )
                continue
            changed = normalize.time_of(self.resource, document)
            found.append(Hit(record_id, int(changed or 0), fingerprint(body), body))
        return found

    def payload(self, record_id: str, body: bytes, answer: Answer) -> Payload:
        """Give the payload of one object."""
        return Payload(
            self.resource.name,
            record_id,
            body,
            answer.fetched_at,
            self.run.settings.api_version,
            answer.request.label,
            answer.content_type,
            answer.document if body is answer.body else None,
        )

    def is_wanted(self, hit: Hit) -> bool:
        """Say whether a row of a list lies within the start and end dates."""
        settings = self.run.settings
        if self.resource.time_field is None or not hit.updated_at:
            return True
        return (settings.start or 0) <= hit.updated_at and (
            settings.end is None or hit.updated_at <= settings.end
        )

    def fetched(self, hit: Hit, answer: Answer, written: Callable[[], None]) -> Fetched:
        """Give a row of a list as an object."""
        payload = self.payload(hit.id, hit.body, answer)
        return Fetched(payload, hit.updated_at or None, written)


def fingerprint(body: bytes) -> str:
    """Give a short hash that changes with anything but expiring URL signatures."""
    return hashlib.blake2b(strip_signatures(body), digest_size=8).hexdigest()


class ListedRows:
    """A list's pages as rows, with the answer they came in and the ids seen so far."""

    def __init__(self, reader: Reader) -> None:
        """Read the list of `reader`."""
        self._reader = reader
        self.answer: Answer
        self.seen: set[str] = set()
        self.total_count: int | None = None

    def __call__(self) -> Iterator[walks.RowsPage]:
        """Read the list once more from its start."""
        for page in self._reader.list_pages():
            self.answer = page.answer
            self.total_count = page.total_count
            hits = self._reader.hits(page)
            self.seen.update(hit.id for hit in hits)
            yield walks.RowsPage(hits, page.total_count)


class WholeReader(Reader):
    """Reads a whole list every run."""

    def objects(self) -> Iterator[Fetched]:
        """Give every object once, and again where a later reading shows it changed."""
        began_at = self.run.client.now()
        yield from self.sweep(None)
        self.end_sweep()
        if self.swept.proven:
            self.counted.proven_until = began_at
        self.ledger.save(self.scope.to_state(), {})


class WalkReader(Reader):
    """Reads a list without a search: by walks, and by a sweep when one is due.

    `fresh` counts the rows that walks gave as new or changed.
    """

    fresh = 0

    def objects(self) -> Iterator[Fetched]:
        """Give the rows that are new or changed since the last run; all of them in a sweep."""
        settings = self.run.settings
        now = self.run.client.now()
        anew = self.ledger.is_outgrown(self.scope) or self.ledger.gap(self.scope) is not None
        bookmark = walks.WalkBookmark.from_state({} if anew else self.ledger.state)
        if self.is_ahead(bookmark.mark):
            bookmark = walks.WalkBookmark()
        until = int(now if settings.end is None else min(now, settings.end))
        yield from self.owed(now)
        if bookmark.sweep_is_due(now, settings.full_sweep_days):
            yield from self._swept(now)
            bookmark.remember(self.swept.known, self.swept.times, until, settings.lookback_seconds)
            if self.swept.proven and settings.end is None:
                bookmark.swept_at = until
        else:
            yield from self.batched(self._walk(bookmark, until))
            if not self.is_whole:
                # More rows than the walk could tell as new: only the whole list has them.
                yield from self._swept(now)
        if settings.end is None:
            bookmark.total_count = self.listed.total_count
        self.counted.proven_until = bookmark.swept_at
        self.counted.awaited = self.awaited()
        self.ledger.save(self.scope.to_state(), bookmark.to_state())

    def _swept(self, now: float) -> Iterator[Fetched]:
        yield from self.batched(self.sweep(now))
        self.end_sweep()

    def _walk(self, bookmark: walks.WalkBookmark, until: int) -> Iterator[Fetched]:
        settings = self.run.settings
        self.listed = rows = ListedRows(self)
        overlap = self.resource.overlap_setting
        archived = 0
        for hits in walks.walk(
            bookmark,
            rows,
            until,
            settings.lookback_seconds,
            getattr(settings, overlap) if overlap else 1,
            self.enough,
        ):
            self.fresh += len(hits)
            wanted = [hit for hit in hits if self.is_wanted(hit)]
            archived += len(wanted)
            for hit in wanted:
                yield self.fetched(hit, rows.answer, nothing)
        self.counted.found += len(rows.seen)
        self.counted.archived += archived
        self.counted.unchanged += max(0, len(rows.seen) - archived)

    def enough(self) -> bool:
        """Say whether a walk may stop early, as far as this list is concerned."""
        return True

    @property
    def is_whole(self) -> bool:
        """Say whether a walk has given all that the list's size says is new."""
        return True

    def awaited(self) -> int:
        """Say how much of what is owed may simply still come."""
        return 0

    def owed(self, now: float) -> Iterator[Fetched]:
        """Give first what the last run owed."""
        yield from ()

    def batched(self, fetched: Iterator[Fetched]) -> Iterator[Fetched]:
        """Give the objects with what is fed beside them."""
        return fetched
