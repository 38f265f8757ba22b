"""The SDK's sink for one stream: its table, its validator and its lane, set up by a SCHEMA.

Records do not pass through here one by one: ``intake.py`` hands them to the lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import BaseJSONSchemaValidator

from target_sqlite_archive.columns import read_properties
from target_sqlite_archive.input_errors import BadSchemaError
from target_sqlite_archive.lanes import Lane
from target_sqlite_archive.sql import METADATA_PROPERTIES
from target_sqlite_archive.validation import RecordValidator

if TYPE_CHECKING:
    from target_sqlite_archive.target import TargetSQLiteArchive

_encode = msgspec.json.Encoder(decimal_format="number").encode


class SQLiteSink(BatchSink):
    """Holds one stream's lane; None for a stream that a stream map removes."""

    lane: Lane | None = None

    def __init__(
        self,
        target: TargetSQLiteArchive,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Compile the validator; the table is made by :meth:`prepare`."""
        self._archive = target.archive
        maps = [m for listed in target.mapper.stream_maps.values() for m in listed]
        self._removed = any(
            isinstance(m, RemoveRecordTransform) and m.stream_alias == stream_name for m in maps
        )
        super().__init__(target, stream_name, schema, key_properties)

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """Give the compiled validator, or None where records are not validated."""
        if not self.validate_schema:
            return None
        return RecordValidator(self.schema, stream=self.stream_name)

    def prepare(self) -> None:
        """Make the table ready for the stream's records, unless it is already."""
        if self._removed or self.lane is not None:
            return
        properties = tuple(
            prop for prop in read_properties(self.schema) if prop.name not in METADATA_PROPERTIES
        )
        keys = tuple(self.key_properties)
        unknown = [key for key in keys if key not in {prop.name for prop in properties}]
        if unknown:
            raise BadSchemaError(
                f"The SCHEMA of stream '{self.stream_name}' names key properties that it does not "
                f"declare ({', '.join(unknown)}). Correct the tap or the stream map."
            )
        validator = self._validator
        self.lane = Lane(
            self._archive.session,
            self._archive.table(self.stream_name, properties, keys),
            keys,
            self.schema,
            validator if isinstance(validator, RecordValidator) else None,
            self.logger,
        )

    def take(
        self,
        record: Mapping[str, Any],
        exact: Mapping[str, bytes],
        extracted_at: str | None,
        version: int | None,
        line: bytes,
    ) -> None:
        """Store a record given as values; ``exact`` has the texts of those that came as text."""
        if self.lane is not None:
            found = {
                name: exact[name] if name in exact else _encode(value)
                for name, value in record.items()
            }
            self.lane.take_members(found, extracted_at, version, line)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Store the records of a BATCH message's file."""
        version = self._archive.activations.waiting_version(self.stream_name)
        for record in context["records"]:
            self.take(record, {}, None, version, _encode(record))

    def activate_version(self, new_version: int) -> None:
        """Retire the rows that the new version of the stream has not shown."""
        if self.lane is not None:
            self._archive.activate(self.stream_name, new_version)
