"""Walked lists that bring something beside their rows: transcripts of calls, deletions.

The walk itself is in `readers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from tap_intercom_archive import normalize, transcripts
from tap_intercom_archive.client import Request
from tap_intercom_archive.errors import Faulty, Gone
from tap_intercom_archive.payload import Payload
from tap_intercom_archive.readers import SECONDS_PER_DAY, Fetched, WalkReader, nothing
from tap_intercom_archive.resources import TRANSCRIPT_SEARCH_MAXIMUM, Record, object_path
from tap_intercom_archive.times import epoch

MISSING = "transcript missing"
# A transcript may come in parts, so a fresh one is asked for once more.
MAY_GROW = "transcript may grow"
# Not a matter of patience but of a fault: a run that ends owing this is incomplete.
FAILED = "failed"
AWAITED = frozenset({MISSING, MAY_GROW})


class CallReader(WalkReader):
    """Reads calls, and asks for the transcripts of those that have ended."""

    @property
    def _stream(self) -> str | None:
        """The transcripts' stream, None where it is not selected."""
        return next((cut.name for cut in self.resource.fed if cut.name in self.streams), None)

    def awaited(self) -> int:
        """Count the transcripts that may still come, or grow."""
        return sum(owed.reason in AWAITED for owed in self.ledger.owed.values())

    def owed(self, now: float) -> Iterator[Fetched]:
        """Ask again for transcripts that were missing or fresh; the call comes with it."""
        stream = self._stream
        if stream is not None:
            yield from self.batched(self._owed_calls(stream, now))

    def _owed_calls(self, stream: str, now: float) -> Iterator[Fetched]:
        for owed in self.ledger.owed_of(stream):
            ended_at = epoch(owed.since) or 0
            if owed.reason == MAY_GROW and now - ended_at < SECONDS_PER_DAY:
                continue
            route = f"{self.resource.listing.path}/{{id}}"
            request = Request(
                "GET", object_path(route, owed.id), scope=self.resource.scope, route=route
            )
            try:
                answer = self.run.client.send(request)
            except Gone:
                self.ledger.settle(stream, owed.id)
                continue
            except Faulty:
                self.ledger.owe(stream, owed.id, FAILED, ended_at)
                continue
            payload = self.payload(owed.id, answer.body, answer)
            if normalize.record_id(payload.document) != owed.id:
                self.ledger.owe(stream, owed.id, FAILED, ended_at)
                continue
            changed = normalize.time_of(self.resource, payload.document)
            yield Fetched(payload, changed, nothing)

    def batched(self, fetched: Iterator[Fetched]) -> Iterator[Fetched]:
        """Give calls with their transcripts, asked for by the batch."""
        stream = self._stream
        if stream is None:
            yield from fetched
            return
        while batch := list(islice(fetched, TRANSCRIPT_SEARCH_MAXIMUM)):
            yield from self._with_transcripts(stream, batch)

    def _with_transcripts(self, stream: str, batch: list[Fetched]) -> Iterator[Fetched]:
        now = self.run.client.now()
        ended = [
            call.payload.document
            for call in batch
            if epoch(call.payload.document.get("ended_at")) is not None
        ]
        beside: dict[str, tuple[Payload, Record]] = {}
        for call, transcript in transcripts.fetch(
            self.run.client.send, ended, self.resource.scope, self.run.settings.api_version
        ):
            call_id = str(normalize.record_id(call))
            ended_at = epoch(call.get("ended_at")) or 0
            if isinstance(transcript, Faulty):
                self.ledger.settle(stream, call_id)
                self.ledger.owe(stream, call_id, FAILED, ended_at)
                continue
            if transcript is not None:
                beside[call_id] = (transcript, transcripts.transcript_record(transcript, call))
            self._note(stream, call_id, ended_at, now, is_there=transcript is not None)
        for fetched in batch:
            extra = beside.get(fetched.payload.record_id)
            yield replace(fetched, beside=(extra,)) if extra else fetched

    def _note(
        self, stream: str, call_id: str, ended_at: float, now: float, *, is_there: bool
    ) -> None:
        """Owe a missing transcript until it is too old to come, a fresh one for a day."""
        self.ledger.settle(stream, call_id)
        age = now - ended_at
        if is_there and age < SECONDS_PER_DAY:
            self.ledger.owe(stream, call_id, MAY_GROW, ended_at)
        elif not is_there and age <= self.run.settings.transcript_max_age_days * SECONDS_PER_DAY:
            self.ledger.owe(stream, call_id, MISSING, ended_at)


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
