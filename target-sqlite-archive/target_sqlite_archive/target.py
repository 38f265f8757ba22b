"""The plugin: settings, what each message does, exit codes. The command is `target-sqlite-archive`.

The loop over lines is ``intake.py``; rows, transactions and states are ``archive.py``'s.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from decimal import Decimal
from typing import Any

import click
import msgspec
from singer_sdk import Target
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import SameRecordTransform

from target_sqlite_archive.archive import Archive
from target_sqlite_archive.clock import system_clock
from target_sqlite_archive.decoders import REFUSED
from target_sqlite_archive.errors import TargetError
from target_sqlite_archive.input_errors import BadSchemaError, InputError, RecordBeforeSchemaError
from target_sqlite_archive.intake import Intake
from target_sqlite_archive.jsontext import (
    Members,
    NotJSONError,
    NotStorableError,
    members,
    outline,
    read,
)
from target_sqlite_archive.lanes import Lane
from target_sqlite_archive.session import Options
from target_sqlite_archive.settings import config_jsonschema
from target_sqlite_archive.sinks import SQLiteSink

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_STOPPED_BY_SIGNAL = 128


class TargetSQLiteArchive(Target):
    """Keeps any tap's streams in one private SQLite file and loses nothing on the way."""

    name = "target-sqlite-archive"
    config_jsonschema = config_jsonschema()
    default_sink_class = SQLiteSink
    message_reader_class = Intake
    capabilities = [  # noqa: RUF012  the SDK's own form
        *Target.capabilities,
        PluginCapabilities.ACTIVATE_VERSION,
        TargetCapabilities.HARD_DELETE,
        TargetCapabilities.SOFT_DELETE,
    ]

    def __init__(self, **options: Any) -> None:
        """Read the configuration; the archive is opened by the first input."""
        self._signal: int | None = None
        self._archive: Archive | None = None
        self._first_message = True
        self._unknown_kinds: set[str] = set()
        self.intake = Intake(self)
        super().__init__(message_reader=self.intake, **options)
        self.max_parallelism = 1
        if not self.logger.isEnabledFor(logging.DEBUG):
            # A line per stream for machines; the last line says the same to people.
            self.metrics_logger.setLevel(logging.WARNING)
        known = dict(type(self).config_jsonschema)
        self.append_builtin_config(known)
        for name in sorted(set(self.config) - known["properties"].keys()):
            self.logger.warning("There is no setting `%s`: it has no effect.", name)

    @property
    def archive(self) -> Archive:
        """The open archive; opened by the first line of input."""
        if self._archive is None:
            self.open_archive()
        assert self._archive is not None
        return self._archive

    # Messages, in the order in which a line is looked at

    def open_archive(self) -> None:
        """Open the archive for this run."""
        if self._archive is None:
            options = Options.from_config(self.config)
            self._archive = Archive(options, system_clock, time.monotonic, self._emit)
            if self._archive.is_open_to_others:
                self.logger.warning(
                    "Others on this machine may read the archive %s: `chmod 600` closes it.",
                    options.database,
                )

    def lane(self, stream: str) -> Lane | None:
        """Give the lane of a stream whose records need no mapping."""
        maps = self.mapper.stream_maps.get(stream, [])
        if len(maps) != 1 or type(maps[0]) is not SameRecordTransform:
            return None
        return None if maps[0].flattening_enabled else self._sink(stream).lane

    def take_record(self, stream: str, message: Members, line: bytes) -> None:
        """Store a RECORD by the slow way, through the stream's maps where it has some."""
        self._first_message = False
        if stream not in self.mapper.stream_maps:
            raise _before_schema("RECORD", stream)
        extracted_at = _optional(message.get("time_extracted"), str)
        version = _optional(message.get("version"), int)
        lane = self.lane(stream)
        if lane is None:
            self._take_mapped(stream, message["record"], extracted_at, version, line)
            return
        lane.take(message["record"], extracted_at, version, line)
        self.archive.gathered(1, 0)

    def _take_mapped(
        self,
        stream: str,
        text: bytes,
        extracted_at: str | None,
        version: int | None,
        line: bytes,
    ) -> None:
        try:
            texts = members(text, exact=None)
            values = {name: read(_decode, member) for name, member in texts.items()}
        except (NotStorableError, NotJSONError, *REFUSED):
            reason = "too large or too deep for a stream map"
            self._reject(stream, reason, {}, version, line)
            return
        for stream_map in self.mapper.stream_maps[stream]:
            try:
                record = stream_map.transform(dict(values))
            except Exception as error:
                raise InputError(
                    f"The stream map of '{stream}' failed on a record ({type(error).__name__}). "
                    "Correct the setting `stream_maps`; what came before is stored."
                ) from error
            if record is None:
                self.archive.session.note_rows_left_out()
                continue
            # What the map has left alone keeps its exact text.
            exact = {
                name: texts[name]
                for name, value in record.items()
                if name in values and value is values[name]
            }
            sink = self._sink(stream_map.stream_alias)
            sink.take(record, exact, extracted_at, version, line)
            self.archive.gathered(1, 0)

    def take_unsliceable(self, stream: str, reason: str, message: Members, line: bytes) -> None:
        """Keep a RECORD that cannot even be decoded."""
        self._first_message = False
        if stream not in self.mapper.stream_maps:
            raise _before_schema("RECORD", stream)
        # What a stream map would make of its key is not known.
        record = outline(message.get("record", b"")) if self.lane(stream) else {}
        self._reject(stream, reason, record, _optional(message.get("version"), int), line)

    def _reject(
        self, stream: str, reason: str, record: Members, version: int | None, line: bytes
    ) -> None:
        for stream_map in self.mapper.stream_maps[stream]:
            lane = self._sink(stream_map.stream_alias).lane
            if lane is not None:
                lane.reject(reason, record, version, line)

    def take_message(self, kind: str, message: Members, number: int) -> None:
        """Handle a message other than a RECORD."""
        first, self._first_message = self._first_message, False
        if kind == "STATE":
            self._take_state(message, number, first=first)
        elif kind == "SCHEMA":
            self._take_schema(message, number)
        else:
            decoded = {name: msgspec.json.decode(text) for name, text in message.items()}
            if decoded.get("stream") not in self.mapper.stream_maps:
                raise _before_schema(kind, str(decoded.get("stream")))
            if kind == "BATCH":
                self._take_batch(decoded, number)
            elif isinstance(decoded.get("version"), int):
                self._process_activate_version_message(decoded)
            else:
                raise InputError(
                    f"Line {number} of the input is an ACTIVATE_VERSION without a whole number "
                    "as `version`. Correct the tap; what came before is stored."
                )

    def _take_batch(self, decoded: dict[str, Any], number: int) -> None:
        try:
            self._process_batch_message(decoded)
        except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            raise InputError(
                f"Line {number} of the input is a BATCH that cannot be read "
                f"({type(error).__name__}). Look at its files; what came before is stored."
            ) from error

    def _take_state(self, message: Members, number: int, *, first: bool) -> None:
        if "value" not in message:
            raise InputError(
                f"Line {number} of the input is a STATE without a `value`. Correct the tap; what "
                "came before is stored."
            )
        if first:
            self.archive.check_starting_state(msgspec.json.decode(message["value"]))
        self.archive.hold_state(message["value"].decode())
        self.archive.tick()

    def _take_schema(self, message: Members, number: int) -> None:
        decoded = {name: msgspec.json.decode(text) for name, text in message.items()}
        stream, schema = decoded.get("stream"), decoded.get("schema")
        keys = decoded.get("key_properties")
        if not isinstance(stream, str) or not isinstance(schema, dict):
            raise BadSchemaError(
                f"Line {number} of the input is a SCHEMA without a `stream` or a `schema`. "
                "Correct the tap; what came before is stored."
            )
        if not isinstance(schema.get("properties"), dict):
            raise BadSchemaError(
                f"The SCHEMA of stream '{stream}' has no `properties` (line {number}). "
                "Correct the tap; what came before is stored."
            )
        if keys is not None and not (
            isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        ):
            raise BadSchemaError(
                f"The SCHEMA of stream '{stream}' has `key_properties` that are no list of names "
                f"(line {number}). Correct the tap; what came before is stored."
            )
        self._process_schema_message(decoded)
        for stream_map in self.mapper.stream_maps[stream]:
            self._sink(stream_map.stream_alias).prepare()
        self.intake.forget_lanes()

    def warn_unknown(self, kind: str) -> None:
        """Report a kind of message that the target does not know, once."""
        self._first_message = False
        if kind not in self._unknown_kinds:
            self._unknown_kinds.add(kind)
            self.logger.warning("Messages of the unknown type '%s' are passed over.", kind)

    def gathered(self, rows: int, size: int) -> None:
        """Note that rows of so many bytes were taken."""
        self.archive.gathered(rows, size)

    def tick(self) -> None:
        """Commit when it is time."""
        self.archive.tick()

    def _sink(self, stream: str) -> SQLiteSink:
        sink = self._sinks_active[stream]
        assert isinstance(sink, SQLiteSink)
        return sink

    # The end of a run

    def interrupted(self, error: BaseException | None) -> None:
        """Keep what came before a signal or an error in the input; drop it after any other."""
        archive = self._archive
        if archive is None or archive.closed:
            return
        if error is None or isinstance(error, InputError):
            archive.finish()
            self._report()
        else:
            archive.close()

    def process_endofpipe(self) -> None:
        """Commit, let the last STATE out, say what was stored; leave by 128+n after signal n."""
        archive = self.archive
        if not archive.closed:
            try:
                archive.settle()
                archive.finish()
            except BaseException:
                archive.close()
                raise
            self._report()
        for stream, sink in self._sinks_active.items():
            sink.record_counter_metric.increment(archive.stored().get(stream, 0))
            sink.clean_up()
        if self._signal is not None:
            self.logger.warning(
                "Stopped by signal %d; everything up to the last STATE is stored.", self._signal
            )
            sys.exit(_STOPPED_BY_SIGNAL + self._signal)
        archive.require_something_stored()

    def _report(self) -> None:
        archive = self.archive
        for line in (*archive.session.quarantine.summary(), *archive.activations.summary()):
            self.logger.warning("%s", line)
        stored = sorted((name, count) for name, count in self.archive.stored().items() if count)
        said = ", ".join(f"{count:,} {name}" for name, count in stored) or "no records"
        self.logger.info("Stored in %s: %s.", self.archive.options.database, said)

    def _handle_termination(self, signum: int, frame: object) -> None:
        self._signal = signum
        self.intake.source.stop()

    @staticmethod
    def _emit(text: str) -> None:
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError as error:
            # The interpreter would flush once more at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            gone = isinstance(error, BrokenPipeError)
            reason = "has gone away" if gone else f"takes no more ({error.strerror})"
            raise TargetError(
                f"What reads the STATE messages {reason}. The data is stored; run again from the "
                "last STATE that was read."
            ) from error

    # The command line

    @classmethod
    def invoke(cls, **options: Any) -> None:
        """Run the target; errors that a person can mend are one line on stderr and exit code 1."""
        try:
            super().invoke(**options)
        except TargetError as error:
            cls.logger.error("%s", error)
            sys.exit(1)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, without the one that this target has no use for."""
        super().append_builtin_config(config_jsonschema)
        config_jsonschema["properties"].pop("load_method", None)

    @classmethod
    def cb_config(  # noqa: D102
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> Any:
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, TypeError, ValueError):
            cls.logger.error(
                "The file given with --config cannot be read as a JSON object: check its path, "
                "its rights and what is in it."
            )
            sys.exit(1)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Describe the command as it is here."""
        command = super().get_singer_command()
        command.help = "Keep the Singer messages of standard input in one SQLite file."
        return command


def _before_schema(kind: str, stream: str) -> RecordBeforeSchemaError:
    return RecordBeforeSchemaError(
        f"A {kind} of stream '{stream}' came before its SCHEMA. Correct the tap; what came before "
        "is stored."
    )


def _optional(text: bytes | None, kind: type[Any]) -> Any:
    if text is None:
        return None
    with contextlib.suppress(msgspec.MsgspecError):
        return msgspec.json.decode(text, type=kind)
    return None
