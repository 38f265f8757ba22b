"""Fetching found objects whole: what each answer means, and what is owed when there is none.

How fetches run side by side is in `hydration`, which objects are due in `windows`. No stream is
named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tap_intercom_archive import normalize
from tap_intercom_archive.client import Request
from tap_intercom_archive.errors import ApiError, Denied, Faulty, Gone
from tap_intercom_archive.hydration import Fetches, Late
from tap_intercom_archive.likeness import STOOD_STILL_SECONDS, Likeness
from tap_intercom_archive.payload import Payload, parse
from tap_intercom_archive.readers import Fetched, Reader, nothing
from tap_intercom_archive.resources import object_path
from tap_intercom_archive.times import epoch
from tap_intercom_archive.windows import Hit, has_settled

_REASONS = {403: "denied", 404: "not found", 410: "gone"}
# A deletion explains these.
MISSING_REASONS = frozenset({_REASONS[404], _REASONS[410]})
NOT_YET = "not answered yet"
# So many failures one after the other are no longer one object's.
MISSED_IN_A_ROW = 50

Whole = tuple[Payload, float]


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

    def agrees(self, hit: Hit, payload: Payload, changed: float | None, answered_at: float) -> bool:
        """Say whether the fetched object shows what the hit showed, in what both show alike.

        `changed` is the object's own time of change.
        """
        if answered_at - hit.updated_at < STOOD_STILL_SECONDS:
            return self.likeness.agrees(parse(hit.body), payload.document)
        # What has changed since it was listed differs for that reason.
        if self.likeness.is_learning and changed == hit.updated_at:
            self.likeness.learn(parse(hit.body), payload.document)
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
            payload, answered_at = got
            changed = normalize.time_of(self._resource, payload.document)
            agrees = changed != hit.updated_at or self.agrees(hit, payload, changed, answered_at)
            is_settled = agrees and has_settled(hit, changed, answered_at)
            self._counted.archived += 1
            self._counted.unchanged = max(0, self._counted.unchanged - 1)
            yield Fetched(payload, changed, self._settle(hit.id) if is_settled else nothing)

    def owed(self) -> Iterator[Fetched]:
        """Ask for what the last run owed."""
        shown = {one.id: epoch(one.updated_at) for one in self._ledger.owed_of(self._resource.name)}
        fetches: Fetches[str, Whole] = Fetches(self._run.workers, self._fetch)
        for record_id, got in fetches.all(shown):
            if isinstance(got, Gone) and self._is_gone(record_id):
                self._ledger.settle(self._resource.name, record_id)
                self._counted.deleted += 1
                continue
            if isinstance(got, ApiError):
                self.missed(record_id, got)
                continue
            payload, _ = got
            changed = normalize.time_of(self._resource, payload.document)
            self._counted.archived += 1
            lags = changed is not None and changed < (shown[record_id] or changed)
            yield Fetched(payload, changed, nothing if lags else self._settle(record_id))

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
        is_whole = self._resource.is_whole
        if is_whole is not None and is_whole(parse(hit.body)):
            return self._reader.as_listed(hit)
        return self._fetch(hit.id)

    def _fetch(self, record_id: str) -> Whole:
        """Fetch one object; raises ApiError."""
        assert self._resource.hydrate is not None, "only objects that are fetched whole come here"
        params: tuple[tuple[str, str], ...] = ()
        if self._resource.takes_display_as and self._run.settings.display_as != "html":
            params = (("display_as", self._run.settings.display_as),)
        request = Request(
            "GET",
            object_path(self._resource.hydrate, record_id),
            params,
            scope=self._resource.scope,
            route=self._resource.hydrate,
        )
        answer = self._run.client.send(request)
        payload = self._reader.payload(record_id, answer.body, answer)
        try:
            answered_id = normalize.record_id(payload.document)  # parsed here, in the worker
        except ValueError:
            answered_id = None
        if answered_id != record_id:
            raise Faulty(f"Intercom's answer to {request.spoken} does not hold that object.")
        return payload, answer.at
