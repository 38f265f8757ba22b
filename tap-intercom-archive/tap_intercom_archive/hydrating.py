"""Fetching found objects whole: what each answer means, and what is owed when there is none.

How fetches run side by side is in `hydration`, which objects are due in `windows`. No stream is
named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tap_intercom_archive import normalize
from tap_intercom_archive.errors import ApiError, Denied, Gone
from tap_intercom_archive.followups import MISSED_IN_A_ROW, Whole
from tap_intercom_archive.hydration import Fetches, Late
from tap_intercom_archive.likeness import STOOD_STILL_SECONDS, Likeness
from tap_intercom_archive.payload import parse
from tap_intercom_archive.readers import Fetched, Reader, nothing
from tap_intercom_archive.times import epoch
from tap_intercom_archive.windows import Hit, has_settled

_REASONS = {403: "denied", 404: "not found", 410: "gone"}
# A deletion explains these.
MISSING_REASONS = frozenset({_REASONS[404], _REASONS[410]})
NOT_YET = "not answered yet"


class Hydrator:
    """Fetches the objects of one resource whole, and keeps the books of those it cannot get."""

    def __init__(self, reader: Reader) -> None:
        """Fetch what `reader` finds."""
        self._reader = reader
        self._run = reader.run
        self._resource = reader.resource
        self._ledger = reader.ledger
        self._counted = reader.counted
        self._missed_in_a_row = 0
        unlike = reader.ledger.state.get("unlike")
        self.likeness = Likeness(
            reader.resource.shown_by_search, unlike if isinstance(unlike, list) else ()
        )
        self._late: dict[str, Hit] = {}
        self._fetches: Fetches[Hit, Whole] = Fetches(reader.run.workers, self._whole)

    def of(
        self, hits: list[Hit], upcoming: Callable[[], list[Hit]]
    ) -> Iterator[tuple[Hit, Whole | ApiError | Late]]:
        """Give each hit with its payload and when it was answered, in the listing's order.

        `upcoming` gives the hits that come next, where they are known.
        """
        for hit, got in self._fetches.of(hits, upcoming):
            if isinstance(got, Late):
                self._late[hit.id] = hit
            elif not isinstance(got, ApiError):
                self._missed_in_a_row = 0
                # An older answer that is still under way must not be written after this one.
                self._late.pop(hit.id, None)
            yield hit, got

    def all(self, hits: list[Hit]) -> Iterator[tuple[Hit, Whole | ApiError]]:
        """Give each hit as `of` does, the late ones at the end."""
        for hit, got in self.of(hits, list):
            if not isinstance(got, Late):
                yield hit, got
        yield from self._fetches.rest()

    def agrees(self, hit: Hit, whole: Whole, changed: float | None) -> bool:
        """Say whether the fetched object shows what the hit showed, in what both show alike.

        `changed` is the object's own time of change.
        """
        if whole.answered_at - hit.updated_at < STOOD_STILL_SECONDS:
            return self.likeness.agrees(parse(hit.body), whole.payload.document)
        # What has changed since it was listed differs for that reason.
        if self.likeness.is_learning and changed == hit.updated_at:
            self.likeness.learn(parse(hit.body), whole.payload.document)
        return True

    def come(self) -> Iterator[Fetched]:
        """Give the objects that were late and have come by now."""
        return self._arrived(self._fetches.come())

    def rest(self) -> Iterator[Fetched]:
        """Wait for the objects that were late, and give them."""
        return self._arrived(self._fetches.rest())

    def close(self) -> None:
        """Drop what is under way."""
        self._fetches.close()

    def _arrived(self, come: Iterable[tuple[Hit, Whole | ApiError]]) -> Iterator[Fetched]:
        for hit, got in come:
            if self._late.get(hit.id) is not hit:
                continue
            del self._late[hit.id]
            if isinstance(got, ApiError):
                self.missed(hit.id, got, hit.updated_at)
                continue
            changed = normalize.time_of(self._resource, got.payload.document)
            agrees = changed != hit.updated_at or self.agrees(hit, got, changed)
            is_settled = agrees and has_settled(hit, changed, got.answered_at)
            self._counted.archived += 1
            self._counted.unchanged = max(0, self._counted.unchanged - 1)
            settle = self._settle(hit.id) if is_settled else nothing
            yield self._reader.give(got, changed, settle)

    def owed(self) -> Iterator[Fetched]:
        """Ask for what the last run owed."""
        shown = {one.id: epoch(one.updated_at) for one in self._ledger.owed_of(self._resource.name)}
        fetches: Fetches[str, Whole] = Fetches(self._run.workers, self._reader.fetch_one)
        for record_id, got in fetches.all(shown):
            if isinstance(got, Gone) and self._is_gone(record_id):
                self._ledger.settle(self._resource.name, record_id)
                self._counted.deleted += 1
                continue
            if isinstance(got, ApiError):
                self.missed(record_id, got)
                continue
            changed = normalize.time_of(self._resource, got.payload.document)
            self._counted.archived += 1
            lags = changed is not None and changed < (shown[record_id] or changed)
            settle = nothing if lags else self._settle(record_id)
            yield self._reader.give(got, changed, settle)

    def _is_gone(self, record_id: str) -> bool:
        """Say whether what is not there again counts as gone: no list of deletions can tell."""
        owed = self._ledger.owed[self._resource.name, record_id]
        return owed.reason in MISSING_REASONS and not self._reader.has_tombstones

    def _settle(self, record_id: str) -> Callable[[], None]:
        return partial(self._ledger.settle, self._resource.name, record_id)

    def missed(self, record_id: str, error: ApiError, updated_at: float | None = None) -> None:
        """Owe what one fetch could not give; what concerns the whole stream is raised."""
        if isinstance(error, Denied) and error.status == 401:
            raise error
        reason = _REASONS.get(error.status or 0, f"failed ({error.status or 'no answer'})")
        self._missed_in_a_row += reason not in MISSING_REASONS
        if self._missed_in_a_row >= MISSED_IN_A_ROW:
            # Not single objects but the way to them: end here, the mark stays where it is.
            raise error
        self.owe(record_id, reason, updated_at)

    def owe(self, record_id: str, reason: str, updated_at: float | None = None) -> None:
        """Owe an object; `updated_at` is the time of change that a listing showed."""
        now = self._run.client.now()
        self._ledger.owe(self._resource.name, record_id, reason, now, updated_at)

    def _whole(self, hit: Hit) -> Whole:
        """Give the object as it was listed where that is the whole of it, else fetch it."""
        resource = self._resource
        if not resource.is_fetched:
            listed = self._reader.as_listed(hit)
            if resource.is_whole is None or resource.is_whole(listed.payload.document):
                return self._reader.follow_ups.with_beside(listed)
        return self._reader.fetch_one(hit.id)
