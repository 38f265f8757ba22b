"""Walked lists that bring something beside their rows: transcripts of calls, deletions.

The walk itself is in `walking`, how transcripts are asked for in `transcripts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from tap_intercom_archive import normalize, transcripts
from tap_intercom_archive.errors import ApiError, Denied, Gone
from tap_intercom_archive.followups import Whole
from tap_intercom_archive.hydration import Fetches
from tap_intercom_archive.ledger import Owed, Scope
from tap_intercom_archive.payload import Payload, parse
from tap_intercom_archive.readers import SECONDS_PER_DAY, Fetched, nothing
from tap_intercom_archive.resources import TRANSCRIPT_SEARCH_MAXIMUM, Record
from tap_intercom_archive.times import epoch
from tap_intercom_archive.transcripts import Call
from tap_intercom_archive.walking import WalkReader

MISSING = "transcript missing"
# A transcript may come in parts, so one is asked for once more a day after it was found.
MAY_GROW = "transcript may grow"
# Not a matter of patience but of a fault: a run that ends owing this is incomplete.
FAILED = "failed"
AWAITED = frozenset({MISSING, MAY_GROW})
# Keeps the whole state under 64 kB: of each reason the newest are listed, so many. The others
# come with the next sweep, which asks for every transcript.
MOST_OWED = 50
_TOO_MANY = (
    f"More than {MOST_OWED} transcripts could not be had: the next run asks for all of them again."
)
# So many failures one after the other are no longer one call's.
FAILED_IN_A_ROW = 50


class CallReader(WalkReader):
    """Reads calls, and asks for the transcripts of those that have ended.

    Transcripts that are refused end their own stream, not the calls'. The scope of the state
    then leaves them out, so the first run that may have them reads every call again for them.
    """

    _failed_in_a_row = 0
    _archived_until: float | None = None

    @property
    def _stream(self) -> str | None:
        """The transcripts' stream, None where it is not selected or was refused."""
        return next((cut.name for cut in self.resource.fed if cut.name in self.streams), None)

    def objects(self) -> Iterator[Fetched]:
        """Give the calls that are new or changed, and those whose transcripts are owed."""
        stream, ledger = self._stream, self.ledger
        if stream is not None and self._could_not_be_had(stream):
            self._ask_for_one()
        mark = epoch(ledger.state.get("high_water_mark"))
        if mark is not None and not ledger.is_outgrown(self.scope) and not ledger.gap(self.scope):
            self._archived_until = mark - self.run.settings.lookback_seconds
        yield from super().objects()
        self._list_the_newest()

    def _could_not_be_had(self, stream: str) -> bool:
        """Say whether the state speaks of all that is asked for but transcripts."""
        is_outgrown = self.ledger.is_outgrown
        return is_outgrown(self.scope) and not is_outgrown(self._scope_without(stream))

    def _ask_for_one(self) -> None:
        """See whether transcripts are still denied before all calls are read again for them."""
        page = next(self.list_pages(), None)
        calls = map(parse, (hit.body for hit in self.hits(page))) if page else ()
        for _, got in self._ask(islice(filter(_has_ended, calls), 1)):
            if isinstance(got, Denied):
                self._stop_asking(got)

    def awaited(self) -> int:
        """Count the transcripts that may still come, or grow."""
        return sum(owed.reason in AWAITED for owed in self.ledger.owed.values())

    def owed(self, now: float) -> Iterator[Fetched]:
        """Ask again for transcripts that were missing, failed or fresh; the call comes with it."""
        stream = self._stream
        if stream is None:
            return
        for fetched in self.batched(self._owed_calls(stream, now)):
            yield fetched
            if self._stream is None:
                return

    def _owed_calls(self, stream: str, now: float) -> Iterator[Fetched]:
        due = {
            owed.id: epoch(owed.since) or 0
            for owed in self.ledger.owed_of(stream)
            if owed.reason != MAY_GROW or _is_a_day_old(owed, now)
        }
        fetches: Fetches[str, Whole] = Fetches(self.run.workers, self.fetch_one)
        try:
            for call_id, got in fetches.all(due):
                if isinstance(got, Denied):
                    raise got
                if isinstance(got, Gone):
                    self.ledger.settle(stream, call_id)
                elif isinstance(got, ApiError):
                    self.ledger.owe(stream, call_id, FAILED, due[call_id])
                else:
                    changed = normalize.time_of(self.resource, got.payload.document)
                    yield Fetched(got.payload, changed, nothing)
        finally:
            fetches.close()

    def batched(self, fetched: Iterator[Fetched]) -> Iterator[Fetched]:
        """Give calls with their transcripts, asked for by the batch."""
        while batch := list(islice(fetched, TRANSCRIPT_SEARCH_MAXIMUM)):
            stream = self._stream
            yield from batch if stream is None else self._with_transcripts(stream, batch)

    def _with_transcripts(self, stream: str, batch: list[Fetched]) -> Iterator[Fetched]:
        beside: dict[str, tuple[Payload, Record]] = {}
        refusal: ApiError | None = None
        for call, got in self._ask(fetched.payload.document for fetched in batch):
            if isinstance(got, Denied):
                refusal = got
                continue
            self._note(stream, call, got)
            if isinstance(got, ApiError):
                self._failed_in_a_row += 1
                refusal = got if self._failed_in_a_row >= FAILED_IN_A_ROW else refusal
                continue
            self._failed_in_a_row = 0
            if got is not None:
                beside[got.record_id] = (got, transcripts.transcript_record(got, call))
        if refusal is not None:
            self._stop_asking(refusal)
        for fetched in batch:
            extra = beside.get(fetched.payload.record_id)
            yield replace(fetched, beside=(extra,)) if extra else fetched

    def _ask(self, calls: Iterable[Call]) -> Iterator[tuple[Call, transcripts.Got]]:
        run, ended = self.run, list(filter(_has_ended, calls))
        return transcripts.fetch(
            run.client.send, run.workers, ended, self.resource.scope, run.settings.api_version
        )

    def _note(self, stream: str, call: Call, got: transcripts.Got) -> None:
        """Owe what failed, what is missing and may still come, and for a day what was found."""
        call_id, owed = str(normalize.record_id(call)), self.ledger.owed
        known = owed.get((stream, call_id))
        ended_at, now = epoch(call.get("ended_at")) or 0, self.run.client.now()
        may_come = now - ended_at <= self.run.settings.transcript_max_age_days * SECONDS_PER_DAY
        self.ledger.settle(stream, call_id)
        if isinstance(got, ApiError):
            self.ledger.owe(stream, call_id, FAILED, ended_at)
            failed = sum(one.reason == FAILED for one in owed.values())
            if failed > MOST_OWED and stream in self.scope.streams:
                self._fail(stream, _TOO_MANY)
        elif got is None:
            if may_come:
                self.ledger.owe(stream, call_id, MISSING, ended_at)
        elif known is not None and known.reason == MAY_GROW:
            if not _is_a_day_old(known, now):
                self.ledger.owe(stream, call_id, MAY_GROW, epoch(known.since) or 0)
        elif known is not None or (may_come and self._is_new(call)):
            self.ledger.owe(stream, call_id, MAY_GROW, now)

    def _is_new(self, call: Call) -> bool:
        """Say whether a call changed since the last run, so nobody has asked for it as it is."""
        changed, until = normalize.time_of(self.resource, call), self._archived_until
        return until is None or changed is None or changed >= until

    def _stop_asking(self, refusal: ApiError) -> None:
        """Leave transcripts alone for the rest of this run, and say so."""
        stream = self._stream
        assert stream is not None, "only what is asked for is refused"
        counted = self.run.report.of(stream)
        if isinstance(refusal, Denied):
            self.run.check_token(refusal)
            counted.end_by(refusal, accepted=stream in self.run.settings.accept_denied)
            self._end(stream)
        else:
            self._fail(stream, str(refusal))
        self.streams = self.scope.streams

    def _fail(self, stream: str, why: str) -> None:
        self.run.report.of(stream).failed = why
        self._end(stream)

    def _end(self, stream: str) -> None:
        """Say how transcripts ended, and let the next run begin anew with them."""
        self.run.report.done(stream)
        self.unfinished.add(stream)

    def _scope_without(self, stream: str) -> Scope:
        return replace(
            self.scope, streams=tuple(name for name in self.scope.streams if name != stream)
        )

    def _list_the_newest(self) -> None:
        """Leave the rest of what is owed to the next sweep."""
        listed: Counter[str] = Counter()
        kept = {}
        every = self.ledger.owed.items()
        for key, owed in sorted(every, key=lambda item: item[1].since, reverse=True):
            listed[owed.reason] += 1
            if listed[owed.reason] <= MOST_OWED:
                kept[key] = owed
        self.ledger.owed = kept
        self.ledger.save_owed()
        self.counted.awaited_later = self.counted.awaited - self.awaited()


def _has_ended(call: Call) -> bool:
    return epoch(call.get("ended_at")) is not None


def _is_a_day_old(owed: Owed, now: float) -> bool:
    return now - (epoch(owed.since) or 0) >= SECONDS_PER_DAY


class DeletionReader(WalkReader):
    """Reads the list of deletions: its size says how many are new, and they are looked for.

    `wanted` are ids that another stream could not fetch: the walk goes on until they are seen.
    """

    wanted: frozenset[str] = frozenset()

    def enough(self) -> bool:
        """Go on until all that was newly counted, and all that is wanted, is seen."""
        return self.wanted <= self.listed.seen and self.is_whole

    @property
    def is_whole(self) -> bool:
        """Say whether as many new deletions were given as the list's size has grown by."""
        known, total = self.ledger.state.get("total_count"), self.listed.total_count
        return not isinstance(known, int) or total is None or self.fresh >= total - known
