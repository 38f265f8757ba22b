"""Reading lists: whole ones, and walks of those without a search.

A reader gives what it fetched, object by object, and is told when an object's records are
written; only then does it move its bookmark. Protocols are in `windows` and `walks`; here they
meet the client. Searches are read in `searching`. No stream is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tap_intercom_archive import normalize, transcripts, walks
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import Gone
from tap_intercom_archive.ledger import Ledger, Scope
from tap_intercom_archive.paging import PAGERS, Page, read_pages
from tap_intercom_archive.payload import Payload, parse, strip_signatures
from tap_intercom_archive.resources import Record, Resource
from tap_intercom_archive.run import Run
from tap_intercom_archive.times import epoch
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
        """Read `resource` for the selected `streams`; raises Refusal for a foreign state."""
        self.run = run
        self.resource = resource
        self.ledger = ledger
        self.streams = streams
        self.counted = run.report.of(resource.name)
        self.scope = Scope(
            workspace_id=run.workspace.id,
            start=run.settings.start,
            streams=tuple(sorted(streams)),
            display_as=run.settings.display_as,
            api_version=run.settings.api_version,
        )
        ledger.check_workspace(run.workspace.id)

    def objects(self) -> Iterator[Fetched]:
        """Give every object that is new or changed."""
        raise NotImplementedError

    def list_request(self) -> Request:
        """Ask for the first page of the list."""
        listing = self.resource.listing
        params = listing.params
        if listing.pager != "single":
            per_page = min(listing.per_page, self.run.settings.page_size)
            params = (*params, ("per_page", str(per_page)))
        return Request("GET", listing.path, params, scope=self.resource.scope)

    def list_pages(self) -> Iterator[Page]:
        """Read the list's pages to its end."""
        listing = self.resource.listing
        return read_pages(
            self.run.client.send, self.list_request(), listing.items, PAGERS[listing.pager]
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


class WholeReader(Reader):
    """Reads a whole list every run; `proven` says whether two readings saw the same ids."""

    proven = False

    def objects(self) -> Iterator[Fetched]:
        """Give every object once, and again where a second reading shows it changed."""
        answers: list[Answer] = []

        def pages() -> Iterator[tuple[list[Hit], int | None]]:
            for page in self.list_pages():
                answers[:] = [page.answer]
                yield self.hits(page), page.total_count

        whole = walks.Whole(pages)
        given: set[str] = set()
        for rows in whole.rows():
            for hit in rows:
                given.add(hit.id)
                yield self.fetched(hit, answers[0], nothing)
        self.counted.found = len(given)
        self.counted.archived = len(given)
        self.proven = whole.proven
        self.ledger.save(self.scope.to_state(), {})


class WalkReader(Reader):
    """Reads a list without a search by walks."""

    def objects(self) -> Iterator[Fetched]:
        """Give the rows that are new or changed since the last run; all of them in a sweep."""
        settings = self.run.settings
        now = self.run.client.now()
        state = {} if self._must_begin_anew() else self.ledger.state
        bookmark = walks.WalkBookmark.from_state(state)
        pages = _Remembered(self)
        overlap = self.resource.overlap_setting
        yield from self._owed(now)
        for rows in walks.walk(
            bookmark,
            pages,
            now,
            settings.lookback_seconds,
            getattr(settings, overlap) if overlap else 1,
            sweep=bookmark.sweep_is_due(now, settings.full_sweep_days),
        ):
            wanted = [hit for hit in rows if self.is_wanted(hit)]
            self.counted.archived += len(wanted)
            yield from self._with_fed(wanted, pages.answer, now)
        self.counted.found = len(pages.seen)
        self.counted.unchanged = max(0, self.counted.found - self.counted.archived)
        self.counted.awaited = len(self.ledger.owed)
        self.ledger.save(self.scope.to_state(), bookmark.to_state())

    def _must_begin_anew(self) -> bool:
        return self.ledger.is_outgrown(self.scope) or self.ledger.gap(self.scope) is not None

    def _with_fed(self, hits: Sequence[Hit], answer: Answer, now: float) -> Iterator[Fetched]:
        fed = [cut for cut in self.resource.fed if cut.name in self.streams]
        if not fed:
            for hit in hits:
                yield self.fetched(hit, answer, nothing)
            return
        documents = {hit.id: parse(hit.body) for hit in hits}
        ended = [call for call in documents.values() if epoch(call.get("ended_at")) is not None]
        beside: dict[str, tuple[Payload, Record]] = {}
        for call, transcript in transcripts.fetch(
            self.run.client.send, ended, self.resource.scope, self.run.settings.api_version
        ):
            call_id = str(normalize.record_id(call))
            if transcript is not None:
                beside[call_id] = (transcript, transcripts.transcript_record(transcript, call))
                self.ledger.settle(fed[0].name, call_id)
            else:
                self._await(fed[0].name, call_id, epoch(call.get("ended_at")) or 0, now)
        for hit in hits:
            plain = self.fetched(hit, answer, nothing)
            extra = (beside[hit.id],) if hit.id in beside else ()
            yield Fetched(plain.payload, plain.updated_at, plain.written, extra)

    def _await(self, stream: str, call_id: str, ended_at: float, now: float) -> None:
        """Ask again in the next run, until the call is too old for a transcript to come."""
        if now - ended_at <= self.run.settings.transcript_max_age_days * SECONDS_PER_DAY:
            self.ledger.owe(stream, call_id, "transcript missing", now)
        else:
            self.ledger.settle(stream, call_id)

    def _owed(self, now: float) -> Iterator[Fetched]:
        """Ask first for what the last run owed: the object anew, and what is fed beside it."""
        for cut in self.resource.fed:
            if cut.name not in self.streams:
                continue
            for owed in self.ledger.owed_of(cut.name):
                path = f"{self.resource.listing.path}/{owed.id}"
                try:
                    answer = self.run.client.send(Request("GET", path, scope=self.resource.scope))
                except Gone:
                    self.ledger.settle(cut.name, owed.id)
                    continue
                changed = normalize.time_of(self.resource, parse(answer.body))
                hit = Hit(owed.id, int(changed or 0), fingerprint(answer.body), answer.body)
                yield from self._with_fed([hit], answer, now)


class _Remembered:
    """A list's pages as hits, with the answer they came in and the ids seen."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.answer: Answer
        self.seen: set[str] = set()

    def __call__(self) -> Iterator[list[Hit]]:
        for page in self._reader.list_pages():
            self.answer = page.answer
            hits = self._reader.hits(page)
            self.seen.update(hit.id for hit in hits)
            yield hits
