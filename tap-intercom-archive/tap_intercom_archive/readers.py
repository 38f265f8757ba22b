"""Reading lists whole, and what all ways of reading share.

A reader gives what it fetched, object by object, and is told when an object's records are
written; only then does it move its bookmark. Protocols are in `windows` and `walks`; where they
meet the client is `searching` for searches, `walking` for lists without one. No stream is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tap_intercom_archive import normalize, walks
from tap_intercom_archive.client import Answer
from tap_intercom_archive.ledger import Ledger, Scope
from tap_intercom_archive.listing import Lists
from tap_intercom_archive.paging import Page
from tap_intercom_archive.payload import Document, Payload, parse_as, strip_signatures
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
        assert self.resource.listing is not None, "only lists are read this way"
        run = self.run
        return Lists(run.client.send, run.settings, self.resource.listing, self.resource.scope)

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
        elif self._may_retire() and not self.left_out:
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
                document = parse_as(body, self.resource.bare)
            except ValueError:
                document = {}
            record_id = normalize.identity(self.resource, document, page.asked_for)
            if record_id is None:
                self.run.report.unfits[self.resource.name, "id"] += 1
                self.counted.failed = (
                    "Intercom listed objects without an id: they cannot be told apart, and are "
                    "not archived."
                )
                continue
            changed = normalize.time_of(self.resource, document)
            found.append(Hit(record_id, int(changed or 0), fingerprint(body), body, page.answer))
        return found

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
        if self.resource.time_field is None or not hit.updated_at:
            return True
        return (settings.start or 0) <= hit.updated_at and (
            settings.end is None or hit.updated_at <= settings.end
        )

    def complete(self, hits: list[Hit]) -> Iterator[Fetched]:
        """Give the rows of a page of a list as whole objects."""
        for hit in hits:
            payload, _ = self.as_listed(hit)
            yield Fetched(payload, hit.updated_at or None, nothing)

    def as_listed(self, hit: Hit) -> tuple[Payload, float]:
        """Give an object as it was listed, and when that was answered (epoch seconds)."""
        assert hit.answer is not None, "what is listed comes in an answer"
        return self.payload(hit.id, hit.body, hit.answer), hit.answer.at


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
        began_at = self.run.client.now()
        yield from self.sweep(None)
        self.end_sweep()
        if self.swept.proven:
            self.counted.proven_until = began_at
        self.ledger.save(self.scope.to_state(), {})
