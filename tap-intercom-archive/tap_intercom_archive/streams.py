"""Rows of the table as Singer streams: one response to many streams.

A resource's stream fetches (`readers` and their like) and writes its payloads' records to all
selected streams in one go: itself, those cut out of the payload, and `raw_payloads`. The SDK's
own way for children would cost a SCHEMA, a STATE and a log line per conversation, so streams
that are cut out are real streams in the catalog but are written by their parent. Their classes
are made in `discovery`.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_intercom_archive import normalize
from tap_intercom_archive.columns import stream_schema
from tap_intercom_archive.errors import ApiError, Denied, Refusal
from tap_intercom_archive.feeding import AWAITED, DeletionReader
from tap_intercom_archive.followups import PROBE
from tap_intercom_archive.hydrating import MISSING_REASONS
from tap_intercom_archive.ledger import Ledger
from tap_intercom_archive.messages import goes_as_it_is
from tap_intercom_archive.readers import Fetched, Reader
from tap_intercom_archive.resources import RAW_PAYLOADS, RESOURCES, Record, Resource

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Protocol

    from singer_sdk.singerlib import RecordMessage

    from tap_intercom_archive.messages import Writer
    from tap_intercom_archive.run import Run

    class ArchiveTap(Protocol):
        """What streams need of the tap."""

        run: Run
        streams: dict[str, ArchiveStream]
        message_writer: Writer
        has_announced: bool

        def checkpoint(self, *, fetched: bool) -> None:
            """Write a STATE message if the last one is long enough ago."""

        def write_state(self) -> None:
            """Write a STATE message, if the state has changed."""


class ArchiveStream(Stream):
    """What all streams share: schema files, exact records, quiet logs."""

    # Records are made column by column from the schema: there is nothing left to conform.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    keys: ClassVar[tuple[str, ...]] = ()
    is_announced = False

    def __init__(self, tap: Any) -> None:
        """Load the stream's schema file."""
        super().__init__(tap, schema=stream_schema(self.name).schema)
        self.primary_keys = list(self.keys)

    @property
    def tap(self) -> ArchiveTap:
        """The tap, as far as streams know it."""
        return cast("ArchiveTap", self._tap)

    def get_records(self, context: Any) -> Iterable[Record]:
        """Give nothing: the stream's records are written by another one."""
        return ()

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Keep the SDK's lines per stream for debugging; the report speaks to people."""
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    def announce(self) -> None:
        """Write the stream's SCHEMA, once a run."""
        self._write_schema_message()

    def _write_schema_message(self) -> None:
        """Announce the stream once a run, whoever comes to it first."""
        if self.is_announced:
            return
        self.is_announced = True
        for message in self._generate_schema_messages():
            self._tap.write_message(message)
            self.tap.has_announced = True

    def _write_state_message(self) -> None:
        """Leave it to the tap when a STATE may go out."""
        self.tap.write_state()

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        """Skip the SDK's walk through every record's properties where all are selected."""
        mask = self.mask
        if all(mask.values()):
            self._mask = _ALL_SELECTED
        try:
            messages = list(super()._generate_record_messages(record))
        except Exception as error:
            self.tap.message_writer.flush()
            # The error's own words may repeat the record's.
            raise Refusal(
                f"The stream map of {self.name} fails on a record ({type(error).__name__}): "
                "correct the setting `stream_maps`. What came before is written."
            ) from None
        finally:
            self._mask = mask
        yield from messages

    @cached_property
    def _goes_as_it_is(self) -> bool:
        return goes_as_it_is(self)

    def _write_record_message(self, record: Record) -> None:
        """Write a record of the stream's own."""
        if self._goes_as_it_is:
            self.tap.message_writer.write_records(self.name, [record], self._stream_version)
        else:
            super()._write_record_message(record)

    def put(self, records: Iterable[Record]) -> None:
        """Write records that another stream fetched."""
        listed = list(records)
        if not listed:
            return
        self.tap.run.report.rows[self.name] += len(listed)
        if self._goes_as_it_is:
            self.tap.message_writer.write_records(self.name, listed, self._stream_version)
        else:
            for record in listed:
                super()._write_record_message(record)


class ResourceStream(ArchiveStream):
    """A stream that fetches what its row of the table says."""

    resource: ClassVar[Resource]
    reader_class: ClassVar[type[Reader]]

    def get_replication_key_signpost(self, context: Any = None) -> datetime | Any | None:
        """Give none: the upper bound is the server's clock, kept by the protocols."""
        return None

    def _write_starting_replication_value(self, context: Any) -> None:
        """Leave the state alone: bookmarks are the protocols' business."""

    def _increment_stream_state(self, latest_record: Record, *, context: Any = None) -> None:
        """Leave the state alone: a hydrated record may be newer than what is written."""

    def _process_record(
        self, record: Record, child_context: Any = None, partition_context: Any = None
    ) -> None:
        """Sync no children: they are written with the record."""

    def get_records(self, context: Any) -> Iterator[Record]:
        """Fetch, write the other streams' records, give this one's.

        What follows a `yield` runs when the SDK has written the record, so that is where the
        bookmark may move.
        """
        run = self.tap.run
        selected = [name for name in self.feeds() if self.tap.streams[name].selected]
        for cut in self.resource.made:
            if cut.name in selected and not self.resource.is_served_by(
                run.settings.api_version, cut
            ):
                selected.remove(cut.name)
                run.report.unavailable(cut.name, self.resource.since_of(cut))
        for name in selected:
            self.tap.streams[name].announce()
        reader = self.reader_class(run, self.resource, Ledger(self.stream_state), selected)
        reader.has_tombstones = self._has_tombstones
        counted = run.report.of(self.name)
        with run.report.timed(self.name):
            try:
                yield from self._records(reader)
            except ApiError as error:
                if isinstance(error, Denied):
                    run.check_token(error)
                counted.end_by(error, accepted=self.name in run.settings.accept_denied)
        counted.owed = _named(reader.ledger, self.name)
        for name in (self.name, *reader.follow_ups.refused):
            run.report.done(name)

    def _records(self, reader: Reader) -> Iterator[Record]:
        run = self.tap.run
        mourned = self._look_for_deletions(reader)
        version = self.initial_version if self.emit_activate_version_messages else None
        reader.retire = partial(self._retire, version, reader)
        for fetched in reader.objects():
            self._stream_version = version if reader.sweeping else None
            record = self._spread(fetched, reader.streams)
            run.report.of(self.name).truncated += bool(record.get("parts_truncated"))
            run.report.rows[self.name] += self.selected
            yield record
            self.tap.message_writer.flush()
            fetched.written()
            self.tap.checkpoint(fetched=self.resource.is_fetched)
            run.stop.check()
        if mourned is not None and isinstance(reader, DeletionReader):
            self._mourn(reader, mourned)

    @property
    def initial_version(self) -> int:
        """The version of rows that a sweep of this run gives, epoch seconds."""
        return self._tap.initialized_at // 1000

    def _retire(self, version: int | None, reader: Reader) -> None:
        """After a list that two readings agree on, let the target retire what is gone."""
        if version is None:
            return
        if self.selected:
            super()._write_activate_version_message(version)
        for cut in self.resource.cuts:
            if cut.retires and cut.name in reader.streams and reader.follow_ups.is_clean(cut):
                self.tap.streams[cut.name]._write_activate_version_message(version)

    @property
    def _has_tombstones(self) -> bool:
        """Say whether this run also reads a list of this stream's deletions."""
        return any(
            row.tombstones_of == self.name
            and row.is_served_by(self.tap.run.settings.api_version)
            and self.tap.streams[row.name].selected
            for row in RESOURCES
        )

    def _look_for_deletions(self, reader: Reader) -> Ledger | None:
        """Tell a list of deletions which objects another stream could not find."""
        if not isinstance(reader, DeletionReader) or self.resource.tombstones_of is None:
            return None
        other = self.resource.tombstones_of
        ledger = Ledger(self.tap.streams[other].stream_state)
        reader.wanted = frozenset(
            owed.id for owed in ledger.owed_of(other) if owed.reason in MISSING_REASONS
        )
        return ledger

    def _mourn(self, reader: DeletionReader, ledger: Ledger) -> None:
        """What is known as deleted is owed no longer."""
        other = self.resource.tombstones_of or ""
        for record_id in reader.wanted & reader.listed.seen:
            ledger.settle(other, record_id)
        self.tap.run.report.of(other).deleted += reader.fresh
        ledger.save_owed()
        self.tap.run.report.of(other).owed = _named(ledger, other)

    @property
    def is_wanted(self) -> bool:
        """Say whether a stream that is made of this one's payloads is selected."""
        return any(self.made())

    def made(self) -> Iterator[str]:
        """Name the selected streams that are made of this one's payloads."""
        for name in self.feeds():
            if name != RAW_PAYLOADS and self.tap.streams[name].selected:
                yield name

    def feeds(self) -> Iterator[str]:
        """Name the streams that this one's payloads feed, itself first, the payloads last."""
        yield self.name
        yield from (cut.name for cut in self.resource.made)
        yield RAW_PAYLOADS

    def _spread(self, fetched: Fetched, names: Sequence[str]) -> Record:
        """Write all records of an object for the named streams but its own, which is given back.

        The object's payload comes after those found beside it: of what a cut-off run leaves
        half-done it is then the last.
        """
        unfits, drift = self.tap.run.report.unfits, self.tap.run.report.drift
        streams = self.tap.streams
        payload = fetched.payload
        raw = streams[RAW_PAYLOADS]
        for beside, record in fetched.beside:
            if raw.selected:
                raw.put([normalize.payload_record(beside, fetched.updated_at)])
            streams[beside.stream].put([record])
        if raw.selected:
            for found in (*fetched.answers, payload):
                raw.put([normalize.payload_record(found, fetched.updated_at)])
        drift.look(self.resource, payload.document)
        for cut in self.resource.cuts:
            if cut.name not in names:
                continue
            stream = streams[cut.name]
            stream._stream_version = self._stream_version if cut.retires else None
            if cut.follow_up is None or not cut.follow_up.needed(payload.document):
                stream.put(normalize.cut_records(cut, payload, unfits))
            for answer in fetched.answers:
                if answer.stream == cut.name:
                    drift.look_beside(cut, answer.document)
                    stream.put(normalize.cut_records(cut, payload, unfits, answer))
        return normalize.main_record(self.resource, payload, unfits)

    def _write_activate_version_message(self, full_table_version: int) -> None:
        """Hold it back: the SDK would retire every row before the new ones are written."""


def _named(ledger: Ledger, stream: str) -> list[str]:
    """Name what is owed; what may simply still come is counted, not named."""
    return [
        f"{'' if owed.stream == stream else owed.stream + ' '}{owed.id} ({owed.reason})"
        for owed in ledger.owed.values()
        if owed.reason not in AWAITED and owed.reason != PROBE
    ]


class _AllSelected(dict[Any, bool]):
    """A selection mask that holds for every property."""

    def __missing__(self, key: Any) -> bool:
        return True


_ALL_SELECTED: Any = _AllSelected()
