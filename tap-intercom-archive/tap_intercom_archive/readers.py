"""Reading lists whole, and what all ways of reading share.

A reader gives what it fetched, object by object, and is told when an object's records are
written; only then does it move its bookmark. Protocols are in `windows` and `walks`; where they
meet the client is `searching` for searches, `walking` for lists without one. No stream is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tap_intercom_archive import normalize, walks
from tap_intercom_archive.client import Answer, Request
from tap_intercom_archive.errors import ApiError, Faulty
from tap_intercom_archive.followups import FollowUps, Whole
from tap_intercom_archive.hydration import Fetches
from tap_intercom_archive.ledger import Ledger, Scope
from tap_intercom_archive.listing import Lists
from tap_intercom_archive.paging import Page
from tap_intercom_archive.payload import Document, Payload, parse_as, strip_signatures
from tap_intercom_archive.resources import Params, Record, Resource, object_path
from tap_intercom_archive.run import Run
from tap_intercom_archive.windows import Hit

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Fetched:
    """One object: its payload, time of change, and records of streams fed beside it.

    `written` must be called when all its records are written. `answers` are those to follow-ups.
    """

    payload: Payload
    updated_at: float | None
    written: Callable[[], None]
    beside: tuple[tuple[Payload, Record], ...] = ()
    answers: tuple[Payload, ...] = ()


def nothing() -> None:
    """Take no note: writing this object moves no bookmark."""


class Reader:
    """What all ways of reading share: requests, hits, payloads, the ledger."""

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
        self.retire: Callable[[], None] = nothing
        self.follow_ups = FollowUps(run, resource, ledger, streams)
        # Streams that could not be read as far as the others.
        self.unfinished: set[str] = set()

    # Whether the rows given now belong to a sweep.
    sweeping = False
    # Whether the run also reads a list of this stream's deletions.
    has_tombstones = True
    # Whether something that a sweep listed could not be given.
    left_out = False
    listed: ListedRows
    swept: walks.Sweep

    def objects(self) -> Iterator[Fetched]:
        """Give every object that is new or changed."""
        raise NotImplementedError

    @cached_property
    def lists(self) -> Lists:
        """The list of the row, or lists."""
        listing, run = self.resource.listing, self.run
        assert listing is not None, "only lists are read this way"
        listing = replace(listing, params=(*listing.params, *self.more_params))
        return Lists(run.client.send, run.settings, listing, self.resource.scope)

    @cached_property
    def more_params(self) -> Params:
        """What has lists show what selected streams are made of."""
        cuts = (cut for cut in self.resource.cuts if cut.name in self.streams)
        return tuple(pair for cut in cuts for pair in cut.with_param)

    def is_ahead(self, mark: int | None) -> bool:
        """Say whether a mark lies in the server's future: some clock was wrong, so begin anew."""
        return mark is not None and mark > self.run.client.now() + SECONDS_PER_DAY

    def list_pages(self) -> Iterator[Page]:
        """Read the list's pages to its end."""
        yield from self.lists.pages()
        if self.lists.missing:
            names = ", ".join(self.lists.missing)
            self.counted.failed = f"Intercom has no list of {names}: correct the setting."
            self.left_out = True

    def sweep(self, began_at: float | None) -> Iterator[Fetched]:
        """Read the whole list until two readings agree; `end_sweep` must follow."""
        self.listed = rows = ListedRows(self)
        self.swept = sweep = walks.Sweep(rows, began_at)
        self.sweeping = True
        given: set[str] = set()
        for hits in sweep.rows():
            for fetched in self.complete(list(filter(self.is_wanted, hits))):
                given.add(fetched.payload.record_id)
                yield fetched
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
        elif self.may_retire():
            self.retire()

    def may_retire(self) -> bool:
        """Say whether what a sweep did not give is gone, rather than outside of what was asked."""
        settings = self.run.settings
        if self.left_out or not self.resource.retires:
            return False
        if not self.resource.bounded:
            return True
        same_start = self.ledger.start == self.scope.to_state()["start_date"]
        return settings.end is None and (settings.start is None or same_start)

    def hits(self, page: Page) -> list[Hit]:
        """Give the page's objects; one without an id cannot be kept apart and is counted."""
        found = []
        for body in page.items:
            document = self.document_of(body)
            record_id = normalize.identity(self.resource, document, page.asked_for)
            if record_id is None:
                self.run.report.unfits[self.resource.name, "id"] += 1
                self.left_out = True
                self.counted.failed = (
                    "Intercom listed objects without an id: they cannot be told apart, and are "
                    "not archived."
                )
                continue
            changed = normalize.time_of(self.resource, document)
            found.append(Hit(record_id, int(changed or 0), fingerprint(body), body, page.answer))
        return found

    def document_of(self, body: bytes) -> Document:
        """Give a list's item as the object that it is, an empty one where it is none."""
        try:
            return parse_as(body, self.resource.bare)
        except ValueError:
            return {}

    def payload(self, record_id: str, body: bytes, answer: Answer) -> Payload:
        """Give the payload of one object."""
        bare = self.resource.bare
        if bare is not None:
            document: Document | None = parse_as(body, bare)
        else:
            document = answer.document if body is answer.body else None
        return Payload(
            self.resource.name,
            record_id,
            body,
            answer.fetched_at,
            self.run.settings.api_version,
            answer.request.label,
            answer.content_type,
            document,
        )

    def is_wanted(self, hit: Hit) -> bool:
        """Say whether a row of a list lies within the start and end dates."""
        settings = self.run.settings
        if not self.resource.bounded or not hit.updated_at:
            return True
        return (settings.start or 0) <= hit.updated_at and (
            settings.end is None or hit.updated_at <= settings.end
        )

    def complete(self, hits: list[Hit]) -> Iterator[Fetched]:
        """Give the rows of a page of a list as whole objects."""
        if not self.follow_ups:
            for hit in hits:
                yield self.give(self.as_listed(hit), hit.updated_at or None)
            return
        fetches: Fetches[Hit, Whole] = Fetches(
            self.run.workers, lambda hit: self.follow_ups.with_beside(self.as_listed(hit))
        )
        for hit, got in fetches.all(hits):
            if isinstance(got, ApiError):
                raise got
            yield self.give(got, hit.updated_at or None)

    def as_listed(self, hit: Hit) -> Whole:
        """Give an object as it was listed."""
        assert hit.answer is not None, "what is listed comes in an answer"
        return Whole(self.payload(hit.id, hit.body, hit.answer), hit.answer.at)

    def give(
        self, whole: Whole, updated_at: float | None, written: Callable[[], None] = nothing
    ) -> Fetched:
        """Give an object to be written, taking note of what was found beside it."""
        self.follow_ups.note(whole)
        return Fetched(whole.payload, updated_at, written, answers=whole.beside.answers)

    def fetch_one(self, record_id: str) -> Whole:
        """Fetch one object by its id; raises ApiError."""
        path = self.resource.hydrate or self.resource.single
        assert path is not None, "only objects with a path of their own come here"
        params = self.more_params
        if self.resource.takes_display_as and self.run.settings.display_as != "html":
            params = (*params, ("display_as", self.run.settings.display_as))
        request = Request(
            "GET", object_path(path, record_id), params, scope=self.resource.scope, route=path
        )
        answer = self.run.client.send(request)
        payload = self.payload(record_id, answer.body, answer)
        try:
            answered_id = normalize.record_id(payload.document)  # parsed here, in the worker
        except ValueError:
            answered_id = None
        if answered_id != record_id:
            raise Faulty(f"Intercom's answer to {request.spoken} does not hold that object.")
        return self.follow_ups.with_beside(Whole(payload, answer.at))

    def owed_beside(self) -> Iterator[Fetched]:
        """Ask first for the follow-ups that the last run owed, each with its object."""
        owed = self.follow_ups.owed()
        if self.resource.hydrate is None and self.resource.single is None:
            # All objects are read anyway.
            self.follow_ups.forget_all()
            return
        fetches: Fetches[str, Whole] = Fetches(self.run.workers, self.fetch_one)
        for record_id, got in fetches.all(owed):
            if isinstance(got, ApiError):
                self.follow_ups.not_asked(record_id, got)
            else:
                yield self.give(got, normalize.time_of(self.resource, got.payload.document))

    @property
    def scope(self) -> Scope:
        """What the state speaks of: not of streams that are unfinished or were refused."""
        settings = self.run.settings
        unfinished = self.unfinished | self.follow_ups.refused.keys()
        return Scope(
            workspace_id=self.run.workspace.id,
            start=settings.start,
            streams=tuple(sorted(set(self.streams) - unfinished)),
            display_as=settings.display_as,
            api_version=settings.api_version,
        )


def fingerprint(body: bytes) -> str:
    """Give a short hash that changes with anything but expiring URL signatures."""
    return hashlib.blake2b(strip_signatures(body), digest_size=8).hexdigest()


class ListedRows:
    """A list's pages as rows, with the ids seen so far."""

    def __init__(self, reader: Reader) -> None:
        """Read the list of `reader`."""
        self._reader = reader
        self.seen: set[str] = set()
        self.total_count: int | None = None

    def __call__(self) -> Iterator[walks.RowsPage]:
        """Read the list once more from its start."""
        for page in self._reader.list_pages():
            # Of several lists each tells only its own size.
            self.total_count = page.total_count if page.asked_for is None else None
            hits = self._reader.hits(page)
            self.seen.update(hit.id for hit in hits)
            yield walks.RowsPage(hits, self.total_count)


class WholeReader(Reader):
    """Reads a whole list every run."""

    def objects(self) -> Iterator[Fetched]:
        """Give every object once, and again where a later reading shows it changed."""
        yield from self.owed_beside()
        began_at = self.run.client.now()
        yield from self.sweep(None)
        self.end_sweep()
        if self.swept.proven:
            self.counted.proven_until = began_at
        self.ledger.save(self.scope.to_state(), {})
