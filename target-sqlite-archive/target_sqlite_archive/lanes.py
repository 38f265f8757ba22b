"""The way of a stream's records from JSON text to rows: a fast lane, and a slow one for the rest.

Both give equal rows. The fast lane, in ``fastlane.py``, decodes a line once into typed values; the
slow lane takes the record's members one by one, as stream maps, odd values and missing properties
need. Finding the lane of a line is left to ``intake.py``, writing rows to ``tables.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from target_sqlite_archive.decoders import REFUSED
from target_sqlite_archive.fastlane import FastLane
from target_sqlite_archive.input_errors import MissingKeyError
from target_sqlite_archive.jsontext import (
    Members,
    NotJSONError,
    NotStorableError,
    members,
    needs_repair,
    outline,
    read,
    repaired,
)
from target_sqlite_archive.session import Session
from target_sqlite_archive.shaping import always_tells_apart, fits, shape, tells_apart
from target_sqlite_archive.sql import DELETED_AT, METADATA_PROPERTIES, Column
from target_sqlite_archive.tables import Present, Row, Table
from target_sqlite_archive.validation import (
    RecordValidator,
    decode_all,
    needs_whole_record,
    residual_schema,
)

# A tap that sends very many undeclared names has data for names: they are passed over unnamed.
_MOST_UNDECLARED = 100
_string = msgspec.json.Decoder(str)


class Lane:
    """Turns records of one stream into rows of its table.

    ``validator`` is None where records are not validated. A record that cannot be stored goes to
    quarantine; :class:`MissingKeyError` is raised for one without its key.
    """

    def __init__(
        self,
        session: Session,
        table: Table,
        keys: tuple[str, ...],
        schema: Mapping[str, Any],
        validator: RecordValidator | None,
        logger: logging.Logger,
    ) -> None:
        """Get ready for records of this schema."""
        self._session = session
        self.table = table
        self.stream = table.layout.stream
        properties = [column.source for column in table.layout.columns]
        self._declared = {prop.name for prop in properties}
        self._keys = keys
        self._validator = validator
        self._logger = logger
        self._required = set(schema.get("required") or ()) | set(keys)
        self._closed = schema.get("additionalProperties") not in (None, True)
        self._undeclared: set[str] = set()
        self._all_present = True
        self._width = len(properties)
        self.fast: FastLane | None = None
        if all(always_tells_apart(prop) for prop in properties if prop.name in keys) and (
            validator is None
            or (not needs_whole_record(schema) and self._required <= self._declared)
        ):
            strict = [replace(p, nullable=False) if p.name in keys else p for p in properties]
            rest = [prop.name for prop in properties if not prop.proven]
            checked = None
            if validator is not None and rest:
                checked = RecordValidator(residual_schema(schema, rest), stream=self.stream)
            self.fast = FastLane(table, strict, self._required, checked)

    def take(
        self, record: bytes, extracted_at: str | None, version: int | None, line: bytes
    ) -> None:
        """Store a record given as JSON text, by the fast lane where it can."""
        if self.fast is None or not self.fast.take_record(record, extracted_at, version):
            self.take_text(record, extracted_at, version, line)

    # The slow lane

    def take_text(
        self, record: bytes, extracted_at: str | None, version: int | None, line: bytes
    ) -> None:
        """Store a record given as JSON text."""
        try:
            found = members(record, exact=None)
        except (NotStorableError, NotJSONError) as error:
            self.reject(str(error), outline(record), version, line)
            return
        self.take_members(found, extracted_at, version, line)

    def take_members(
        self,
        record: Members,
        extracted_at: str | None,
        version: int | None,
        line: bytes,
    ) -> None:
        """Store a record given as its members' JSON texts, as they came."""
        deleted_at = self._deleted_at(record)
        metadata = METADATA_PROPERTIES & record.keys()
        for name in metadata:
            del record[name]
        self._check_keys(record)
        reason = None if deleted_at else self._refusal(record)
        if reason is None:
            reason = self._key_refusal(record)
        if reason is not None:
            self.reject(reason, record, version, line)
            return
        self._learn(record, metadata)
        self._store(record, extracted_at, version, deleted_at)

    def reject(self, reason: str, record: Members, version: int | None, line: bytes) -> None:
        """Keep a record that cannot be stored; ``record`` is what can be read of it."""
        self._session.database.begin()
        self._session.quarantine.add(self.stream, reason, line, self._session.now())
        self.table.refuse(self._key(record), version)

    def _key(self, record: Members) -> Row | None:
        """Read the key of a record that nothing vouches for; None where that is not certain."""
        key = []
        for index in self.table.key_indexes:
            column = self.table.layout.columns[index]
            text = record.get(column.source.name, b"null")
            try:
                value, _ = shape(text, column.source, column.declared)
            except (*REFUSED, ArithmeticError, ValueError):
                return None
            sound = fits(text, column.source, value) and tells_apart(text, column.source, value)
            if not sound or needs_repair(text):
                return None
            key.append(value)
        return key or None

    def _check_keys(self, record: Members) -> None:
        missing = [key for key in self._keys if key not in record]
        if missing:
            raise MissingKeyError(
                f"A record of stream '{self.stream}' lacks its key property "
                f"({', '.join(missing)}). Correct the tap; what came before is stored."
            )

    def _refusal(self, record: Members) -> str | None:
        if self._validator is None:
            return None
        try:
            decoded = decode_all(record)
        except REFUSED:
            return "a number or text is too large or too deep to be checked"
        return self._validator.reason(decoded)

    def _key_refusal(self, record: Members) -> str | None:
        """Two objects must not share a row, as they would where keys are altered on the way in."""
        for index in self.table.key_indexes:
            column = self.table.layout.columns[index]
            text = record[column.source.name]
            if text.strip() == b"null":
                return "a key property is null"
            if needs_repair(text):
                return "a key property is no valid Unicode text"
            value, _ = shape(text, column.source, column.declared)
            if not tells_apart(text, column.source, value):
                return "a key property has a value that is stored as another one is"
        return None

    @staticmethod
    def _deleted_at(record: Members) -> str | None:
        text = record.get(DELETED_AT, b"null").strip()
        if text == b"null":
            return None
        return read(_string.decode, text) if text[:1] == b'"' else repaired(text).decode()

    def _store(
        self,
        record: Members,
        extracted_at: str | None,
        version: int | None,
        deleted_at: str | None,
    ) -> None:
        shaped: list[Any] = []
        present: list[int] = []
        tight: list[Column] = []
        for index, column in enumerate(self.table.layout.columns):
            text = record.get(column.source.name)
            if text is not None:
                value, too_tight = shape(text, column.source, column.declared)
                shaped.append(value)
                present.append(index)
                if too_tight:
                    tight.append(column)
        if tight:
            self.table.loosen(tight)
        if deleted_at is None:
            self.table.add(shaped, extracted_at, version, self._present(present))
            return
        key = [shaped[present.index(i)] for i in self.table.key_indexes]
        if self._session.options.hard_delete and key:
            self.table.delete(key)
        elif self.table.holds_payloads:
            # A stored payload stays as it is: only the mark is new.
            self.table.add(key, extracted_at, version, self.table.key_indexes, deleted_at)
        else:
            self.table.add(shaped, extracted_at, version, self._present(present), deleted_at)

    def _present(self, present: list[int]) -> Present | None:
        return None if len(present) == self._width else tuple(present)

    def _learn(self, record: Members, metadata: frozenset[str]) -> None:
        """Let the fast lane take records like this one from now on.

        A tap may send the SDK's metadata itself; ours is what is stored.
        """
        if self.fast is None:
            return
        undeclared = record.keys() - self._declared - self._undeclared
        if self._closed or len(self._undeclared) >= _MOST_UNDECLARED:
            undeclared = set()
        for name in sorted(undeclared):
            self._logger.warning(
                "Stream '%s' has the property '%s' in its records but not in its schema: "
                "it is not stored.",
                self.stream,
                name,
            )
        undeclared |= metadata - self._undeclared
        absent = self._all_present and bool(self._declared - record.keys())
        if undeclared or absent:
            self._undeclared |= undeclared
            self._all_present = self._all_present and not absent
            self.fast.expect(all_present=self._all_present, undeclared=self._undeclared)
